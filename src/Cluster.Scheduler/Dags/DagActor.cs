using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Params;
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

    private async ValueTask OnDefineAsync(Define define)
    {
        var waited = _makesNoRuns;
        _makesNoRuns = false;
        if (_dag.Active && _dag.Version == define.Version && _dag.Bundle == define.Bundle && _dag.File == define.File)
        {
            if (waited)
            {
                await ScheduleAsync();
            }

            return;
        }

        var before = _dag.Version;
        var isNewVersion = before != define.Version;
        var condition = Condition;
        await LookAtAssetsAsync(condition);
        Adopt(company.Versions.Add(define.Version, define.Spec));
        var append = Change([new DagDefined(define.Version, define.Bundle, define.File, Now), .. await FollowAsync(condition), .. Faults()]);
        TellAssets();

        // A backfill goes on by the version that it was made of, which may have no run yet.
        var replaced = isNewVersion && _claims.IsEmpty ? before : null;
        append.Changes.Add(new DagVersionRow(define.Version, id, DagSpecJson.Serialize(define.Spec), Now, replaced));
        Tell(append);
        if (isNewVersion)
        {
            LogDefined(Context.Logger, id, define.Version, define.File);
        }

        if (isNewVersion)
        {
            StopWatching("the watcher has another definition now");
        }

        // Its limit may have been raised.
        await StartQueuedAsync();
        await ScheduleAsync();
    }

    private void Adopt(DagGraph graph)
    {
        _clock.Adopt(graph);
        if (_clock.Problem is { } problem)
        {
            LogFaulted(Context.Logger, problem);
        }

        TellLimit();
    }

    /// <summary>What this machine cannot read is shown as a problem of this Dag: the others go on.</summary>
    private List<DagEvent> Faults() => _clock.Problem == _dag.Problem ? [] : [new DagFaulted(_clock.Problem)];

    private void TellLimit() => company.Runs.Dispatcher.Tell(new DagLimit(id, Spec.MaxActiveTasks, _dag.Paused), Context.Self);

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

    private async ValueTask OnTriggerAsync(TriggerRun trigger)
    {
        if (!_dag.Active || _clock.Timetable is not { } timetable)
        {
            Refuse(_clock.Problem ?? $"Dag '{id}' is not defined by any file now; it cannot be run.");
            return;
        }

        if (ParamRules.Refuse(Spec, trigger.Conf) is { } broken)
        {
            Refuse(broken);
            return;
        }

        var interval = IntervalByHand(timetable, trigger.LogicalDate);
        var runId = trigger.RunId is { } given ? new RunId(given) : RunIds.Of(RunType.Manual, Now);
        if (_runs.Has(runId) || _unwritten.Values.Any(run => run.Facts.Id == runId)
            || await company.ReadModel.FindRunAsync(id, runId, CancellationToken.None) is not null)
        {
            Refuse($"Dag '{id}' has a run '{runId}' already.");
            return;
        }

        var facts = await _maker.NewAsync(_dag, RunType.Manual, runId, interval, trigger.Conf, backfill: null, Now);
        await MakeAsync(new(facts with { TriggeredBy = trigger.By }, TokenBase: 0), new(StreamOf(id)), answer: true);
    }

    private async ValueTask OnBackfillAsync(BackfillRun backfill)
    {
        if (!_dag.Active)
        {
            Refuse($"Dag '{id}' is not defined by any file now; it cannot be backfilled.");
            return;
        }

        var date = backfill.Interval.Start;
        if ((_runs.FindOfInterval(date) ?? _unwritten.Values.FirstOrDefault(run => run.Facts.LogicalDate == date && run.Facts.Type.IsOfInterval())?.Facts) is { } living)
        {
            // Asked again after a takeover: this is the run that it asked for.
            Context.Sender?.Tell(living.Backfill == backfill.Backfill
                ? new CreateRunAnswer(living)
                : new CreateRunAnswer(null, Skipped: $"Run '{living.Id}' of this interval is in flight."));
            return;
        }

        var existing = await _maker.FindAsync(date);
        if (existing is { State: RunState.Success or RunState.Failed } && existing.Facts.Backfill == backfill.Backfill)
        {
            Context.Sender?.Tell(new CreateRunAnswer(existing.Facts, Ended: existing.State));
        }
        else if (BackfillStep.Of(backfill.Interval, BackfillScout.Existing(existing), backfill.Reprocess, backfill.MadeAt) is { Action: BackfillAction.Skip } left)
        {
            // Someone else was here after the backfill had looked.
            Context.Sender?.Tell(new CreateRunAnswer(null, Skipped: $"Run '{left.Run}' is left as it is: {left.Why}."));
        }
        else
        {
            var facts = await OfVersionAsync(backfill, existing?.Facts);
            var graph = await GraphAsync(facts);
            if (ParamRules.Refuse(graph.Spec, backfill.Conf) is { } broken)
            {
                Refuse(broken);
                return;
            }

            var append = new Append(StreamOf(id));
            var created = new RunCreated(facts with { Connections = backfill.Connections }, 0);
            if (existing is not null)
            {
                (created, var cleared) = await _maker.AgainAsync(existing.Facts, created.Facts, graph.Spec, existing.Deadlines, Now);
                append.Changes.AddRange(cleared);
            }

            await MakeAsync(created, append, answer: true);
        }
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

    /// <summary>Creates every run that is due and allowed now, and sets the alarm for the next.</summary>
    private async ValueTask ScheduleAsync()
    {
        if (_makesNoRuns)
        {
            return;
        }

        await ScheduleByAssetsAsync();
        while (_clock.Timetable is not null && _dag is { Active: true, Paused: false })
        {
            if (_clock.Next(_dag, Now) is not { } firing)
            {
                return;
            }

            if (firing.RunAfter > Now)
            {
                var wait = Math.Clamp((firing.RunAfter - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
                Context.Timers.StartSingle("tick", TimeSpan.FromTicks(wait), Tick.Instance);
                return;
            }

            // Creation stops at the limit; a run that ends lets it go on.
            if (_runs.Counted + _dag.Queued.Count >= Spec.MaxActiveRuns)
            {
                return;
            }

            _clock.MoveOn();
            if (_runs.FindOfInterval(firing.LogicalDate) is not null || await _maker.FindAsync(firing.LogicalDate) is not null)
            {
                // A backfill was here first.
                Write(new IntervalScheduled(firing.Interval));
                continue;
            }

            var runId = RunIds.Of(RunType.Scheduled, firing.LogicalDate);
            var facts = await _maker.NewAsync(_dag, RunType.Scheduled, runId, firing.Interval, "{}", null, Now);
            await MakeAsync(new(facts, TokenBase: 0), Change(new IntervalScheduled(firing.Interval)), answer: false);
        }
    }

    /// <summary>Writes a new run, and begins it when it need not wait for its turn.</summary>
    private async ValueTask MakeAsync(RunCreated made, Append append, bool answer)
    {
        var facts = made.Facts;
        var graph = await GraphAsync(facts);
        var created = made with { Deadlines = made.Deadlines ?? await _maker.DeadlinesAsync(graph.Spec, facts) };
        var waits = MustWait(facts);
        if (waits)
        {
            // Only its key is kept here; it becomes an actor when its turn comes.
            Fold(append, new RunQueued(facts.Key, Deadlines.Next(created.Deadlines)));
            _unwritten.Add(facts.Key, created);
            append.OnCommitted.Add(new(Context.Self, new Written(facts.Key)));
        }
        else
        {
            append.Others.Add(new JournalEntry(DagRunActor.StreamOf(facts.Key), DagRunJson.Serialize(created)));
        }

        append.Changes.Insert(0, new DagRunRow { Facts = facts, State = RunState.Queued, Deadlines = created.Deadlines });
        if (answer && Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, new CreateRunAnswer(facts, null)));
        }

        // The journal has this before anything of the run itself: the run's actor starts after.
        Tell(append);
        if (!waits)
        {
            _runs.Begin(new(graph, created), isNew: true);
        }
    }

    private async ValueTask StartQueuedAsync()
    {
        while (_clock.Graph is not null && _dag is { Paused: false, Queued.IsEmpty: false } && _runs.Counted < Spec.MaxActiveRuns)
        {
            var key = _dag.Queued.Min;
            var run = await ReviveAsync(key);
            var append = new Append(StreamOf(id));
            Fold(append, new RunUnqueued(key, run?.NextDeadline));
            if (run is null)
            {
                Tell(append); // its row was deleted
                continue;
            }

            _changed.Remove(key);
            Begin(run, append);
        }
    }

    private void Refuse(string why) => Context.Sender?.Tell(new CreateRunAnswer(null, why));

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

    [LoggerMessage(Level = LogLevel.Information, Message = "Dag {Dag} is at version {Version} from {File}")]
    private static partial void LogDefined(ILogger logger, DagId dag, string version, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem} Nothing new of it runs here.")]
    private static partial void LogFaulted(ILogger logger, string problem);

    /// <summary>The read model shows this queued run from now on.</summary>
    private sealed record Written(long Run);

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
