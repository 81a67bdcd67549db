using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Dags;

namespace Sluice.Core.Tests.Dags;

public sealed class TaskWeightTests
{
    /// <summary>A diamond with a tail: 0 before 1 and 2, those before 3, 3 before 4. Weights by Airflow's rules, and ranks.</summary>
    [Theory]
    [InlineData(WeightRule.Downstream, "1 1 1 1 1", "5 3 3 2 1", "1 1 1 1 1")]
    [InlineData(WeightRule.Downstream, "1 1 1 1 10", "14 12 12 11 10", "10 10 10 10 10")]
    [InlineData(WeightRule.Downstream, "1 5 1 1 1", "9 7 3 2 1", "5 5 1 1 1")]
    [InlineData(WeightRule.Upstream, "1 1 1 1 1", "1 2 2 4 5", "1 1 1 1 1")]
    [InlineData(WeightRule.Upstream, "3 1 1 1 1", "3 4 4 6 7", "3 3 3 3 3")]
    [InlineData(WeightRule.Absolute, "3 1 -4 1 10", "3 1 -4 1 10", "3 1 -4 1 10")]
    public void A_task_weighs_what_its_rule_says(WeightRule rule, string priorities, string weights, string ranks)
    {
        int[][] upstream = [[], [0], [0], [1, 2], [3]];
        var own = priorities.Split(' ').Select(int.Parse).ToList();
        var graph = GraphOf([.. upstream.Select((before, i) => Task(i, before) with { Priority = own[i], WeightRule = rule })]);

        Assert.Equal(weights, string.Join(' ', Enumerable.Range(0, 5).Select(task => graph.WeightOf(task).Weight)));
        Assert.Equal(ranks, string.Join(' ', Enumerable.Range(0, 5).Select(task => graph.WeightOf(task).Rank)));
    }

    [Fact]
    public void Without_a_rule_a_task_weighs_what_comes_after_it_too()
    {
        var graph = GraphOf([Task(0), Task(1, 0) with { WeightRule = WeightRule.Absolute }, Task(2, 1)]);

        Assert.Equal([new(1, 3), new(1, 1), new(1, 1)], Enumerable.Range(0, 3).Select(graph.WeightOf));
    }

    [Fact]
    public void In_any_Dag_each_task_that_is_reached_counts_once()
    {
        var dags = from size in Gen.Choose(1, 40)
                   from edges in Gen.Choose(0, 99).ArrayOf(size * size)
                   from priorities in Gen.Choose(-3, 9).ArrayOf(size)
                   select Enumerable.Range(0, size)
                       .Select(i => Task(i, [.. Enumerable.Range(0, i).Where(before => edges[(i * size) + before] < 12)]) with { Priority = priorities[i] }).ToArray();
        Prop.ForAll(dags.ToArbitrary(), tasks =>
        {
            var graph = GraphOf(tasks);
            return Enumerable.Range(0, tasks.Length).All(task =>
            {
                var reached = new HashSet<int> { task };
                for (var other = task + 1; other < tasks.Length; other++)
                {
                    if (tasks[other].Upstream.Any(reached.Contains))
                    {
                        reached.Add(other);
                    }
                }

                return graph.WeightOf(task) == new TaskWeight(1 + reached.Sum(i => tasks[i].Priority - 1), reached.Sum(i => tasks[i].Priority));
            });
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Dags_that_are_larger_than_a_block_are_counted_whole()
    {
        const int Count = 10_000;
        var graph = GraphOf([Task(0), .. Enumerable.Range(1, Count).Select(i => Task(i, 0)), Task(Count + 1, [.. Enumerable.Range(1, Count)])]);

        Assert.Equal(new(1, Count + 2), graph.WeightOf(0));
        Assert.Equal(new(1, 2), graph.WeightOf(Count));
    }

    private static DagGraph GraphOf(TaskSpec[] tasks) => new(new() { Id = new("dag"), Tasks = tasks });

    private static TaskSpec Task(int i, params int[] upstream) => new() { Id = new($"t{i}"), Operator = "EmptyOperator", Upstream = upstream };
}
