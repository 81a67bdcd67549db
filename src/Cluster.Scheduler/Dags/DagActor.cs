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

/// <summary>Makes, or makes again, the run of one interval of a backfill. Answered by a <see cref="CreateRunAnswer"/> after the commit.</summary>
internal sealed record BackfillRun(string Backfill, DataInterval Interval, string Conf);

/// <summary>Either the run's facts, or why there is none.</summary>
/// <param name="Facts">The run.</param>
/// <param name="Refusal">One sentence.</param>
/// <param name="Ended">Set when the run was made before and is over.</param>
internal sealed record CreateRunAnswer(RunFacts? Facts, string? Refusal, RunState? Ended = null);

/// <summary>Finds a living run; answered by an <see cref="ActorRef"/> wrapped in <see cref="FoundRun"/>.</summary>
internal sealed record FindRun(long Key);

internal sealed record FoundRun(ActorRef? Run);

/// <summary>What the actors of one leadership share.</summary>
internal sealed record SchedulerCompany(RunCompany Runs, DagVersions Versions, IReadModel ReadModel, RunIds Ids);

/// <summary>Owns one Dag: its timetable's position and its live runs.</summary>
internal sealed partial class DagActor(DagId id, DagState recovered, IReadOnlyList<DagRunState> recoveredRuns, SchedulerCompany company) : Actor
{
    private readonly Dictionary<long, Run> _runs = [];
    private readonly Queue<long> _queued = new();
    private DagState _dag = recovered;
    private DagGraph? _graph;
    private Timetable? _timetable;
    private Firing? _next;
    private int _running;

    public static string StreamOf(DagId id) => "d:" + id.Value;

    protected override async ValueTask PreStartAsync()
    {
        company.Runs.Journal.Tell(new Owns(StreamOf(id)), Context.Self);
        if (_dag.Version is { } version)
        {
            Adopt(await company.Versions.GetAsync(version, CancellationToken.None));
        }

        foreach (var run in recoveredRuns)
        {
            Spawn(run, isNew: false);
        }

        StartQueued();
        Schedule();
    }

    protected override async ValueTask ReceiveAsync(object message)
    {
        switch (message)
        {
            case Define define:
                OnDefine(define);
                break;
            case Undefine when _dag.Active:
                Write(new DagRemoved());
                break;
            case SetPaused set:
                OnSetPaused(set);
                break;
            case TriggerRun trigger:
                await OnTriggerAsync(trigger);
                break;
            case BackfillRun backfill:
                await OnBackfillAsync(backfill);
                break;
            case RunFinished finished:
                OnFinished(finished);
                break;
            case Tick:
                Schedule();
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

    private void OnDefine(Define define)
    {
        if (_dag.Active && _dag.Version == define.Version && _dag.Bundle == define.Bundle && _dag.File == define.File)
        {
            return;
        }

        var isNewVersion = _dag.Version != define.Version;
        Adopt(company.Versions.Add(define.Version, define.Spec));
        var append = Change(new DagDefined(define.Version, define.Bundle, define.File));
        append.Changes.Add(new DagVersionRow(define.Version, id, DagSpecJson.Serialize(define.Spec), Now));
        Tell(append);
        if (isNewVersion)
        {
            LogDefined(Context.Logger, id, define.Version, define.File);
        }

        Schedule();
    }

    private void OnSetPaused(SetPaused set)
    {
        var changes = _dag.Paused != set.Paused;
        // What was due while it was paused is judged by the clock of today.
        _next = changes ? null : _next;
        var append = changes ? Change(new DagPaused(set.Paused)) : new Append(StreamOf(id));
        if (Context.Sender is { } asker)
        {
            append.OnCommitted.Add(new(asker, changes));
        }

        Tell(append);
        Schedule();
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

        Create(Facts(RunType.Manual, runId, interval, trigger.Conf, backfill: null), tokenBase: 0, clears: [], scheduled: null);
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

        var existing = (await company.ReadModel.ListRunsAsync(new() { Dag = id, From = date, Before = date.AddTicks(1), Limit = 100 }, CancellationToken.None))
            .FirstOrDefault(run => run.Facts.Type != RunType.Manual);
        if (existing is null)
        {
            var runId = RunIds.Of(RunType.Backfill, date);
            Create(Facts(RunType.Backfill, runId, backfill.Interval, backfill.Conf, backfill.Backfill), tokenBase: 0, clears: [], scheduled: null);
            return;
        }

        if (existing.Facts.Backfill == backfill.Backfill)
        {
            Context.Sender?.Tell(new CreateRunAnswer(existing.Facts, null, existing.State));
            return;
        }

        // Cleared in place: the run keeps its id and key, attempts go on counting above all earlier ones.
        var attempts = await company.ReadModel.ListTaskInstancesAsync(existing.Facts.Key, CancellationToken.None);
        var tokenBase = attempts.Count == 0 ? 0 : attempts.Max(attempt => attempt.Token) + 1;
        var facts = Facts(RunType.Backfill, existing.Facts.Id, backfill.Interval, backfill.Conf, backfill.Backfill) with { Key = existing.Facts.Key };
        var cleared = attempts.Select(attempt => attempt.Task).Distinct()
            .Select(task => new TaskInstanceRow { Run = facts.Key, Task = task, Token = tokenBase, TryNumber = 0, State = TaskState.None });
        Create(facts, tokenBase, [.. cleared], scheduled: null);
    }

    private void OnFinished(RunFinished finished)
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
            Write(new RunSucceeded(finished.Facts.Interval, finished.StartedAt ?? finished.Facts.CreatedAt));
        }

        if (finished.Facts.Backfill is not null)
        {
            Context.Parent!.Tell(finished);
        }

        StartQueued();
        Schedule();
    }

    /// <summary>Creates every run that is due and allowed now, and sets the alarm for the next.</summary>
    private void Schedule()
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
            var runId = RunIds.Of(RunType.Scheduled, firing.LogicalDate);
            Create(Facts(RunType.Scheduled, runId, firing.Interval, "{}", null), 0, [], firing.Interval);
        }
    }

    private RunFacts Facts(RunType type, RunId runId, DataInterval interval, string conf, string? backfill) => new()
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
        PreviousSuccess = _dag.LastSuccess?.Interval,
        PreviousSuccessStartedAt = _dag.LastSuccess?.StartedAt,
        CreatedAt = Now,
    };

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
        var actor = Context.Spawn(
            Props.Create(() => new DagRunActor(run, isNew, company.Runs)), string.Create(CultureInfo.InvariantCulture, $"run-{run.Facts.Key}"));
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
