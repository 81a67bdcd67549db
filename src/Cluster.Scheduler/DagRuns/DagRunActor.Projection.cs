using Microsoft.Extensions.Logging;
using Sluice.Cluster.Wire;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Assets;
using Sluice.Scheduler.Dispatch;

namespace Sluice.Scheduler.DagRuns;

/// <content>What follows from what was decided: rows, offers, messages after the commit.</content>
internal sealed partial class DagRunActor
{
    /// <summary>What follows from an event that has been folded: rows, offers, messages after the commit.</summary>
    private void Project(DagRunEvent happened, (string Node, TaskOutcome Outcome)? report)
    {
        switch (happened)
        {
            case RunStarted when _run.Graph.HasPast:
                // After the commit: then every run before this one can be found.
                _pending.Changes.Add(DagRunRows.Of(_run));
                _pending.OnCommitted.Add(new(Context.Parent!, new PastWanted(_run.Facts, Context.Self)));
                break;
            case RunStarted:
                _pending.Changes.Add(DagRunRows.Of(_run));
                break;
            case TasksScheduled e:
                foreach (var task in e.Tasks)
                {
                    _ready.Add(ReadyTask.Of(_run, task));
                }

                break;
            case TasksDispatched e:
                var assignments = new List<TaskAssignment>(e.Tasks.Length);
                foreach (var task in e.Tasks)
                {
                    assignments.Add(DagRunBooks.AssignmentOf(_run, task));
                    _out[task] = new(_run.AttemptOf(task), e.Worker, e.At);
                    ForgetXComs(task);
                    _pending.Changes.Add(DagRunRows.OfDispatch(_run, task, e));
                }

                _pending.OnCommitted.Add(new(_company.Workers, new Dispatch.Dispatch(e.Worker, _run.Facts, assignments)));
                break;
            case TaskAsked e:
                Project(e, report!.Value.Outcome);
                break;
            case RemoteJobKept e:
                _pending.Changes.Add(DagRunRows.OfRemoteJob(_run, e));
                break;
            case TaskAnswered e:
                _answers[e.Task] = e.Answer;
                break;
            case TaskEnded e when _asked.Remove(e.Task, out var asked):
                ProjectAnswered(e, asked);
                break;
            case TaskEnded e:
                var (node, outcome) = report!.Value;
                var ran = e.Lost || e.HandedBack ? (TimeSpan?)null : outcome.EndedAt - outcome.StartedAt;
                _freed.Add(new(new(_run.Facts.Key, e.Task), ran, e.HandedBack));
                _out.Remove(e.Task, out var ended);
                KeepSeen(e.Task, e.Token, outcome);
                if (e.State == TaskState.None)
                {
                    ProjectRestart(e, node, outcome, ended?.DispatchedAt);
                    break;
                }

                Project(e, node, outcome, ended?.DispatchedAt);
                if (e is { State: TaskState.UpForReschedule, Due: { } due })
                {
                    Sleep(e.Task, due);
                }

                break;
            case TasksResolved e:
                foreach (var task in e.Tasks)
                {
                    _out.Remove(task, out var cut);
                    Withdraw(task, e.Why ?? "the run has ended", ownToken: false);
                    _pending.Changes.Add(DagRunRows.OfResolution(_run, task, e, Now) with { Worker = cut?.Worker, QueuedAt = cut?.DispatchedAt });
                    if (cut is not null)
                    {
                        Stop(cut, task, e.Why ?? "the run has ended");
                    }
                }

                break;
            case TasksCleared e:
                Project(e);
                break;
            case TasksMarked e:
                Project(e);
                break;
            case RunUpgraded e:
                Project(e);
                break;
            case DeadlineMissed e:
                Project(e);
                break;
            case RunEnded:
                _pending.Changes.Add(DagRunRows.Of(_run));
                _pending.Ends = true;
                if (_run.Phase == RunState.Success)
                {
                    LogSucceeded(Context.Logger, _run.Facts.Dag, _run.Facts.Id);
                }
                else
                {
                    LogFailed(Context.Logger, _run.Facts.Dag, _run.Facts.Id, _run.Reason ?? _firstFailure ?? "a task failed");
                }

                break;
        }
    }

