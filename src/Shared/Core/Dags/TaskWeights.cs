using System.Numerics;

namespace Sluice.Core.Dags;

/// <summary>A task's place among tasks that wait.</summary>
/// <param name="Rank">
/// Against all Dags: the task's priority and what the tasks that count for it ask for beyond 1, so that the number of tasks of a Dag gives it
/// no advantage over others.
/// </param>
/// <param name="Weight">Among tasks of one Dag and rank: the sum of the priorities, as Airflow's priority weight.</param>
public readonly record struct TaskWeight(int Rank, long Weight);

/// <summary>Effective priorities of all tasks of a Dag, by their weight rules.</summary>
internal static class TaskWeights
{
    // Whom a task reaches is found for so many tasks at a time: a Dag of 20,000 takes 10 MB for a moment, not 50.
    private const int Block = 4096;
    private const int Words = Block / 64;

    public static TaskWeight[] Of(DagSpec dag, int[][] downstream)
    {
        var order = Order(dag, downstream);
        var after = Sum(dag, order, task => downstream[task], WeightRule.Downstream);
        order.Reverse();
        var before = Sum(dag, order, task => dag.Tasks[task].Upstream, WeightRule.Upstream);
        return [.. dag.Tasks.Select((task, i) => RuleOf(task) switch
        {
            WeightRule.Downstream => after[i],
            WeightRule.Upstream => before[i],
            _ => new TaskWeight(task.Priority, task.Priority),
        })];
    }

    private static WeightRule RuleOf(TaskSpec task) => task.WeightRule ?? WeightRule.Downstream;

    /// <summary>All tasks, each after those that come after it.</summary>
    private static List<int> Order(DagSpec dag, int[][] downstream)
    {
        var left = Array.ConvertAll(downstream, next => next.Length);
        var order = new List<int>(left.Length);
        order.AddRange(Enumerable.Range(0, left.Length).Where(task => left[task] == 0));
        for (var i = 0; i < order.Count; i++)
        {
            foreach (var upstream in dag.Tasks[order[i]].Upstream)
            {
                if (--left[upstream] == 0)
                {
                    order.Add(upstream);
                }
            }
        }

        return order;
    }

    /// <summary>For each task the priorities of itself and of all that it reaches; each of those is counted once, whatever the ways to it.</summary>
    private static TaskWeight[] Sum(DagSpec dag, List<int> order, Func<int, IReadOnlyList<int>> next, WeightRule rule)
    {
        var (beyond, whole) = (new long[dag.Tasks.Count], new long[dag.Tasks.Count]);
        if (dag.Tasks.All(task => RuleOf(task) != rule))
        {
            return new TaskWeight[whole.Length];
        }

        var reached = new ulong[whole.Length][];
        for (var from = 0; from < whole.Length; from += Block)
        {
            foreach (var task in order)
            {
                var set = reached[task] ??= new ulong[Words];
                Array.Clear(set);
                foreach (var other in next(task))
                {
                    for (var word = 0; word < Words; word++)
                    {
                        set[word] |= reached[other][word];
                    }
                }

                if (task >= from && task < from + Block)
                {
                    set[(task - from) / 64] |= 1UL << ((task - from) % 64);
                }

                for (var word = 0; word < Words; word++)
                {
                    for (var bits = set[word]; bits != 0; bits &= bits - 1)
                    {
                        var priority = dag.Tasks[from + (word * 64) + BitOperations.TrailingZeroCount(bits)].Priority;
                        whole[task] += priority;
                        beyond[task] += priority - 1L;
                    }
                }
            }
        }

        return [.. whole.Select((weight, task) => new TaskWeight((int)Math.Clamp(beyond[task] + 1, int.MinValue + 1, int.MaxValue), weight))];
    }
}
