using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>The rules of one run. Pure: no clock, no randomness, no I/O; time arrives inside the command.</summary>
/// <remarks>A completion costs the out-degree of its task: nothing looks at the whole Dag again.</remarks>
public static class DagRunDecider
{
    /// <summary>Attempts of one task that may be lost by our fault before the task fails: a task that kills its workers must end (semantics.md, 0.5).</summary>
    public const int MaxLosses = 3;

    /// <summary>Turns a command into the events that it causes, and folds them into the state.</summary>
    /// <returns>
    /// Events in journal order. None when the command has already taken effect or comes too late, so that a resend is harmless.
    /// </returns>
    public static IReadOnlyList<DagRunEvent> Decide(DagRunState run, DagRunCommand command)
    {
        var decision = new Decision(run);
        switch (command)
        {
            case StartRun start when run.Phase == RunState.Queued:
                decision.Start(start.At);
                break;
            case DispatchTasks dispatch when run.Phase == RunState.Running:
                decision.Dispatch(dispatch);
                break;
            case ReportTask report when run.Phase == RunState.Running:
                decision.Report(report);
                break;
            case WakeTasks wake when run.Phase == RunState.Running:
                decision.Wake(wake.At);
                break;
            case CancelRun cancel when run.Phase is RunState.Queued or RunState.Running:
                decision.Cancel(cancel);
                break;
        }

        return decision.Events;
    }

    private readonly ref struct Decision(DagRunState run)
    {
        public List<DagRunEvent> Events { get; } = [];

        public void Start(DateTimeOffset at)
        {
            Emit(new RunStarted(at));
            var ready = new List<int>();
            for (var task = 0; task < run.Graph.Count; task++)
            {
                var spec = run.Graph.Spec.Tasks[task];
                if (TriggerRules.Evaluate(spec.TriggerRule, spec.Upstream.Count, run.UpstreamsOf(task)) == TriggerVerdict.Run)
                {
                    ready.Add(task);
                }
            }

            Schedule(ready);
            EndIfDone(at);
        }

        public void Dispatch(DispatchTasks command)
        {
            var tasks = new List<int>(command.Tasks.Count);
            foreach (var task in command.Tasks)
            {
                if (run.StateOf(task) == TaskState.Scheduled)
                {
                    tasks.Add(task);
                }
            }

            if (tasks.Count > 0)
            {
                Emit(new TasksDispatched(command.Worker, command.At, [.. tasks]));
            }
        }

        public void Report(ReportTask command)
        {
            var (task, token, outcome) = (command.Task, command.Token, command.Outcome);
            if (task < 0 || task >= run.Graph.Count || run.WorkerOf(task) is null || run.TokenOf(task) != token)
            {
                return;
            }

            Emit(Judge(task, token, outcome, command.At));
            if (run.StateOf(task).IsFinished())
            {
                Cascade(task);
                EndIfDone(command.At);
            }
            else if (run.Due.Of(task) <= command.At)
            {
                Schedule([task]);
            }
        }

        public void Wake(DateTimeOffset at)
        {
            if (run.Due.By(at) is { } due)
            {
                Schedule(due);
            }
        }

        public void Cancel(CancelRun command)
        {
            var running = new List<int>();
            var waiting = new List<int>();
            for (var task = 0; task < run.Graph.Count; task++)
            {
                if (!run.StateOf(task).IsFinished())
                {
                    (run.WorkerOf(task) is null ? waiting : running).Add(task);
                }
            }

            Resolve(TaskState.Failed, running);
            Resolve(TaskState.Skipped, waiting);
            Emit(new RunEnded(RunState.Failed, command.At, command.Reason));
        }

        private TaskEnded Judge(int task, int token, TaskOutcome outcome, DateTimeOffset at)
        {
            var spec = run.Graph.Spec.Tasks[task];
            switch (outcome.Kind)
            {
                case OutcomeKind.Success:
                    return new(task, token, TaskState.Success, at);
                case OutcomeKind.Skipped:
                    return new(task, token, TaskState.Skipped, at);
                case OutcomeKind.Rescheduled:
                    // The worker's clock may be off: only the length of the wait is taken from it.
                    var wait = (outcome.ResumeAt ?? outcome.EndedAt) - outcome.EndedAt;
                    return new(task, token, TaskState.UpForReschedule, at, at + (wait > TimeSpan.Zero ? wait : TimeSpan.Zero),
                        run.FirstPokeOf(task) ?? outcome.StartedAt);
                case OutcomeKind.HandedBack:
                    return new(task, token, TaskState.UpForRetry, at, at, HandedBack: true);
                case OutcomeKind.Lost when run.LossesOf(task) < MaxLosses:
                    return new(task, token, TaskState.UpForRetry, at, at + AfterLoss(run.LossesOf(task)), FirstPoke(spec, task, outcome), Lost: true);
                case OutcomeKind.Failed when run.TriesOf(task) <= spec.Retries:
                    var delay = RetryDelays.After(spec, run.Facts.Dag, run.Facts.LogicalDate, run.TriesOf(task));
                    return new(task, token, TaskState.UpForRetry, at, at + delay, FirstPoke(spec, task, outcome));
                default:
                    return new(task, token, TaskState.Failed, at);
            }
        }

        /// <summary>At once when it was lost for the first time; what befell it twice may last a while.</summary>
        private static TimeSpan AfterLoss(int losses) => losses == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5 * losses);

