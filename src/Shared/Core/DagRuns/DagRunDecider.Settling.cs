using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>How an end is carried to those that hang on it.</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        /// <summary>Looks at these instances, and on at those after the ones that end by their rule alone, in rounds: chains may be as long as they like.</summary>
        private void Settle(List<int> candidates)
        {
            var ready = new List<int>();
            var judged = new HashSet<int>();
            while (candidates.Count > 0)
            {
                var round = new Round();
                foreach (var candidate in Spread(candidates))
                {
                    if (run.StateOf(candidate) != TaskState.None || judged.Contains(candidate))
                    {
                        continue;
                    }

                    var ending = Evaluate(candidate) switch
                    {
                        TriggerVerdict.Run when run.AwaitsPast(run.TaskOf(candidate)) => null,
                        TriggerVerdict.Run when IsMapped(candidate) => round.Mapped,
                        TriggerVerdict.Run when run.SpecOf(candidate) is { Operator: EmptyOperator, Host: TaskHost.Worker } => round.Empty,
                        TriggerVerdict.Run => ready,
                        TriggerVerdict.Skip => round.Skipped,
                        TriggerVerdict.UpstreamFail => round.Failed,
                        _ => null,
                    };
                    if (ending is not null)
                    {
                        ending.Add(candidate);
                        judged.Add(candidate);
                    }
                }

                candidates = Close(round, judged);
            }

            Schedule(ready);
        }

        /// <summary>The number of an expanded task whose instances look at all stands for these, once there is something to tell those that are unsettled.</summary>
        private List<int> Spread(List<int> candidates)
        {
            List<int>? spread = null;
            HashSet<int>? told = null;
            foreach (var candidate in candidates)
            {
                if (candidate < run.Graph.Count && run.IsGone(candidate) && run.UnsettledOf(candidate) > 0 && run.Graph.LooksAtAll(candidate)
                    && (told ??= []).Add(candidate) && ByRule(candidate) != TriggerVerdict.Wait)
                {
                    var (first, length) = run.InstancesOf(candidate);
                    (spread ??= [.. candidates]).AddRange(Enumerable.Range(first, length));
                }
            }

            return spread ?? candidates;
        }

        private List<int> Close(Round round, HashSet<int> judged)
        {
            Resolve(TaskState.Success, round.Empty);
            Resolve(TaskState.Skipped, round.Skipped);
            Resolve(TaskState.UpstreamFailed, round.Failed);
            var next = new List<int>();
            foreach (var ended in round.Empty.Concat(round.Skipped).Concat(round.Failed))
            {
                Follow(ended, next);
            }

            foreach (var mapped in round.Mapped)
            {
                judged.Remove(mapped);
                if (run.StateOf(mapped) == TaskState.None)
                {
                    Expand(mapped, next);
                }
            }

            return next;
        }

        /// <summary>What a task instance may do now; a mapped group that may be expanded says run for each of its tasks.</summary>
        private TriggerVerdict Evaluate(int instance)
        {
            if (run.IsBarred(instance))
            {
                return TriggerVerdict.Skip;
            }

            if (run.IsAdmitted(instance))
            {
                return TriggerVerdict.Run;
            }

            var verdict = ByRule(instance);
            if (!IsMapped(instance) || verdict is TriggerVerdict.Skip or TriggerVerdict.UpstreamFail)
            {
                return verdict;
            }

            var scope = run.Graph.ScopeOf(instance)!;
            return (scope.IsGroup || verdict == TriggerVerdict.Run) && MayExpand(scope) ? TriggerVerdict.Run : TriggerVerdict.Wait;
        }

        private TriggerVerdict ByRule(int instance)
        {
            var task = run.TaskOf(instance);
            var verdict = BySetups(task);
            return verdict != TriggerVerdict.Run
                ? verdict
                : TriggerRules.Evaluate(
                    run.Graph.Spec.Tasks[task].TriggerRule, run.ExpectedOf(instance), run.UpstreamsOf(instance), run.Graph.SetupsBefore(task));
        }

        /// <summary>Inside the scope of setups everything needs them, also what does not come directly after them (semantics.md, 4).</summary>
        private TriggerVerdict BySetups(int task)
        {
            var verdict = TriggerVerdict.Run;
            foreach (var setup in run.Graph.IndirectSetups(task))
            {
                switch (run.StateOf(setup))
                {
                    case TaskState.Failed or TaskState.UpstreamFailed:
                        return TriggerVerdict.UpstreamFail;
                    case TaskState.Skipped:
                        verdict = TriggerVerdict.Skip;
                        break;
                    case TaskState.Success or TaskState.Removed:
                        break;
                    default:
                        verdict = verdict == TriggerVerdict.Skip ? verdict : TriggerVerdict.Wait;
                        break;
                }
            }

            return verdict;
        }

        /// <summary>True for the number that stands for a mapped task before it is expanded.</summary>
        private bool IsMapped(int instance) => instance < run.Graph.Count && run.Graph.ScopeOf(instance) is not null;

        /// <summary>A group waits for all that any of its tasks waits for outside: from then on its instances look only at each other.</summary>
        private bool MayExpand(MapScope scope)
        {
            foreach (var source in scope.Map.Sources)
            {
                if (source.Task is { } producer && run.OpenOf(producer) > 0)
                {
                    return false;
                }
            }

            foreach (var upstream in scope.Outside)
            {
                if (run.OpenOf(upstream) > 0)
                {
                    return false;
                }
            }

            if (scope.IsGroup)
            {
                foreach (var task in scope.Tasks)
                {
                    if (run.AwaitsPast(task))
                    {
                        return false;
                    }
                }
            }

            return true;
        }

        private void Expand(int mapped, List<int> next)
        {
            var scope = run.Graph.ScopeOf(mapped)!;
            var lengths = new int[scope.Map.Sources.Count];
            for (var i = 0; i < lengths.Length; i++)
            {
                var source = scope.Map.Sources[i];
                if ((source.Task is { } producer ? run.LengthOf(producer, source.Key) : OutputLength.Of(source.Values!)) is not { } length)
                {
                    var (first, count) = run.InstancesOf(source.Task!.Value);
                    var state = TaskState.Skipped;
                    for (var instance = first; instance < first + count; instance++)
                    {
                        state = run.StateOf(instance) is TaskState.Failed or TaskState.UpstreamFailed ? TaskState.UpstreamFailed : state;
                    }

                    EndUnexpanded(mapped, state, $"{run.Graph.Spec.Tasks[source.Task.Value].Id} has no output to map over", next);
                    return;
                }

                lengths[i] = length;
            }

            var limit = run.Graph.Spec.MaxMapLength ?? MapSpec.DefaultMaxLength;
            if (scope.Map.LengthOf(lengths) is not { } total || total > limit)
            {
                var what = $"{string.Join(" x ", lengths)} instances are more than the limit of {limit} (max_map_length)";
                EndUnexpanded(mapped, TaskState.Failed, what, next);
                return;
            }

            var tasks = scope.Tasks.Where(Unbegun(run)).ToArray();
            if (total == 0)
            {
                Resolve(TaskState.Skipped, [.. tasks], "there is nothing to map over");
                foreach (var task in tasks)
                {
                    Follow(task, next);
                }

                return;
            }

            var from = run.Instances;
            Emit(new TasksExpanded(tasks, total, from));
            for (var index = 0; index < total; index++)
            {
                for (var task = 0; task < tasks.Length; task++)
                {
                    next.Add(from + (task * total) + index);
                }
            }

            // Those of the group that were expanded before wait for what is there now.
            foreach (var other in scope.Tasks)
            {
                if (run.IsGone(other) && Array.IndexOf(tasks, other) < 0)
                {
                    var (first, length) = run.InstancesOf(other);
                    next.AddRange(Enumerable.Range(first, length));
                }
            }
        }

        private static Func<int, bool> Unbegun(DagRunState run) => task => run.StateOf(task) == TaskState.None;

        /// <summary>In a group only those end that could run; the others go by their rules.</summary>
        private void EndUnexpanded(int mapped, TaskState state, string why, List<int> next)
        {
            if (ByRule(mapped) == TriggerVerdict.Run)
            {
                Resolve(state, [mapped], why);
                Follow(mapped, next);
            }
        }

        /// <summary>Adds those that hang on an instance that has ended.</summary>
        private void Follow(int ended, List<int> next)
        {
            var task = run.TaskOf(ended);
            foreach (var downstream in run.Graph.Downstream(task))
            {
                if (run.IsGone(downstream))
                {
                    next.Add(downstream);
                }

                if (run.Following(ended, downstream) is >= 0 and var target)
                {
                    // What one task of a mapped group waited for may be what the others lacked to be expanded.
                    if (IsMapped(target))
                    {
                        next.AddRange(run.Graph.TogetherWith(target));
                    }
                    else
                    {
                        next.Add(target);
                    }
                }
                else if (run.Late(ended, downstream) is var (from, count))
                {
                    next.AddRange(Enumerable.Range(from, count));
                }
            }

            foreach (var guarded in run.Graph.IndirectlyGuarded(task))
            {
                var (first, length) = run.InstancesOf(guarded);
                next.AddRange(Enumerable.Range(first, length));
            }
        }
    }

    /// <summary>What one round of settling ends.</summary>
    private sealed class Round
    {
        public List<int> Empty { get; } = [];

        public List<int> Skipped { get; } = [];

        public List<int> Failed { get; } = [];

        public List<int> Mapped { get; } = [];
    }
}
