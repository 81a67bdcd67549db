using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Journal;
using Sluice.Storage;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Backfills;

/// <summary>Owns one backfill: asks its Dag for one run after the other. Its rules are <see cref="BackfillDecider"/>.</summary>
internal sealed partial class BackfillActor(string id, BackfillState recovered, SchedulerCompany company) : Actor
{
    // The Dag answers these between its other work: a wide backfill must not fill its mailbox.
    private const int QuestionsAtOnce = 16;

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    private readonly string _stream = "b:" + id;
    private readonly Queue<DateTimeOffset> _toAsk = [];
    private readonly List<DataInterval> _next = []; // looked ahead, not begun
    private BackfillState _backfill = recovered;
    private IAsyncEnumerator<BackfillStep>? _ahead;
    private bool _isAll; // nothing comes after _next
    private int _asking;

    protected override async ValueTask PreStartAsync()
    {
        company.Runs.Journal.Tell(new Owns(_stream), Context.Self);
        if (_backfill.Exists)
        {
            // The Dag knows which of them it has made, and which have ended meanwhile.
            Ask(_backfill.Active);
            await GoOnAsync();
        }
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case MakeBackfill make:
                await MakeAsync(make);
                break;
            case Begin begin:
                Ask(begin.Runs);
                break;
            case Answered answered:
                _asking--;
                await OnAnsweredAsync(answered.Run, answered.Answer);
                AskNext();
                break;
            case Unanswered unanswered:
                // The Dag may have made the run all the same; asked again, it answers what became of it.
                LogUnanswered(Context.Logger, id, unanswered.Run, unanswered.Error.Message);
                _asking--;
                Context.Timers.StartSingle(unanswered.Run, AskAgainAfter, new AskAgain(unanswered.Run));
                AskNext();
                break;
            case AskAgain again when _backfill.FindActive(again.Run) is { } run:
                Ask([run]);
                break;
            case RunFinished finished:
                await EndAsync(finished.Facts.LogicalDate, Of(finished.State));
                break;
            case LookAhead:
                await GoOnAsync();
                break;
            case SetBackfillPaused { Paused: true } set:
                await ChangeAsync(new PauseBackfill(new(set.By, Now, set.Note)));
                break;
            case SetBackfillPaused set:
                await ChangeAsync(new ResumeBackfill(new(set.By, Now, set.Note)));
                break;
            case StopBackfill stop:
                await ChangeAsync(new CancelBackfill(new(stop.By, Now, stop.Note), stop.Running));
                break;
            case SnapshotDue when _backfill is { Exists: true, EndedAt: null }:
                company.Runs.Journal.Tell(new Append(_stream) { Snapshot = BackfillJson.Serialize(_backfill) }, Context.Self);
                break;
            case Over:
                Context.StopSelf();
                break;
        }
    }

    protected override async ValueTask PostStopAsync()
    {
        if (_ahead is not null)
        {
            await _ahead.DisposeAsync();
        }
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_backfill.Phase.ToString().ToLowerInvariant()}, {_backfill.Succeeded + _backfill.Failed} of {_backfill.Total} runs ended, {_backfill.Failed} failed, {_backfill.Active.Length} active");

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    private async ValueTask MakeAsync(MakeBackfill make)
    {
        // The Dag says who may have which of its intervals: it decides one claim after the other.
        if (await ClaimAsync(make.Dag, make.Range) is { } claimed)
        {
            Refuse(claimed);
            return;
        }

        try
        {
            var spec = (await company.Versions.GetAsync(make.Version, CancellationToken.None)).Spec;
            var plan = new BackfillPlan(BackfillScout.TimetableOf(spec), make.Range, make.Options, Now);
            var refusal = plan.Nonsense();
            if (refusal is null)
            {
                await foreach (var step in new BackfillScout(company.ReadModel, make.Dag, plan.Walk, make.Options.Reprocess, Now).After(null))
                {
                    plan.Add(step);
                }

                refusal = plan.NothingToDo();
            }

            if (refusal is null)
            {
                var create = new CreateBackfill(id, make.Dag, make.Version, plan, make.Options, new(make.By, Now, make.Note));
                await ApplyAsync(create, Context.Sender is { } asker ? () => new(asker, new BackfillAnswer(Row(), null)) : null);
                return;
            }

            Release(make.Dag);
            Refuse(refusal);
        }
        catch (Exception e) when (e is FormatException or StoreException)
        {
            Release(make.Dag);
            Refuse(e.Message);
        }
    }

    /// <returns>Why not; null when the range is this backfill's.</returns>
    private async ValueTask<string?> ClaimAsync(DagId dag, DataInterval range)
    {
        try
        {
            return await Context.Parent!.AskAsync<object>(new ToDag(dag, new ClaimBackfill(id, range)), TimeSpan.FromMinutes(1)) is ClaimAnswer answer
                ? answer.Refusal
                : $"There is no Dag '{dag}'.";
        }
        catch (TimeoutException)
        {
            Release(dag);
            return $"Dag '{dag}' did not answer within a minute; try again.";
        }
    }

    private void Release(DagId dag) => Context.Parent!.Tell(new ToDag(dag, new ReleaseBackfill(id)), Context.Self);

    private void Refuse(string why)
    {
        Context.Sender?.Tell(new BackfillAnswer(null, why));
        Context.StopSelf();
    }

    private async ValueTask OnAnsweredAsync(DateTimeOffset run, CreateRunAnswer answer)
    {
        if (_backfill.FindActive(run) is null)
        {
            return; // over meanwhile
        }

        if (answer.Ended is { } state)
        {
            await EndAsync(run, Of(state));
        }
        else if (answer.Facts is { } facts)
        {
            if (_backfill.StopsRuns)
            {
                Context.Parent!.Tell(new ToDag(_backfill.Dag, new StopRun(facts.Key, $"backfill {id} was cancelled by {_backfill.Changed?.By}")), null);
            }
        }
        else if (answer.Skipped is { } why)
        {
            LogSkipped(Context.Logger, id, run, why);
            await EndAsync(run, BackfillRunEnd.Skipped);
        }
        else if (_backfill.Phase == BackfillPhase.Running)
        {
            // The Dag is gone, perhaps while its file is edited: to fail ten thousand intervals by that would help nobody.
            LogRefused(Context.Logger, id, run, answer.Refusal ?? "no answer");
            await ApplyAsync([new PauseBackfill(new("sluice", Now, answer.Refusal))]);
        }
        else if (_backfill.Phase == BackfillPhase.Cancelled)
        {
            await EndAsync(run, BackfillRunEnd.Failed);
        }
    }

    private async ValueTask EndAsync(DateTimeOffset run, BackfillRunEnd end)
    {
        if (_backfill.FindActive(run) is not null)
        {
            // The end and the begin of the next are one commit.
            await LookAheadAsync(_backfill.Room + 1);
            await ApplyAsync([new EndBackfillRun(run, end, Now), new StartBackfillRuns(_next, _isAll, Now)]);
        }
    }

    private async ValueTask ChangeAsync(BackfillCommand command)
    {
        var asker = Context.Sender;
        if (!_backfill.Exists)
        {
            asker?.Tell(new BackfillChanged(false, $"Backfill '{id}' is only being made; ask again."));
            return;
        }

        var decision = BackfillDecider.Decide(_backfill, command);
        await ApplyAsync([command], asker is null ? null : () => new(asker, new BackfillChanged(decision.Events.Count > 0, decision.Refusal)));
        if (decision.Events.Count > 0)
        {
            await GoOnAsync();
        }
    }

    /// <summary>Begins what there is room for, and ends when nothing is left.</summary>
    private async ValueTask GoOnAsync()
    {
        await LookAheadAsync(Math.Max(1, _backfill.Room));
        await ApplyAsync([new StartBackfillRuns(_next, _isAll, Now)]);
    }

    /// <summary>Knows so many intervals that are next, or that there are no more.</summary>
    private async ValueTask LookAheadAsync(int count)
    {
        if (_backfill.Phase == BackfillPhase.Cancelled)
        {
            return;
        }

        try
        {
            while (_next.Count < count && !_isAll)
            {
                if (_ahead is null)
                {
                    var spec = (await company.Versions.GetAsync(_backfill.Version, CancellationToken.None)).Spec;
                    var walk = new BackfillWalk(BackfillScout.TimetableOf(spec), _backfill.Range, _backfill.Options.Order, _backfill.Made.At);
                    var scout = new BackfillScout(company.ReadModel, _backfill.Dag, walk, _backfill.Options.Reprocess, _backfill.Made.At);
                    _ahead = scout.After(_next is [.., var last] ? last.Start : _backfill.Cursor).GetAsyncEnumerator();
                }

                if (!await _ahead.MoveNextAsync())
                {
                    _isAll = true;
                }
                else if (_ahead.Current.Action != BackfillAction.Skip)
                {
                    _next.Add(_ahead.Current.Interval);
                }
            }
        }
        catch (Exception e) when (e is FormatException or StoreException)
        {
            LogBlind(Context.Logger, id, e.Message);
            _ahead = null;
            Context.Timers.StartSingle(LookAhead.Instance, AskAgainAfter, LookAhead.Instance);
        }
    }

    private ValueTask ApplyAsync(BackfillCommand command, Func<Delivery>? answer) => ApplyAsync([command], answer);

    private async ValueTask ApplyAsync(IReadOnlyList<BackfillCommand> commands, Func<Delivery>? answer = null)
    {
        var append = new Append(_stream);
        foreach (var command in commands)
        {
            await FoldAsync(command, append);
        }

        if (append.Events.Count > 0)
        {
            append.Changes.Add(Row());
        }

        if (answer is not null)
        {
            append.OnCommitted.Insert(0, answer());
        }

        if (!append.IsEmpty)
        {
            company.Runs.Journal.Tell(append, Context.Self);
        }
    }

    private async ValueTask FoldAsync(BackfillCommand command, Append append)
    {
        foreach (var happened in BackfillDecider.Decide(_backfill, command).Events)
        {
            _backfill = BackfillDecider.Evolve(_backfill, happened);
            append.Events.Add(BackfillJson.Serialize(happened));
            switch (happened)
            {
                case BackfillCreated:
                    await LookAheadAsync(_backfill.Room);
                    await FoldAsync(new StartBackfillRuns(_next, _isAll, Now), append);
                    break;
                case BackfillRunsStarted started:
                    _next.RemoveRange(0, started.Runs.Length);
                    append.OnCommitted.Add(new(Context.Self, new Begin(started.Runs)));
                    break;
                case BackfillResumed:
                    append.OnCommitted.Add(new(Context.Self, new Begin(_backfill.Active)));
                    break;
                case BackfillCancelled:
                    append.OnCommitted.Add(new(Context.Parent!, new ToDag(_backfill.Dag, new ReleaseBackfill(id))));
                    append.OnCommitted.Add(new(Context.Self, new Begin(_backfill.Active)));
                    break;
                case BackfillEnded ended:
                    append.OnCommitted.Add(new(Context.Parent!, new ToDag(_backfill.Dag, new ReleaseBackfill(id))));
                    append.Ends = true;
                    append.OnCommitted.Add(new(Context.Self, Over.Instance));
                    LogEnded(Context.Logger, id, _backfill.Dag, ended.Phase, _backfill.Succeeded, _backfill.Failed, _backfill.Cancelled);
                    break;
            }
        }
    }

    private void Ask(IReadOnlyList<DataInterval> runs)
    {
        foreach (var run in runs)
        {
            _toAsk.Enqueue(run.Start);
        }

        AskNext();
    }

    private void AskNext()
    {
        while (_asking < QuestionsAtOnce && _toAsk.TryDequeue(out var date))
        {
            if (_backfill.FindActive(date) is not { } run)
            {
                continue;
            }

            _asking++;
            var options = _backfill.Options;
            var question = new BackfillRun(id, run, options.Reprocess, _backfill.Made.At, options.Conf, options.Connections, options.Version);
            Context.PipeToSelf(
                Context.Parent!.AskAsync<object>(new ToDag(_backfill.Dag, question), TimeSpan.FromMinutes(1)),
                reply => new Answered(date, reply as CreateRunAnswer ?? new(null, $"There is no Dag '{_backfill.Dag}'.")),
                error => new Unanswered(date, error));
        }
    }

    private static BackfillRunEnd Of(RunState state) => state == RunState.Success ? BackfillRunEnd.Success : BackfillRunEnd.Failed;

    private BackfillRow Row() => new()
    {
        Id = id,
        Dag = _backfill.Dag,
        Range = _backfill.Range,
        Options = _backfill.Options,
        State = _backfill.Phase.ToString().ToLowerInvariant(),
        Intervals = _backfill.Intervals,
        Total = _backfill.Total,
        Active = _backfill.Active.Length,
        Succeeded = _backfill.Succeeded,
        Failed = _backfill.Failed,
        Made = _backfill.Made,
        Changed = _backfill.Changed,
        Pace = _backfill.Pace,
        EndedAt = _backfill.EndedAt,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Backfill {Backfill} of {Dag} ended as {Phase}: {Succeeded} runs succeeded, {Failed} failed, {Cancelled} were not started")]
    private static partial void LogEnded(ILogger logger, string backfill, DagId dag, BackfillPhase phase, int succeeded, int failed, int cancelled);

    [LoggerMessage(Level = LogLevel.Information, Message = "Backfill {Backfill} leaves {LogicalDate:O} as it is: {Reason}")]
    private static partial void LogSkipped(ILogger logger, string backfill, DateTimeOffset logicalDate, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backfill {Backfill} got no run for {LogicalDate:O} and pauses: {Reason}")]
    private static partial void LogRefused(ILogger logger, string backfill, DateTimeOffset logicalDate, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backfill {Backfill} got no answer for {LogicalDate:O} and asks again: {Error}")]
    private static partial void LogUnanswered(ILogger logger, string backfill, DateTimeOffset logicalDate, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backfill {Backfill} cannot see what comes next and looks again: {Error}")]
    private static partial void LogBlind(ILogger logger, string backfill, string error);

    private sealed record Begin(IReadOnlyList<DataInterval> Runs);

    private sealed record Answered(DateTimeOffset Run, CreateRunAnswer Answer);

    private sealed record Unanswered(DateTimeOffset Run, Exception Error);

    private sealed record AskAgain(DateTimeOffset Run);

    private sealed record LookAhead
    {
        public static LookAhead Instance { get; } = new();
    }

    private sealed record Over
    {
        public static Over Instance { get; } = new();
    }
}