        /// <summary>A sensor's timeout counts from its first poke, across reschedules, retries and lost attempts (semantics.md, 0.6).</summary>
        /// <remarks>What was lost with its worker tells nothing: it began when it was dispatched, or a moment later.</remarks>
        private DateTimeOffset? FirstPoke(TaskSpec spec, int task, TaskOutcome outcome) =>
            spec.Sensor is null ? null
                : run.FirstPokeOf(task) ?? (outcome.StartedAt == default ? run.DispatchedAt(task) : outcome.StartedAt);

        /// <summary>Carries one task's end to those that hang on it, and on through those that end by their rule alone.</summary>
        private void Cascade(int ended)
        {
            if (run.Graph.IsLeaf(ended))
            {
                return;
            }

            var ready = new List<int>();
            var judged = new HashSet<int>();
            var frontier = new List<int> { ended };
            while (frontier.Count > 0)
            {
                var skipped = new List<int>();
                var failed = new List<int>();
                foreach (var task in frontier)
                {
                    foreach (var next in run.Graph.Downstream(task))
                    {
                        if (run.StateOf(next) != TaskState.None || judged.Contains(next))
                        {
                            continue;
                        }

                        var spec = run.Graph.Spec.Tasks[next];
                        var ending = TriggerRules.Evaluate(spec.TriggerRule, spec.Upstream.Count, run.UpstreamsOf(next)) switch
                        {
                            TriggerVerdict.Run => ready,
                            TriggerVerdict.Skip => skipped,
                            TriggerVerdict.UpstreamFail => failed,
                            _ => null,
                        };
                        if (ending is not null)
                        {
                            ending.Add(next);
                            judged.Add(next);
                        }
                    }
                }

                Resolve(TaskState.Skipped, skipped);
                Resolve(TaskState.UpstreamFailed, failed);
                frontier = [.. skipped, .. failed];
            }

            Schedule(ready);
        }

        private void Schedule(List<int> ready)
        {
            if (ready.Count > 0)
            {
                Emit(new TasksScheduled([.. ready]));
            }
        }

        private void Resolve(TaskState state, List<int> tasks)
        {
            if (tasks.Count > 0)
            {
                Emit(new TasksResolved(state, [.. tasks]));
            }
        }

        /// <summary>The leaves decide (semantics.md, 2): failed when one of them failed or was failed by its upstreams.</summary>
        private void EndIfDone(DateTimeOffset at)
        {
            if (run.Unfinished > 0)
            {
                return;
            }

            var state = RunState.Success;
            for (var task = 0; task < run.Graph.Count; task++)
            {
                if (run.Graph.IsLeaf(task) && run.StateOf(task) is TaskState.Failed or TaskState.UpstreamFailed)
                {
                    state = RunState.Failed;
                    break;
                }
            }

            Emit(new RunEnded(state, at));
        }

        private void Emit(DagRunEvent happened)
        {
            Events.Add(happened);
            run.Evolve(happened);
        }
    }
}
