using System.Globalization;
using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Callbacks;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Dispatch;
using Sluice.Scheduler.Journal;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Owns one run: one mailbox, one writer. Its rules are <see cref="DagRunDecider"/>.</summary>
/// <remarks>
/// A report is decided at once, the tasks that it frees are offered to the dispatcher, and the dispatcher's answer is decided too, before
/// anything is written: so the end of a task and the dispatch of the next are one commit.
/// </remarks>
internal sealed partial class DagRunActor : Actor
{
    private readonly DagRunState _run;
    private readonly RunCompany _company;
    private readonly bool _isNew;
    private readonly string _stream;
    private readonly List<ReadyTask> _ready = [];
    private readonly List<FreedTask> _freed = [];
    private readonly Dictionary<int, Out> _out = []; // what the state forgets when an attempt ends, and its row still needs
    private Append _pending;
    private bool _offered;
    private int _numbering; // grows when the instances are numbered anew
    private bool _isNumberedAnew; // the dispatcher does not know yet
    private int _sensors;
    private string? _firstFailure;

    /// <param name="run">The state, folded from whatever the journal holds of it.</param>
    /// <param name="isNew">False after a takeover: workers may have attempts of it.</param>
    /// <param name="company">Whom it works with.</param>
    public DagRunActor(DagRunState run, bool isNew, RunCompany company)
    {
        (_run, _isNew, _company) = (run, isNew, company);
        _stream = StreamOf(run.Facts.Key);
        _pending = new(_stream);
    }

    public static string StreamOf(long key) => string.Create(CultureInfo.InvariantCulture, $"r:{key}");

    protected override ValueTask PreStartAsync()
    {
        _company.Journal.Tell(new Owns(_stream), Context.Self);
        if (!_isNew)
        {
            Resume();
        }

        return ValueTask.CompletedTask;
    }

    protected override ValueTask ReceiveAsync(object message)
    {
        if (IsHeld(message))
        {
            return ValueTask.CompletedTask;
        }

        try
        {
            Receive(message);
        }
        catch (Exception e) when (_run.Phase is RunState.Queued or RunState.Running)
        {
            // One broken run must not take the others down with it.
            LogBroken(Context.Logger, e, _run.Facts.Dag, _run.Facts.Id);
            Cancel($"internal error: {e.Message}");
        }

        return ValueTask.CompletedTask;
    }

    protected override string Describe() => string.Create(
        CultureInfo.InvariantCulture, $"{_run.Phase.ToString().ToLowerInvariant()}, {_run.Unfinished} of {_run.Instances} tasks to go");

    private void Receive(object message)
    {
        switch (message)
        {
            case Reported reported:
                foreach (var report in reported.Reports)
                {
                    Report(reported.Node, report);
                }

                Advance();
                break;
            case Granted granted when granted.Numbering != _numbering:
                break; // By numbers that no longer hold: the dispatcher has taken it back by now.
            case Granted granted:
                _offered = false;
                Dispatch(granted.Grants);
                Advance();
                break;
            case StartNow:
                Apply(new StartRun(Now));
                SetTimeout();
                SetDeadlineAlarm();
                Advance();
                break;
            case DeadlineIsUp:
                OnDeadline();
                break;
            case TimeIsUp:
                OnTimeIsUp();
                break;
            case Wake:
                Apply(new WakeTasks(Now));
                Advance();
                break;
            case AttemptsLost lost:
                foreach (var id in lost.Ids)
                {
                    Report(lost.Node, new(id, new() { Kind = OutcomeKind.Lost, Error = lost.Reason }));
                }

                Advance();
                break;
            case CancelNow cancel:
                var open = _run.Phase is RunState.Queued or RunState.Running;
                if (Context.Sender is { } asker)
                {
                    _pending.OnCommitted.Add(new(asker, open));
                }

                Cancel(cancel.Reason);
                break;
            case AnswerQuestion answer:
                Answer(answer);
                break;
            case KeepForAttempt keep:
                Keep(keep);
                break;
            case WhyTask question:
                Answer(question);
                break;
            case ToldWhy told:
                told.Asker.Tell(told.Answer);
                break;
            case ChangeRun change:
                Change(change);
                break;
            case PastIs past when _run.Phase == RunState.Running:
                Apply(new TellPast(PastRun.Met(_run, past.Past), Now));
                Advance();
                break;
            case TaskQuestion question:
                Answer(question.MapIndex >= 0 && question.MapIndex < _run.InstancesOf(question.Task).Length && _run.IsGone(question.Task)
                    ? _run.InstancesOf(question.Task).First + question.MapIndex
                    : question.Task);
                break;
            case Told told:
                told.Asker.Tell(told.Answer);
                break;
            case SnapshotDue when _run.Phase is RunState.Queued or RunState.Running:
                _pending.Snapshot = DagRunJson.Serialize(_run.Snapshot());
                Flush();
                break;
            case Over:
                Context.StopSelf();
                break;
        }
    }

