using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What people change by hand (docs/concepts/clearing.md).</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        public void Clear(ClearTasks command)
        {
            var chosen = new HashSet<int>(SelectedTasks.Of(run, command.Selection));
            AddSetupsAndTeardowns(chosen);
            Reopen(chosen, command.By, command.At);
        }

        public void Mark(MarkTasks command)
        {
            var marked = new List<int>();
            foreach (var instance in SelectedTasks.Of(run, command.Selection))
            {
                if (run.StateOf(instance) != TaskState.Removed && (run.StateOf(instance) != command.State || run.IsRestarting(instance)))
                {
                    marked.Add(instance);
                }
            }

            if (marked.Count == 0)
            {
                return;
            }

            Emit(new TasksMarked(command.State, [.. marked], command.By));
            if (run.Phase == RunState.Running)
            {
                var candidates = new List<int>();
                foreach (var ended in marked)
                {
                    Follow(ended, candidates);
                }

                Settle(candidates);
            }

            // What failed only because these had failed may run now.
            var freed = command.State == TaskState.Failed ? [] : Freed(marked);
            if (freed.Count > 0)
            {
                Reopen(freed, command.By, command.At);
            }
            else if (run.Phase == RunState.Running)
            {
                EndIfDone(command.At);
            }
            else if (run.Phase != RunState.Queued && EndByLeaves() is var state && state != run.Phase)
            {
                Emit(new RunEnded(state, command.At, command.By.Sentence($"tasks were marked {command.State.Name()}")));
            }
        }

        /// <summary>Those after the marked that are upstream_failed, and for which no other failure remains.</summary>
        private HashSet<int> Freed(List<int> marked)
        {
            var (state, freed) = (run, new HashSet<int>());
            foreach (var after in SelectedTasks.After(run, marked))
            {
                if (run.StateOf(after) == TaskState.UpstreamFailed)
                {
                    freed.Add(after);
                }
            }

            bool StillFails(int instance)
            {
                var spec = state.SpecOf(instance);
                if (spec.TriggerRule is not (TriggerRule.AllSuccess or TriggerRule.NoneFailed or TriggerRule.NoneFailedMinOneSuccess))
                {
                    return false;
                }

                foreach (var before in SelectedTasks.Before(state, instance))
                {
                    if (state.StateOf(before) is TaskState.Failed or TaskState.UpstreamFailed && !freed.Contains(before))
                    {
                        return true;
                    }
                }

                return false;
            }

            while (freed.RemoveWhere(StillFails) > 0)
            {
            }

            return freed;
        }

        public void Mark(MarkRun command)
        {
            var (running, waiting, bad) = (new List<int>(), new List<int>(), new List<int>());
            for (var instance = 0; instance < run.Instances; instance++)
            {
                var state = run.StateOf(instance);
                if (state is TaskState.Failed or TaskState.UpstreamFailed)
                {
                    bad.Add(instance);
                }
                else if (!state.IsFinished())
                {
                    (run.WorkerOf(instance) is null ? waiting : running).Add(instance);
                }
            }

            if (run.Phase is RunState.Queued or RunState.Running)
            {
                Miss(command.At, includingNow: false);
            }

            var end = command.State switch { TaskState.Success => RunState.Success, TaskState.Failed => RunState.Failed, _ => (RunState?)null };
            if (command.State == TaskState.Success)
            {
                Mark(TaskState.Success, [.. running, .. waiting, .. bad], command.By);
            }
            else
            {
                Mark(command.State, running, command.By);
                Mark(TaskState.Skipped, waiting, command.By);
            }

            if (run.Phase is RunState.Queued or RunState.Running || (end is { } other && other != run.Phase))
            {
                Emit(new RunEnded(end ?? EndByLeaves(), command.At, command.By.Sentence($"marked {command.State.Name()}")));
            }
        }

        private void Mark(TaskState state, List<int> instances, ByHand by)
        {
            if (instances.Count > 0)
            {
                instances.Sort();
                Emit(new TasksMarked(state, [.. instances], by));
            }
        }

        /// <summary>Takes instances back to none; what is with a worker is stopped first.</summary>
        private void Reopen(HashSet<int> chosen, ByHand by, DateTimeOffset at)
        {
            chosen.RemoveWhere(CannotReopen(run));
            var unmapped = AddMapped(chosen);
            chosen.RemoveWhere(CannotReopen(run));
            var (cleared, stopping) = (new List<int>(), new List<int>());
            foreach (var instance in chosen)
            {
                (run.WorkerOf(instance) is null ? cleared : stopping).Add(instance);
            }

            if (cleared.Count + stopping.Count + unmapped.Count == 0)
            {
                return;
            }

            cleared.Sort();
            stopping.Sort();
            var wasOver = run.Phase is RunState.Success or RunState.Failed;
            Emit(new TasksCleared([.. cleared], stopping.Count == 0 ? null : [.. stopping], unmapped.Count == 0 ? null : [.. unmapped.Order()], by));
            if (wasOver && run.Deadlines.Count > 0)
            {
                Emit(new DeadlinesReopened(at));
            }

            if (run.Phase == RunState.Running)
            {
                Settle([.. cleared, .. unmapped]);
                EndIfDone(at);
            }
        }

        private static Predicate<int> CannotReopen(DagRunState run) => instance =>
            run.StateOf(instance) is TaskState.None or TaskState.Removed || run.IsGone(instance) || run.IsRestarting(instance);

        /// <summary>Work needs what its setups make, and what they make must go away again (semantics.md, 5).</summary>
        private void AddSetupsAndTeardowns(HashSet<int> chosen)
        {
            var graph = run.Graph;
            foreach (var instance in chosen.ToList())
            {
                if (run.SpecOf(instance).Kind != TaskKind.Work)
                {
                    continue;
                }

                var setups = new List<int>();
                foreach (var upstream in run.SpecOf(instance).Upstream)
                {
                    if (graph.Spec.Tasks[upstream].Kind == TaskKind.Setup)
                    {
                        setups.Add(upstream);
                    }
                }

                setups.AddRange(graph.IndirectSetups(run.TaskOf(instance)));
                foreach (var setup in setups)
                {
                    chosen.Add(setup);
                    foreach (var next in graph.Downstream(setup))
                    {
                        if (graph.Spec.Tasks[next].Kind == TaskKind.Teardown)
                        {
                            chosen.Add(next);
                        }
                    }
                }
            }
        }

        /// <summary>What is expanded over something that runs again is expanded again, all of it.</summary>
        /// <returns>Tasks whose instances go; these are no longer among the chosen.</returns>
        private HashSet<int> AddMapped(HashSet<int> chosen)
        {
            var unmapped = new HashSet<int>();
            var (state, again) = (run, true);
            bool IsOpen(int task)
            {
                var (first, length) = state.InstancesOf(task);
                return unmapped.Contains(task) || state.OpenOf(task) > 0 || Enumerable.Range(first, length).Any(chosen.Contains);
            }

            while (again)
            {
                again = false;
                for (var task = 0; task < run.Graph.Count; task++)
                {
                    if (run.Graph.ScopeOf(task) is not { } scope || !run.IsGone(task) || unmapped.Contains(task))
                    {
                        continue;
                    }

                    var (first, length) = run.InstancesOf(task);
                    var instances = Enumerable.Range(first, length);
                    if (!instances.Any(chosen.Contains))
                    {
                        continue;
                    }

                    var before = scope.IsGroup ? scope.Outside : run.Graph.Spec.Tasks[task].Upstream;
                    if (scope.Map.Sources.Any(source => source.Task is { } producer && IsOpen(producer)) || before.Any(IsOpen))
                    {
                        foreach (var together in scope.Tasks.Where(run.IsGone))
                        {
                            unmapped.Add(together);
                            var (from, count) = run.InstancesOf(together);
                            chosen.ExceptWith(Enumerable.Range(from, count));
                        }

                        again = true;
                    }
                    else if (run.Graph.MappedKeys(task) is not null && !instances.All(chosen.Contains))
                    {
                        // The list of what they return is made anew as a whole.
                        chosen.UnionWith(instances);
                        again = true;
                    }
                }
            }

            return unmapped;
        }
    }
}
