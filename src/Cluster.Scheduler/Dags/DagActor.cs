using System.Globalization;
using Sluice.Actors;
using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Assets;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>Owns one Dag: its timetable's position, its queue, its runs in flight and the ranges that are being backfilled.</summary>
internal sealed partial class DagActor(
    DagId id, DagState recovered, BackfillClaims claimed, IReadOnlyList<DagRunState> recoveredRuns, SchedulerCompany company, bool waitsForDefinition = false) : Actor
{
    private readonly DagClock _clock = new();
    private readonly PastRuns _past = new(id, company);
    private readonly RunMaker _maker = new(id, company);
    private readonly Dictionary<long, RunCreated> _unwritten = []; // queued runs that the read model may not show yet
    private DagState _dag = recovered;
    private BackfillClaims _claims = claimed;
    private RunsInFlight _runs = null!; // made with the actor's context, which comes with its start

    public static string StreamOf(DagId id) => "d:" + id.Value;

    protected override async ValueTask PreStartAsync()
    {
        _runs = new(Context, company.Runs);
        company.Runs.Journal.Tell(new Owns(StreamOf(id)), Context.Self);
        if (_dag.Version is { } version)
        {
            Adopt(await company.Versions.GetAsync(version, CancellationToken.None));
            _clock.Resume(_dag, Now);
            TellAssets();
            if (Faults() is [var fault])
            {
                Write(fault);
            }
        }

        foreach (var run in recoveredRuns)
        {
            _runs.Begin(run, isNew: false);
        }

        SetDeadlineAlarm();

        await LookAtAssetsAsync(Condition);
        await StartQueuedAsync();
        await ScheduleAsync();
        Context.Parent!.Tell(DagStarted.Instance, Context.Self);
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        if (await IsHeldAsync(message))
        {
            return;
        }

        switch (message)
        {
            case Define define:
                await OnDefineAsync(define);
                break;
            case RenameTasks rename:
                await OnRenameTasksAsync(rename, Context.Sender);
                break;
            case RenameAgain again:
                await OnRenameTasksAsync(again.Rename, again.Asker);
                break;
            case Undefine when _dag.Active:
                Write(new DagRemoved());
                TellAssets();
                StopWatching("the watcher was removed");
                break;
            case SetPaused set:
                await OnSetPausedAsync(set);
                break;
            case TriggerRun trigger:
                await OnTriggerAsync(trigger);
                break;
            case TriggerForTask asked:
                await OnTriggerForTaskAsync(asked);
                break;
            case BackfillRun backfill:
                await OnBackfillAsync(backfill);
                break;
            case ClaimBackfill claim:
                (_claims, var refusal) = _claims.Claim(claim.Id, claim.Range);
                Context.Sender?.Tell(new ClaimAnswer(refusal));
                break;
            case ReleaseBackfill release:
                _claims = _claims.Release(release.Id);
                break;
            case RunEnding ending:
                OnEnding(ending);
                break;
            case RunFinished finished:
                await OnFinishedAsync(finished);
                break;
            case PastWanted wanted:
                await _past.AnswerAsync(wanted, Spec);
                break;
            case PastMoved moved:
                await _past.TellAsync(moved.Key);
                break;
            case LookAtAssets:
                await LookAtAssetsAsync(Condition);
                await ScheduleByAssetsAsync();
                break;
            case DeadlineIsUp:
                await OnDeadlineAsync();
                break;
            case Tick:
                await ScheduleAsync();
                break;
            case FindRun find:
                Context.Sender?.Tell(new FoundRun(_runs.Find(find.Key), _dag.Queued.Contains(find.Key) ? WhyQueued : null));
                break;
            case StopRun cancel:
                await OnCancelAsync(cancel);
                break;
            case ChangeRun change:
                await OnChangeAsync(change, Context.Sender);
                break;
            case ChangeAfterwards later:
                await OnAfterwardsAsync(later);
                break;
            case ChangeWritten written:
                OnChangeWritten(written.Run);
                break;
            case WhyTask question:
                await OnWhyAsync(question);
                break;
            case Written written:
                _unwritten.Remove(written.Run);
                break;
            case SnapshotDue:
                company.Runs.Journal.Tell(new Append(StreamOf(id)) { Snapshot = DagJson.Serialize(_dag) }, Context.Self);
                break;
        }
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(!_dag.Active ? "removed" : _dag.Problem is not null ? "broken" : _dag.Paused ? "paused" : "active")}, {_runs?.Counted} running, {_dag.Queued.Count} queued");

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    private DagSpec Spec => _clock.Graph!.Spec;

    private string WhyQueued => _dag.Paused
        ? "the Dag is paused"
        : $"the Dag is at its limit of {Spec.MaxActiveRuns} active runs; {_dag.Queued.Count} wait for their turn";

    private async ValueTask OnSetPausedAsync(SetPaused set)
    {
        var changes = _dag.Paused != set.Paused;
        var append = new Append(StreamOf(id));
        if (changes)
        {
            // What was due while it was paused is judged by the clock of today.
            _clock.MoveOn();
            append = Change(new DagPaused(set.Paused, Now));
            if (_clock.Graph is not null)
            {
                TellLimit();
            }
        }

        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, changes));
        }

        Tell(append);
        await StartQueuedAsync();
        await ScheduleAsync();
    }

    private void OnEnding(RunEnding ending)
    {
        if (ending.Succeeded is { } succeeded)
        {
            Fold(ending.Append, succeeded);
        }

        Tell(ending.Append);
    }

    private async ValueTask OnFinishedAsync(RunFinished finished)
    {
        if (!_runs.End(finished.Facts.Key))
        {
            return;
        }

        _past.Forget(finished.Facts.Key);
        await TakeUpAfterwardsAsync(finished.Facts.Key);

        if (finished.Facts.Backfill is not null)
        {
            Context.Parent!.Tell(finished);
        }

        await StartQueuedAsync();
        await ScheduleAsync();
    }

    private async ValueTask OnCancelAsync(StopRun cancel)
    {
        if (_runs.Find(cancel.Key) is { } living)
        {
            living.Tell(new CancelNow(cancel.Reason), Context.Sender);
            return;
        }

        var run = _dag.Queued.Contains(cancel.Key) ? await ReviveAsync(cancel.Key) : null;
        var append = new Append(StreamOf(id));
        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, run is not null));
        }

        if (run is null)
        {
            Tell(append);
        }
        else
        {
            var due = run.NextDeadline;
            Project(run, DagRunDecider.Decide(run, new CancelRun(cancel.Reason, Now)), append);
            Settle(run, append, due);
        }

        await ScheduleAsync();
    }

    private void Write(DagEvent happened) => Tell(Change(happened));

    private Append Change(params IReadOnlyList<DagEvent> happened)
    {
        var append = new Append(StreamOf(id));
        foreach (var one in happened)
        {
            Fold(append, one);
        }

        append.Changes.Add(Row());
        return append;
    }

    private void Fold(Append append, DagEvent happened)
    {
        _dag = _dag.Evolve(happened);
        if (happened is RunQueued { Due: not null } queued && NextQueuedDeadline?.Run == queued.Run)
        {
            SetDeadlineAlarm();
        }

        append.Others.Add(new JournalEntry(StreamOf(id), DagJson.Serialize(happened)));
    }

    private DagRow Row() => new()
    {
        Id = id,
        File = _dag.File,
        Version = _dag.Version ?? "",
        Bundle = _dag.Bundle,
        Paused = _dag.Paused,
        Active = _dag.Active,
        Schedule = ScheduleText.Of(_clock.Graph?.Spec.Schedule),
        NextRunAfter = _dag is { Active: true, Paused: false } ? _clock.Next(_dag, Now)?.RunAfter : null,
        Description = _clock.Graph?.Spec.Description,
        Tags = _clock.Graph?.Spec.Tags ?? [],
        Owner = _clock.Graph?.Spec.Owner,
        Problem = _dag.Problem,
        Assets = AssetUses.Of(Condition, _dag.Assets),
    };

    private void Tell(Append append) => company.Runs.Journal.Tell(append, Context.Self);
}