    private DateTimeOffset Now => Context.Time.GetUtcNow();

    private void Report(string node, TaskReport report)
    {
        var current = _run.FindAttempt(report.Id) is not null;
        Apply(new ReportTask(report.Id.Task, report.Id.Token, report.Outcome, Now), current ? (node, report.Outcome) : null);
        _pending.OnCommitted.Add(new(_company.Workers, new Acknowledge(node, [report.Id])));
    }

    private void Dispatch(IReadOnlyList<Grant> grants)
    {
        foreach (var onWorker in grants.GroupBy(grant => grant.Worker))
        {
            var tasks = onWorker.Select(grant => grant.Key.Task).ToList();
            Apply(new DispatchTasks(onWorker.Key, tasks, Now));
            foreach (var task in tasks.Where(task => _run.WorkerOf(task) is null))
            {
                _freed.Add(new(new(_run.Facts.Key, task), null));
            }
        }
    }

    private void Cancel(string reason)
    {
        Apply(new CancelRun(reason, Now));
        Advance();
    }

    /// <summary>Sets the alarm for the run's own limit; a day at a time, since the end may be far away.</summary>
    private void SetTimeout()
    {
        if (_run.Phase == RunState.Running && _run.StartedAt + _run.Graph.Spec.DagRunTimeout is { } at)
        {
            var wait = Math.Clamp((at - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
            Context.Timers.StartSingle("timeout", TimeSpan.FromTicks(wait), TimeIsUp.Instance);
        }
    }

    private void OnTimeIsUp()
    {
        if (_run.Phase != RunState.Running || _run.StartedAt + _run.Graph.Spec.DagRunTimeout > Now)
        {
            SetTimeout();
            return;
        }

        Apply(new TimeOutRun(Now));
        Advance();
    }

    private void Apply(DagRunCommand command, (string Node, TaskOutcome Outcome)? report = null)
    {
        foreach (var happened in DagRunDecider.Decide(_run, command))
        {
            if (happened is CallbackDue due)
            {
                CallbackRequests.Add(_pending, _run, due, _company, Now, _firstFailure);
                continue;
            }

            if (happened is RemoteStopDue stop)
            {
                CallbackRequests.Add(_pending, _run, stop, _company, Now);
                continue;
            }

            _pending.Events.Add(DagRunJson.Serialize(happened));
            Project(happened, report);
            if (_run.Graph.HasPast && happened is TaskEnded or TasksResolved or RunEnded)
            {
                _pending.OnCommitted.Add(new(Context.Parent!, new PastMoved(_run.Facts.Key)));
            }
        }
    }

    /// <summary>Hands on what the last decisions left: to the dispatcher first, and to the journal when nothing is asked of it.</summary>
    private void Advance()
    {
        if (_run.Phase is RunState.Success or RunState.Failed)
        {
            if (_pending.Ends)
            {
                _company.Dispatcher.Tell(new RunLeft(_run.Facts.Key, [.. _freed]), Context.Self);
                _pending.OnCommitted.Add(new(_company.Workers, new RunLeft(_run.Facts.Key, [])));
                _pending.OnCommitted.Add(new(Context.Parent!, new RunFinished(_run.Facts, _run.Phase)));
                _pending.OnCommitted.Add(new(Context.Self, Over.Instance));
            }

            Flush();
            return;
        }

        if (_ready.Count > 0 || _freed.Count > 0 || _isNumberedAnew)
        {
            var held = _isNumberedAnew ? DagRunBooks.HeldBy(_run) : null;
            _company.Dispatcher.Tell(new Offer(_run.Facts.Key, [.. _ready], [.. _freed], _numbering, held), Context.Self);
            _isNumberedAnew = false;
            _ready.Clear();
            _freed.Clear();
            _offered = true;
        }

        if (!_offered)
        {
            Flush();
        }

        SetAlarm();
    }

    private void Flush()
    {
        if (_pending.IsEmpty)
        {
            return;
        }

        if (_run.Phase is RunState.Success or RunState.Failed)
        {
            // From its end on everything goes by way of the Dag, so that nothing overtakes the end.
            var succeeded = _pending.Ends && _run.Phase == RunState.Success
                ? new RunSucceeded(_run.Facts.Interval, _run.StartedAt ?? _run.Facts.CreatedAt, _run.EndedAt)
                : null;
            Context.Parent!.Tell(new RunEnding(_pending, succeeded), Context.Self);
        }
        else
        {
            _company.Journal.Tell(_pending, Context.Self);
        }

        _pending = new(_stream);
    }

    /// <summary>One timer for the earliest retry, or question that no longer waits; sensors wait in actors of their own.</summary>
    private void SetAlarm()
    {
        // A sensor's own actor wakes the run, which then looks again for who is next.
        if (_run.Due.Earliest is var (due, task) && _run.StateOf(task) is TaskState.UpForRetry or TaskState.AwaitingInput)
        {
            var wait = Math.Clamp((due - Now).Ticks, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerDay);
            Context.Timers.StartSingle("retry", TimeSpan.FromTicks(wait), Wake.Instance);
        }
    }

    /// <summary>After a takeover: what workers have is in the books (<see cref="DagRunBooks"/>), what waited is offered again, what slept sleeps on.</summary>
    private void Resume()
    {
        for (var task = 0; task < _run.Instances; task++)
        {
            if (_run.WorkerOf(task) is { } worker)
            {
                _out[task] = new(_run.AttemptOf(task), worker, _run.DispatchedAt(task));
            }

            if (_run.StateOf(task) == TaskState.Scheduled)
            {
                _ready.Add(ReadyTask.Of(_run, task));
            }
            else if (_run.StateOf(task) == TaskState.UpForReschedule && _run.Due.Of(task) is { } due)
            {
                Sleep(task, due);
            }
        }

        ResumeQuestions();
        if (_run.Phase == RunState.Running)
        {
            SetTimeout();
            SetDeadlineAlarm();
            if (_run.Graph.HasPast)
            {
                Context.Parent!.Tell(new PastWanted(_run.Facts, Context.Self), Context.Self);
            }

            Advance();
        }
    }

    private void Sleep(int sensor, DateTimeOffset due) => Context.Spawn(
        Props.Create(() => new SensorActor(due, Wake.Instance)), string.Create(CultureInfo.InvariantCulture, $"sensor-{sensor}-{_sensors++}"));

    [LoggerMessage(Level = LogLevel.Error, Message = "{Dag} {Run} is failed by an internal error")]
    private static partial void LogBroken(ILogger logger, Exception error, DagId dag, RunId run);

    /// <param name="Id">As its worker knows it.</param>
    /// <param name="Worker">Who has it.</param>
    /// <param name="DispatchedAt">Since when.</param>
    private sealed record Out(AttemptId Id, string Worker, DateTimeOffset? DispatchedAt);

    private sealed record TimeIsUp
    {
        public static TimeIsUp Instance { get; } = new();
    }

    private sealed record Over
    {
        public static Over Instance { get; } = new();
    }
}
