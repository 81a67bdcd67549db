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
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Backfills;

/// <summary>Makes a backfill. Answered by a <see cref="BackfillAnswer"/>, after the commit.</summary>
internal sealed record MakeBackfill(string Id, DagSpec Dag, DateTimeOffset Start, DateTimeOffset End, int MaxActiveRuns, Reprocess Reprocess);

/// <summary>Either its row, or why there is none.</summary>
internal sealed record BackfillAnswer(BackfillRow? Row, string? Refusal);

/// <summary>Start no more runs. Answered by a bool, after the commit.</summary>
internal sealed record StopBackfill
{
    public static StopBackfill Instance { get; } = new();
}

/// <summary>Owns one backfill: asks its Dag for one run after the other. Its rules are <see cref="BackfillDecider"/>.</summary>
internal sealed partial class BackfillActor(string id, BackfillState recovered, SchedulerCompany company) : Actor
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(5);

    private readonly string _stream = "b:" + id;
    private BackfillState _backfill = recovered;

    protected override ValueTask PreStartAsync()
    {
        company.Runs.Journal.Tell(new Owns(_stream), Context.Self);
        // The Dag knows which of them it has made, and which have ended meanwhile.
        foreach (var ordinal in _backfill.Active)
        {
            Ask(ordinal);
        }

        return ValueTask.CompletedTask;
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case MakeBackfill make:
                await MakeAsync(make);
                break;
            case Begin begin:
                for (var i = 0; i < begin.Runs.Count; i++)
                {
                    Ask(begin.Runs.First + i);
                }

                break;
            case Answered { Answer.Facts: not null, Answer.Ended: null }:
                break;
            case Answered { Answer.Ended: { } state } answered:
                Apply(new EndBackfillRun(_backfill.Runs[answered.Ordinal].Start, state == RunState.Success, Now));
                break;
            case Answered refused:
                LogRefused(Context.Logger, id, _backfill.Runs[refused.Ordinal].Start, refused.Answer.Refusal ?? "no answer");
                Apply(new EndBackfillRun(_backfill.Runs[refused.Ordinal].Start, false, Now));
                break;
            case AskAgain again when _backfill.Active.Contains(again.Ordinal):
                Ask(again.Ordinal);
                break;
            case Unanswered unanswered:
                // The Dag may have made the run all the same; asked again, it answers what became of it.
                LogUnanswered(Context.Logger, id, _backfill.Runs[unanswered.Ordinal].Start, unanswered.Error.Message);
                Context.Timers.StartSingle(unanswered.Ordinal, AskAgainAfter, new AskAgain(unanswered.Ordinal));
                break;
            case RunFinished finished:
                Apply(new EndBackfillRun(finished.Facts.LogicalDate, finished.State == RunState.Success, Now));
                break;
            case StopBackfill:
                var running = _backfill.Phase == BackfillPhase.Running;
                Apply(new CancelBackfill(Now), Context.Sender is { } asker ? new Delivery(asker, running) : null);
                break;
            case SnapshotDue when _backfill is { Exists: true, EndedAt: null }:
                company.Runs.Journal.Tell(new Append(_stream) { Snapshot = BackfillJson.Serialize(_backfill) }, Context.Self);
                break;
            case Over:
                Context.StopSelf();
                break;
        }
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_backfill.Phase.ToString().ToLowerInvariant()}, {_backfill.Succeeded + _backfill.Failed} of {_backfill.Runs.Length} runs ended, {_backfill.Failed} failed");

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    private async ValueTask MakeAsync(MakeBackfill make)
    {
        if (make.MaxActiveRuns < 1)
        {
            Refuse($"max_active_runs is {make.MaxActiveRuns}; a backfill needs at least 1.");
            return;
        }

        var range = new DataInterval(make.Start, make.End);
        if (await ClaimAsync(make.Dag.Id, range) is { } claimed)
        {
            Refuse(claimed);
            return;
        }

        var existing = new Dictionary<DateTimeOffset, RunState>();
        var runs = await company.ReadModel.ListRunsAsync(
            new() { Dag = make.Dag.Id, From = make.Start, Before = make.End, Limit = int.MaxValue }, CancellationToken.None);
        foreach (var run in runs.Where(run => run.Facts.Type != RunType.Manual))
        {
            existing[run.Facts.LogicalDate] = run.State;
        }

        var spec = make.Dag;
        var timetable = Timetable.Create(spec.Schedule, spec.TimeZone, spec.StartDate, spec.EndDate, spec.Catchup);
        var plan = BackfillPlan.Create(timetable, make.Start, make.End, Now, existing, make.Reprocess);
        if (plan.Refusal is { } refusal)
        {
            Release(spec.Id);
            Refuse(refusal);
            return;
        }

        var asker = Context.Sender;
        Apply(new CreateBackfill(id, spec.Id, plan, make.MaxActiveRuns, Now), () => asker is null ? null : new Delivery(asker, new BackfillAnswer(Row(), null)));
    }

    /// <summary>The Dag says who may have which of its intervals: it decides one claim after the other.</summary>
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

    private void Apply(BackfillCommand command, Delivery? answer = null) => Apply(command, () => answer);

    private void Apply(BackfillCommand command, Func<Delivery?> answer)
    {
        var append = new Append(_stream);
        foreach (var happened in BackfillDecider.Decide(_backfill, command))
        {
            _backfill = BackfillDecider.Evolve(_backfill, happened);
            append.Events.Add(BackfillJson.Serialize(happened));
            switch (happened)
            {
                case BackfillRunsStarted started:
                    append.OnCommitted.Add(new(Context.Self, new Begin(started)));
                    break;
                case BackfillCancelled:
                    append.OnCommitted.Add(new(Context.Parent!, new ToDag(_backfill.Dag, new ReleaseBackfill(id))));
                    break;
                case BackfillEnded ended:
                    append.OnCommitted.Add(new(Context.Parent!, new ToDag(_backfill.Dag, new ReleaseBackfill(id))));
                    append.Ends = true;
                    append.OnCommitted.Add(new(Context.Self, Over.Instance));
                    LogEnded(Context.Logger, id, _backfill.Dag, ended.Phase, _backfill.Succeeded, _backfill.Failed, _backfill.Cancelled);
                    break;
            }
        }

        if (append.Events.Count > 0)
        {
            append.Changes.Add(Row());
        }

        if (answer() is { } delivery)
        {
            append.OnCommitted.Insert(0, delivery);
        }

        if (!append.IsEmpty)
        {
            company.Runs.Journal.Tell(append, Context.Self);
        }
    }

    private void Ask(int ordinal)
    {
        var question = new ToDag(_backfill.Dag, new BackfillRun(id, _backfill.Runs[ordinal].Interval, _backfill.Runs[ordinal].Again, "{}"));
        var answer = Context.Parent!.AskAsync<object>(question, TimeSpan.FromMinutes(1));
        Context.PipeToSelf(
            answer,
            reply => new Answered(ordinal, reply as CreateRunAnswer ?? new(null, $"there is no Dag '{_backfill.Dag}'", null)),
            error => new Unanswered(ordinal, error));
    }

    private BackfillRow Row() => new()
    {
        Id = id,
        Dag = _backfill.Dag,
        Range = _backfill.Range,
        MaxActiveRuns = _backfill.MaxActiveRuns,
        State = _backfill.Phase.ToString().ToLowerInvariant(),
        Total = _backfill.Runs.Length,
        Succeeded = _backfill.Succeeded,
        Failed = _backfill.Failed,
        CreatedAt = _backfill.CreatedAt,
        EndedAt = _backfill.EndedAt,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Backfill {Backfill} of {Dag} ended as {Phase}: {Succeeded} runs succeeded, {Failed} failed, {Cancelled} were not started")]
    private static partial void LogEnded(ILogger logger, string backfill, DagId dag, BackfillPhase phase, int succeeded, int failed, int cancelled);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backfill {Backfill} got no run for {LogicalDate:O}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string backfill, DateTimeOffset logicalDate, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Backfill {Backfill} got no answer for {LogicalDate:O} and asks again: {Error}")]
    private static partial void LogUnanswered(ILogger logger, string backfill, DateTimeOffset logicalDate, string error);

    private sealed record AskAgain(int Ordinal);

    private sealed record Unanswered(int Ordinal, Exception Error);

    private sealed record Begin(BackfillRunsStarted Runs);

    private sealed record Answered(int Ordinal, CreateRunAnswer Answer);

    private sealed record Over
    {
        public static Over Instance { get; } = new();
    }
}
