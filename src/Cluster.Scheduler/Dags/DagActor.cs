using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <summary>A file defines the Dag like this now.</summary>
internal sealed record Define(DagSpec Spec, string Version, string? Bundle, string File);

/// <summary>The file no longer defines it.</summary>
internal sealed record Undefine;

/// <summary>Pause or go on. Answered by a bool after the commit: whether that changed anything.</summary>
internal sealed record SetPaused(bool Paused);

/// <summary>Makes a run by hand. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
internal sealed record TriggerRun(DateTimeOffset? LogicalDate, string? RunId, string Conf);

/// <summary>Makes the run of one interval of a backfill. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
/// <param name="Backfill">The backfill.</param>
/// <param name="Interval">The interval.</param>
/// <param name="Again">A finished run of the interval is run again; without it that run is left as it is, and answered.</param>
/// <param name="Conf">JSON object.</param>
internal sealed record BackfillRun(string Backfill, DataInterval Interval, bool Again, string Conf);

/// <summary>Either the run's facts, or why there is none.</summary>
/// <param name="Facts">The run.</param>
/// <param name="Refusal">One sentence.</param>
/// <param name="Ended">Set when the run was made before and is over.</param>
internal sealed record CreateRunAnswer(RunFacts? Facts, string? Refusal, RunState? Ended = null);

/// <summary>Finds a living run; answered by an <see cref="ActorRef"/> wrapped in <see cref="FoundRun"/>.</summary>
internal sealed record FindRun(long Key);

internal sealed record FoundRun(ActorRef? Run);

/// <summary>A Dag to the scheduler: it has started, and the workers' books say what its runs have out.</summary>
internal sealed record DagStarted
{
    public static DagStarted Instance { get; } = new();
}

/// <summary>What the actors of one leadership share.</summary>
internal sealed record SchedulerCompany(RunCompany Runs, DagVersions Versions, IReadModel ReadModel, RunIds Ids);

/// <summary>Owns one Dag: its timetable's position and its live runs.</summary>
internal sealed partial class DagActor(DagId id, DagState recovered, IReadOnlyList<DagRunState> recoveredRuns, SchedulerCompany company) : Actor
{
    /// <summary>A tick that fell into a takeover of this length is not missed, also without catchup (semantics.md, 1: five minutes).</summary>
    private static readonly TimeSpan TakeoverGrace = TimeSpan.FromMinutes(5);

    private readonly Dictionary<long, Run> _runs = [];
    private readonly Queue<long> _queued = new();
    private DagState _dag = recovered;
    private DagGraph? _graph;
    private Timetable? _timetable;
    private Firing? _next;
    private int _running;
    private int _lives; // a run that is run again has the key of its earlier life, which may not have stopped yet

    public static string StreamOf(DagId id) => "d:" + id.Value;