    /// <summary>An end with what came of it.</summary>
    private void Project(TaskEnded e, string node, TaskOutcome outcome, DateTimeOffset? dispatchedAt)
    {
        _pending.Changes.Add(DagRunRows.OfEnd(_run, e, node, outcome, dispatchedAt));
        if (e.State == TaskState.Failed)
        {
            _firstFailure ??= $"task {_run.NameOf(e.Task)} failed on try {_run.TriesOf(e.Task)}: {e.Error ?? outcome.Error}";
        }
        else if (e.State == TaskState.Success)
        {
            foreach (var xcom in outcome.XComs ?? [])
            {
                _pending.Changes.Add(new Storage.ReadModel.XComRow(_run.Facts.Key, _run.NameOf(e.Task), xcom.Key, xcom.Value, xcom.Object?.Uri));
            }

            if (outcome.Watermark is { } window)
            {
                var (facts, task) = (_run.Facts, _run.NameOf(e.Task));
                _pending.Changes.Add(new Storage.ReadModel.WatermarkRow(
                    facts.Dag, task, facts.Interval.End, facts.Key, e.Token, window.From, Core.Watermarks.WatermarkRules.MarkOf(window), IsMark: true, e.At, null));
            }

            UpdateAssets(e, outcome);
        }
    }

    /// <summary>What is kept of an attempt however it ended.</summary>
    private void KeepSeen(int task, int token, TaskOutcome outcome)
    {
        if (outcome.Rendered is { } fields)
        {
            _pending.Changes.Add(new Storage.ReadModel.RenderedFieldsRow(_run.Facts.Key, _run.NameOf(task), token, fields));
        }

        if (outcome.Evidence is { } seen)
        {
            _pending.Changes.Add(new Storage.ReadModel.EvidenceRow(_run.Facts.Key, _run.NameOf(task), token, seen));
        }
    }

    /// <summary>In the commit of the success: an event is there exactly when the success is.</summary>
    private void UpdateAssets(TaskEnded e, TaskOutcome outcome)
    {
        var updates = AssetUpdates.Of(_run.SpecOf(e.Task), outcome).ToList();
        foreach (var update in updates)
        {
            _pending.Changes.Add(new Storage.ReadModel.AssetEventRow(new()
            {
                Asset = update.Asset,
                Alias = update.Alias,
                At = e.At,
                Extra = update.Extra,
                SourceDag = _run.Facts.Dag.Value,
                SourceRun = _run.Facts.Id.Value,
                SourceTask = _run.NameOf(e.Task).Value,
                // What happened outside counts as its moment, not as the time for which somebody waited for it.
                SourceInterval = _run.SpecOf(e.Task).Sensor is { Watch: not null } ? null : _run.Facts.Interval,
            }));
        }

        if (updates.Count > 0)
        {
            _pending.OnCommitted.Add(new(_company.Assets, new AssetsMoved(updates)));
        }
    }

    private void Stop(Out attempt, int instance, string reason)
    {
        Stop(attempt.Worker, attempt.Id, reason);
        _freed.Add(new(new(_run.Facts.Key, instance), null));
    }

    private void Stop(string worker, AttemptId id, string reason)
    {
        _pending.OnCommitted.Add(new(_company.Workers, new Kill(worker, [id], reason)));
        _pending.OnCommitted.Add(new(_company.Workers, new Acknowledge(worker, [id])));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Dag} {Run} succeeded")]
    private static partial void LogSucceeded(ILogger logger, DagId dag, RunId run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Dag} {Run} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, DagId dag, RunId run, string reason);
}
