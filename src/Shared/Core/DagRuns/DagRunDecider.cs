using Sluice.Core.Callbacks;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>The rules of one run. Pure: no clock, no randomness, no I/O; time arrives inside the command.</summary>
/// <remarks>A completion costs the out-degree of its task: nothing looks at the whole Dag again.</remarks>
public static partial class DagRunDecider
{
    /// <summary>Attempts of one task that may be lost by our fault before the task fails: a task that kills its workers must end (semantics.md, 0.5).</summary>
    public const int MaxLosses = 3;

    /// <summary>Built-in operator that does nothing: it ends without ever asking for a slot.</summary>
    public const string EmptyOperator = "EmptyOperator";

    /// <summary>Reason of a run that ran longer than its Dag allows.</summary>
    public const string TimedOut = "timed_out";

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
            case KeepRemoteJob keep when run.Phase == RunState.Running:
                decision.Keep(keep);
                break;
            case AnswerTask answer when run.Phase == RunState.Running:
                decision.Answer(answer);
                break;
            case WakeTasks wake when run.Phase == RunState.Running:
                decision.Wake(wake.At);
                break;
            case TellPast past when run.Phase == RunState.Running:
                decision.TellPast(past);
                break;
            case ClearTasks clear:
                decision.Clear(clear);
                break;
            case MarkTasks mark:
                decision.Mark(mark);
                break;
            case MarkRun mark:
                decision.Mark(mark);
                break;
            case UpgradeRun upgrade:
                decision.Upgrade(upgrade);
                break;
            case TimeOutRun timeOut when run.Phase == RunState.Running && run.StartedAt + run.Graph.Spec.DagRunTimeout <= timeOut.At:
                decision.TimeOut(timeOut.At);
                break;
            case MissDeadlines miss when run.Phase is RunState.Queued or RunState.Running:
                decision.Miss(miss.At, includingNow: true);
                break;
            case CancelRun cancel when run.Phase is RunState.Queued or RunState.Running:
                decision.Cancel(cancel);
                break;
        }

        return decision.Events;
    }

    private readonly ref partial struct Decision(DagRunState run)
    {
        public List<DagRunEvent> Events { get; } = [];

        public void Start(DateTimeOffset at)
        {
            Miss(at, includingNow: true);
            Emit(new RunStarted(at));
            // Those outside their dates first: the others are judged without them.
            Resolve(TaskState.Removed, TasksOutsideTheirDates());
            Settle(Enumerable.Range(0, run.Instances).ToList());
            EndIfDone(at);
        }

        /// <summary>A run that is over in time is not touched; this one fails, and nobody is to blame but time (semantics.md, 2).</summary>
        public void TimeOut(DateTimeOffset at)
        {
            var open = new List<int>();
            for (var instance = 0; instance < run.Instances; instance++)
            {
                if (!run.StateOf(instance).IsFinished())
                {
                    open.Add(instance);
                }
            }

            Resolve(TaskState.Skipped, open, $"The run took longer than its limit of {run.Graph.Spec.DagRunTimeout:c}.");
            End(RunState.Failed, at, TimedOut);
        }

        private List<int> TasksOutsideTheirDates()
        {
            var outside = new List<int>();
            for (var task = 0; task < run.Graph.Count; task++)
            {
                if (run.StateOf(task) == TaskState.None && !DagDates.Allow(run.Graph.Spec.Tasks[task], run.Facts))
                {
                    outside.Add(task);
                }
            }

            return outside;
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
                // A sensor that pokes again, and what was lost, go on in their try: that has been told.
                var begun = tasks.FindAll(Begins(run));
                Emit(new TasksDispatched(command.Worker, command.At, [.. tasks]));
                Raise(CallbackTrigger.Execute, begun);
            }
        }

        public void Report(ReportTask command)
        {
            var (token, outcome) = (command.Token, command.Outcome);
            if (run.FindAttempt(new(run.Facts.Key, command.Task, token)) is not { } instance)
            {
                return;
            }

            if (run.IsRestarting(instance))
            {
                Emit(new TaskEnded(
                    instance, token, TaskState.None, command.At, Error: run.RestartedBy(instance)!.Sentence("cleared"), EndsRemoteJob: EndsRemoteJob(instance, outcome)));
                Settle([instance]);
                EndIfDone(command.At);
                return;
            }

            if (outcome is { Kind: OutcomeKind.Asked, Question: { } question })
            {
                Ask(instance, outcome, question, command.At);
                return;
            }

            End(Judge(instance, token, outcome, command.At) with { EndsRemoteJob = EndsRemoteJob(instance, outcome) }, outcome.Error);
            if (run.Due.Of(instance) <= command.At)
            {
                Schedule([instance]);
            }
        }

        private void End(TaskEnded ended, string? error)
        {
            Emit(ended);
            Raise(ended, error);
            if (!ended.State.IsFinished())
            {
                return;
            }

            var candidates = new List<int>();
            if (ended.State == TaskState.Failed && run.Graph.Spec.FailFast)
            {
                StopTheRest(ended.Task, candidates);
            }

            Follow(ended.Task, candidates);
            candidates.AddRange(ended.Skips ?? []);
            Settle(candidates);
            EndIfDone(ended.At);
        }

        public void Wake(DateTimeOffset at)
        {
            if (run.Due.By(at) is not { } due)
            {
                return;
            }

            var (state, unanswered) = (run, new List<int>());
            due.RemoveAll(instance =>
            {
                var asks = state.QuestionOf(instance) is not null;
                if (asks)
                {
                    unanswered.Add(instance);
                }

                return asks;
            });
            Schedule(due);
            foreach (var instance in unanswered)
            {
                GiveUp(instance, at);
            }
        }

        public void TellPast(TellPast command)
        {
            var met = new List<int>();
            foreach (var task in command.Tasks)
            {
                if (run.AwaitsPast(task))
                {
                    met.Add(task);
                }
            }

            if (met.Count > 0)
            {
                Emit(new PastMet([.. met]));
                var candidates = new List<int>();
                foreach (var task in met.SelectMany(run.Graph.TogetherWith))
                {
                    var (first, length) = run.InstancesOf(task);
                    candidates.AddRange(Enumerable.Range(first, length));
                }

                Settle(candidates);
                EndIfDone(command.At);
            }
        }

        public void Cancel(CancelRun command)
        {
            var running = new List<int>();
            var waiting = new List<int>();
            for (var instance = 0; instance < run.Instances; instance++)
            {
                if (!run.StateOf(instance).IsFinished())
                {
                    (run.WorkerOf(instance) is null ? waiting : running).Add(instance);
                }
            }

            Resolve(TaskState.Failed, running, command.Reason);
            Resolve(TaskState.Skipped, waiting);
            End(RunState.Failed, command.At, command.Reason);
        }

        /// <summary>What runs is stopped, what waits is skipped; teardowns go by their rules.</summary>
        private void StopTheRest(int failed, List<int> candidates)
        {
            var running = new List<int>();
            var waiting = new List<int>();
            for (var instance = 0; instance < run.Instances; instance++)
            {
                if (!run.StateOf(instance).IsFinished() && run.SpecOf(instance).Kind != Dags.TaskKind.Teardown)
                {
                    (run.WorkerOf(instance) is null ? waiting : running).Add(instance);
                }
            }

            var why = $"fail_fast: {run.NameOf(failed)} failed";
            Resolve(TaskState.Failed, running, why);
            Resolve(TaskState.Skipped, waiting, why);
            foreach (var instance in running.Concat(waiting))
            {
                Follow(instance, candidates);
            }
        }

        private void Schedule(List<int> ready)
        {
            if (ready.Count > 0)
            {
                Emit(new TasksScheduled([.. ready]));
            }
        }

        private void Resolve(TaskState state, List<int> instances, string? why = null)
        {
            if (instances.Count > 0)
            {
                Emit(new TasksResolved(state, [.. instances], why));
                if (state is TaskState.Failed or TaskState.Success)
                {
                    Raise(state == TaskState.Failed ? CallbackTrigger.Failure : CallbackTrigger.Success, instances, why);
                }
            }
        }

        /// <summary>The effective leaves decide (semantics.md, 2): failed when one of them failed or was failed by its upstreams.</summary>
        private void EndIfDone(DateTimeOffset at)
        {
            if (run.Unfinished > 0)
            {
                if (run.Moving == 0)
                {
                    EndIfStuck(at);
                }

                return;
            }

            End(EndByLeaves(), at);
        }

        private RunState EndByLeaves()
        {
            for (var task = 0; task < run.Graph.Count; task++)
            {
                if (run.Graph.Counts(task) && HasFailed(task) && !IsFollowed(task))
                {
                    return RunState.Failed;
                }
            }

            return RunState.Success;
        }

        /// <summary>Whether something that counts comes after a task. What was removed was no part of the run: a failure does not hide behind it.</summary>
        private bool IsFollowed(int task)
        {
            HashSet<int>? passed = null;
            var open = new Stack<int>([task]);
            while (open.TryPop(out var at))
            {
                foreach (var next in run.Graph.Downstream(at))
                {
                    if (run.InstancesOf(next) is (var only, 1) && run.StateOf(only) == TaskState.Removed)
                    {
                        if ((passed ??= []).Add(next))
                        {
                            open.Push(next);
                        }
                    }
                    else if (run.Graph.Counts(next))
                    {
                        return true;
                    }
                }
            }

            return false;
        }

        /// <summary>Nothing moves and something is left: it would wait for ever, unless it waits for the previous run.</summary>
        private void EndIfStuck(DateTimeOffset at)
        {
            var stuck = new List<int>();
            for (var instance = 0; instance < run.Instances; instance++)
            {
                if (run.StateOf(instance) != TaskState.None)
                {
                    continue;
                }

                var task = run.TaskOf(instance);
                if (run.AwaitsPast(task) || run.Graph.ScopeOf(task)?.Tasks.Any(run.AwaitsPast) == true)
                {
                    return;
                }

                stuck.Add(instance);
            }

            const int MostNamed = 3;
            var named = new List<string>();
            foreach (var instance in stuck.Take(MostNamed))
            {
                var waitsFor = new List<string>();
                foreach (var upstream in run.SpecOf(instance).Upstream)
                {
                    if (run.OpenOf(upstream) > 0)
                    {
                        waitsFor.Add(run.Graph.Spec.Tasks[upstream].Id.Value);
                    }
                }

                named.Add($"{run.NameOf(instance)} ({run.SpecOf(instance).TriggerRule}) waits for {string.Join(", ", waitsFor)}");
            }

            var more = stuck.Count > MostNamed ? $"; and {stuck.Count - MostNamed} more" : "";
            Resolve(TaskState.Skipped, stuck);
            End(RunState.Failed, at, $"all_tasks_deadlocked: {string.Join("; ", named)}{more}");
        }

        private bool HasFailed(int task)
        {
            var (first, length) = run.InstancesOf(task);
            for (var instance = first; instance < first + length; instance++)
            {
                if (run.StateOf(instance) is TaskState.Failed or TaskState.UpstreamFailed)
                {
                    return true;
                }
            }

            return false;
        }

        private void Emit(DagRunEvent happened)
        {
            var jobs = RemoteJobs(happened);
            Events.Add(happened);
            run.Evolve(happened);
            if (jobs is not null)
            {
                StopLeft(jobs, happened);
            }
        }
    }
}