    protected override async ValueTask PreStartAsync()
    {
        company.Runs.Journal.Tell(new Owns(StreamOf(id)), Context.Self);
        if (_dag.Version is { } version)
        {
            Adopt(await company.Versions.GetAsync(version, CancellationToken.None));
            _next = AwaitedBefore();
        }

        foreach (var run in recoveredRuns)
        {
            Spawn(run, isNew: false);
        }

        StartQueued();
        await ScheduleAsync();
        Context.Parent!.Tell(DagStarted.Instance, Context.Self);
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Define define:
                await OnDefineAsync(define);
                break;
            case Undefine when _dag.Active:
                Write(new DagRemoved());
                break;
            case SetPaused set:
                await OnSetPausedAsync(set);
                break;
            case TriggerRun trigger:
                await OnTriggerAsync(trigger);
                break;
            case BackfillRun backfill:
                await OnBackfillAsync(backfill);
                break;
            case RunFinished finished:
                await OnFinishedAsync(finished);
                break;
            case Tick:
                await ScheduleAsync();
                break;
            case FindRun find:
                Context.Sender?.Tell(new FoundRun(_runs.GetValueOrDefault(find.Key)?.Actor));
                break;
            case SnapshotDue:
                company.Runs.Journal.Tell(new Append(StreamOf(id)) { Snapshot = DagJson.Serialize(_dag) }, Context.Self);
                break;
        }
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(_dag.Paused ? "paused" : _dag.Active ? "active" : "removed")}, {_running} running, {_queued.Count} queued");

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    private DagSpec Spec => _graph!.Spec;

    private async ValueTask OnDefineAsync(Define define)
    {
        if (_dag.Active && _dag.Version == define.Version && _dag.Bundle == define.Bundle && _dag.File == define.File)
        {
            return;
        }

        var isNewVersion = _dag.Version != define.Version;
        Adopt(company.Versions.Add(define.Version, define.Spec));
        var append = Change(new DagDefined(define.Version, define.Bundle, define.File, Now));
        append.Changes.Add(new DagVersionRow(define.Version, id, DagSpecJson.Serialize(define.Spec), Now));
        Tell(append);
        if (isNewVersion)
        {
            LogDefined(Context.Logger, id, define.Version, define.File);
        }

        // Its limit may have been raised.
        StartQueued();
        await ScheduleAsync();
    }

    private async ValueTask OnSetPausedAsync(SetPaused set)
    {
        var changes = _dag.Paused != set.Paused;
        // What was due while it was paused is judged by the clock of today.
        _next = changes ? null : _next;
        var append = changes ? Change(new DagPaused(set.Paused, Now)) : new Append(StreamOf(id));
        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, changes));
        }

        Tell(append);
        await ScheduleAsync();
    }

    private async ValueTask OnTriggerAsync(TriggerRun trigger)
    {
        if (!_dag.Active || _timetable is null)
        {
            Refuse($"Dag '{id}' is not defined by any file now; it cannot be run.");
            return;
        }

        var interval = trigger.LogicalDate is { } date ? new DataInterval(date, _timetable.ManualInterval(date).End) : _timetable.ManualInterval(Now);
        if (interval.End < interval.Start)
        {
            interval = new(interval.Start, interval.Start);
        }

        var runId = trigger.RunId is { } given ? new RunId(given) : RunIds.Of(RunType.Manual, Now);
        if (_runs.Values.Any(run => run.Facts.Id == runId) || await company.ReadModel.FindRunAsync(id, runId, CancellationToken.None) is not null)
        {
            Refuse($"Dag '{id}' has a run '{runId}' already.");
            return;
        }

        Create(await FactsAsync(RunType.Manual, runId, interval, trigger.Conf, backfill: null), tokenBase: 0, clears: [], scheduled: null);
    }

    private async ValueTask OnBackfillAsync(BackfillRun backfill)
    {
        if (!_dag.Active)
        {
            Refuse($"Dag '{id}' is not defined by any file now; it cannot be backfilled.");
            return;
        }

        var date = backfill.Interval.Start;
        if (_runs.Values.FirstOrDefault(run => run.Facts.LogicalDate == date && run.Facts.Type != RunType.Manual) is { } living)
        {
            // Asked again after a takeover: this is the run that it asked for.
            Context.Sender?.Tell(living.Facts.Backfill == backfill.Backfill
                ? new CreateRunAnswer(living.Facts, null)
                : new CreateRunAnswer(null, $"Run '{living.Facts.Id}' of this interval is in flight."));
            return;
        }

        var existing = await FindAsync(date);
        if (existing is null)
        {
            var runId = RunIds.Of(RunType.Backfill, date);
            Create(await FactsAsync(RunType.Backfill, runId, backfill.Interval, backfill.Conf, backfill.Backfill), tokenBase: 0, clears: [], scheduled: null);
            return;
        }

        // Made by this backfill and over; or by someone else, after the plan was made that left nothing to run again.
        if (existing.Facts.Backfill == backfill.Backfill || !backfill.Again)
        {
            Context.Sender?.Tell(new CreateRunAnswer(existing.Facts, null, existing.State));
            return;
        }

        // Cleared in place: the run keeps its id and key, attempts go on counting above all earlier ones.
        var attempts = await company.ReadModel.ListTaskInstancesAsync(existing.Facts.Key, CancellationToken.None);
        var tokenBase = attempts.Count == 0 ? 0 : attempts.Max(attempt => attempt.Token) + 1;
        var fresh = await FactsAsync(RunType.Backfill, existing.Facts.Id, backfill.Interval, backfill.Conf, backfill.Backfill);
        var facts = fresh with { Key = existing.Facts.Key };
        var tasks = Spec.Tasks.Select(task => task.Id).ToHashSet();
        var cleared = attempts.Select(attempt => attempt.Task).Distinct().Select(task => new TaskInstanceRow
        {
            Run = facts.Key,
            Task = task,
            Token = tokenBase,
            TryNumber = 0,
            State = tasks.Contains(task) ? TaskState.None : TaskState.Removed,
        });
        Create(facts, tokenBase, [new XComsCleared(facts.Key), .. cleared], scheduled: null);
    }

    /// <summary>The run of an interval, in whatever state; runs by hand are not of an interval.</summary>
    private async ValueTask<DagRunRow?> FindAsync(DateTimeOffset logicalDate)
    {
        // The store keeps whole microseconds.
        var query = new RunQuery { Dag = id, From = logicalDate, Before = logicalDate.AddMicroseconds(1), Limit = 100 };
        return (await company.ReadModel.ListRunsAsync(query, CancellationToken.None)).FirstOrDefault(run => run.Facts.Type != RunType.Manual);
    }

    private async ValueTask OnFinishedAsync(RunFinished finished)
    {
        if (!_runs.Remove(finished.Facts.Key, out var run))
        {
            return;
        }

        if (run.Counts)
        {
            _running--;
        }

        if (finished.State == RunState.Success)
        {
            Write(new RunSucceeded(finished.Facts.Interval, finished.StartedAt ?? finished.Facts.CreatedAt, finished.EndedAt));
        }

        if (finished.Facts.Backfill is not null)
        {
            Context.Parent!.Tell(finished);
        }

        StartQueued();
        await ScheduleAsync();
    }

    /// <summary>After a takeover without catchup: what the leader before waited for, when that fell due a moment ago.</summary>
    private Firing? AwaitedBefore()
    {
        if (Spec.Catchup != CatchupMode.None || _dag.Since is not { } since)
        {
            return null;
        }

        var graced = Now - TakeoverGrace;
        return _timetable?.Next(_dag.LastScheduled, since > graced ? since : graced);
    }

    /// <summary>Creates every run that is due and allowed now, and sets the alarm for the next.</summary>
    private async ValueTask ScheduleAsync()
    {
        while (_timetable is not null && _dag is { Active: true, Paused: false })
        {
            // Asked once per firing: with catchup none the answer moves on with the clock.
            _next ??= _timetable.Next(_dag.LastScheduled, Now);
            if (_next is not { } firing)
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
            if (_running + _queued.Count >= Spec.MaxActiveRuns)
            {
                return;
            }

            _next = null;
            if (_runs.Values.Any(run => run.Facts.LogicalDate == firing.LogicalDate && run.Facts.Type != RunType.Manual)
                || await FindAsync(firing.LogicalDate) is not null)
            {
                // A backfill was here first.
                Write(new IntervalScheduled(firing.Interval));
                continue;
            }

            var runId = RunIds.Of(RunType.Scheduled, firing.LogicalDate);
            Create(await FactsAsync(RunType.Scheduled, runId, firing.Interval, "{}", null), 0, [], firing.Interval);
        }
    }

    private async ValueTask<RunFacts> FactsAsync(RunType type, RunId runId, DataInterval interval, string conf, string? backfill)
    {
        var previous = await PreviousSuccessAsync(interval.Start);
        return new()
        {
            Key = company.Ids.NextKey(),
            Dag = id,
            Id = runId,
            Type = type,
            Interval = interval,
            Version = _dag.Version!,
            Bundle = _dag.Bundle,
            Conf = conf,
            Backfill = backfill,
            PreviousSuccess = previous?.Interval,
            PreviousSuccessStartedAt = previous?.StartedAt,
            PreviousSuccessEndedAt = previous?.EndedAt,
            CreatedAt = Now,
        };
    }

    /// <summary>The latest success before a logical date: for a backfill that is not the Dag's latest.</summary>
    private async ValueTask<RunSucceeded?> PreviousSuccessAsync(DateTimeOffset logicalDate)
    {
        if (_dag.LastSuccess is not { } latest || latest.Interval.Start < logicalDate)
        {
            return _dag.LastSuccess;
        }

        var query = new RunQuery { Dag = id, State = RunState.Success, Before = logicalDate, Limit = 1 };
        return (await company.ReadModel.ListRunsAsync(query, CancellationToken.None)) is [var run]
            ? new(run.Facts.Interval, run.StartedAt ?? run.Facts.CreatedAt, run.EndedAt)
            : null;
    }

    private void Create(RunFacts facts, int tokenBase, IReadOnlyList<ReadModelChange> clears, DataInterval? scheduled)
    {
        var created = new RunCreated(facts, tokenBase);
        var append = scheduled is { } interval ? Change(new IntervalScheduled(interval)) : new Append(StreamOf(id));
        append.Others.Add(new JournalEntry(DagRunActor.StreamOf(facts.Key), DagRunJson.Serialize(created)));
        append.Changes.Add(new DagRunRow { Facts = facts, State = RunState.Queued });
        append.Changes.AddRange(clears);
        if (scheduled is null && Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, new CreateRunAnswer(facts, null)));
        }

        // The journal has this before anything of the run itself: the run's actor starts after.
        Tell(append);
        Spawn(new(_graph!, created), isNew: true);
        StartQueued();
    }

    private void Spawn(DagRunState run, bool isNew)
    {
        // The books are right before anyone outside hears of this leader: a worker that names an attempt must not be told that it is unknown.
        var books = isNew ? null : DagRunBooks.Of(run);
        var actor = Context.Spawn(
            Props.Create(() => new DagRunActor(run, isNew, company.Runs)), string.Create(CultureInfo.InvariantCulture, $"run-{run.Facts.Key}-{_lives++}"));
        company.Runs.Workers.Tell(new RunJoined(run.Facts.Key), actor);
        books?.Tell(company.Runs, actor);
        var counts = run.Facts.Type != RunType.Backfill;
        _runs[run.Facts.Key] = new(actor, run.Facts, counts && run.Phase == RunState.Running);
        if (run.Phase == RunState.Running)
        {
            _running += counts ? 1 : 0;
        }
        else if (counts)
        {
            _queued.Enqueue(run.Facts.Key);
        }
        else
        {
            // A backfill minds its own limit before it asks for a run.
            actor.Tell(StartNow.Instance, Context.Self);
        }
    }

    private void StartQueued()
    {
        while (_graph is not null && _running < Spec.MaxActiveRuns && _queued.TryDequeue(out var key))
        {
            // A run that was cancelled in the queue has left already.
            if (_runs.TryGetValue(key, out var run))
            {
                _runs[key] = run with { Counts = true };
                _running++;
                run.Actor.Tell(StartNow.Instance, Context.Self);
            }
        }
    }

    private void Adopt(DagGraph graph)
    {
        _graph = graph;
        _next = null;
        var spec = graph.Spec;
        _timetable = Timetable.Create(spec.Schedule, spec.TimeZone, spec.StartDate, spec.EndDate, spec.Catchup);
        company.Runs.Dispatcher.Tell(new DagLimit(id, spec.MaxActiveTasks), Context.Self);
    }

    private void Refuse(string why) => Context.Sender?.Tell(new CreateRunAnswer(null, why));

    private void Write(DagEvent happened) => Tell(Change(happened));

    private Append Change(DagEvent happened)
    {
        _dag = _dag.Evolve(happened);
        var append = new Append(StreamOf(id));
        append.Events.Add(DagJson.Serialize(happened));
        append.Changes.Add(Row());
        return append;
    }

    private DagRow Row() => new()
    {
        Id = id,
        File = _dag.File,
        Version = _dag.Version ?? "",
        Bundle = _dag.Bundle,
        Paused = _dag.Paused,
        Active = _dag.Active,
        Schedule = ScheduleText.Of(_graph?.Spec.Schedule),
        NextRunAfter = _dag is { Active: true, Paused: false } ? (_next ??= _timetable?.Next(_dag.LastScheduled, Now))?.RunAfter : null,
        Description = _graph?.Spec.Description,
        Tags = _graph?.Spec.Tags ?? [],
        Owner = _graph?.Spec.Owner,
    };

    private void Tell(Append append) => company.Runs.Journal.Tell(append, Context.Self);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dag {Dag} is at version {Version} from {File}")]
    private static partial void LogDefined(ILogger logger, DagId dag, string version, string file);

    /// <param name="Counts">It is running and counts against the Dag's limit.</param>
    private sealed record Run(ActorRef Actor, RunFacts Facts, bool Counts);

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}
