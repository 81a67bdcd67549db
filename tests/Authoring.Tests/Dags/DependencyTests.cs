using Sluice.Authoring.Dags;

namespace Sluice.Authoring.Tests.Dags;

public sealed class DependencyTests
{
    [Fact]
    public void Then_returns_what_comes_next_so_that_calls_chain()
    {
        var dag = Definitions.Define(dag => Task(dag, "a").Then(Task(dag, "b")).Then(Task(dag, "c")));

        Assert.Equal("a>b b>c", dag.Edges());
    }

    [Fact]
    public void Lists_fan_out_and_in()
    {
        var dag = Definitions.Define(dag =>
        {
            List<TaskNode> middle = [Task(dag, "b"), Task(dag, "c")];
            Task(dag, "a").Then(middle).Then(Task(dag, "d")).Then([Task(dag, "e"), Task(dag, "f")]);
        });

        Assert.Equal("a>b a>c b>d c>d d>e d>f", dag.Edges());
    }

    [Fact]
    public void An_empty_list_keeps_the_order_of_what_stands_around_it()
    {
        var dag = Definitions.Define(dag => Task(dag, "a").Then(Array.Empty<TaskNode>()).Then(Task(dag, "b")));

        Assert.Equal("a>b", dag.Edges());
    }

    [Fact]
    public void Chain_links_lists_pairwise_and_single_tasks_with_all()
    {
        var dag = Definitions.Define(dag =>
            Dag.Chain(Task(dag, "a"), [Task(dag, "b"), Task(dag, "c")], [Task(dag, "d"), Task(dag, "e")], [], Task(dag, "f")));

        Assert.Equal("a>b a>c b>d c>e d>f e>f", dag.Edges());
    }

    [Fact]
    public void Chain_refuses_lists_of_different_lengths()
    {
        var collector = Definitions.Collect(dag =>
            Dag.Chain([Task(dag, "a"), Task(dag, "b")], [Task(dag, "c"), Task(dag, "d"), Task(dag, "e")]));

        Assert.Contains("[a, b] has 2 and [c, d, e] has 3", Assert.Single(collector.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cross_downstream_links_all_with_all()
    {
        var dag = Definitions.Define(dag => Dag.CrossDownstream([Task(dag, "a"), Task(dag, "b")], [Task(dag, "c"), Task(dag, "d")]));

        Assert.Equal("a>c a>d b>c b>d", dag.Edges());
    }

    [Fact]
    public void After_is_then_read_backwards()
    {
        var dag = Definitions.Define(dag => Task(dag, "c").After(Task(dag, "a"), Task(dag, "b")));

        Assert.Equal("a>c b>c", dag.Edges());
    }

    [Fact]
    public void A_group_is_entered_by_its_first_tasks_and_left_by_its_last_wherever_the_links_were_written()
    {
        var dag = Definitions.Define(dag =>
        {
            TaskNode? x = null, y = null, z = null;
            var group = dag.Group("g", g =>
            {
                x = Task(g, "x");
                g.Group("inner", inner => y = Task(inner, "y"));
                z = Task(g, "z");
            });
            Task(dag, "start").Then(group).Then(Task(dag, "end"));
            x!.Then(y!);
        });

        Assert.Equal("g.inner.y>end g.x>g.inner.y g.z>end start>g.x start>g.z", dag.Edges());
    }

    [Fact]
    public void Groups_in_a_row_link_last_tasks_with_first_ones()
    {
        var dag = Definitions.Define(dag =>
        {
            var groups = Enumerable.Range(1, 2).Select(i => dag.Group($"g{i}", g => Task(g, "a").Then(Task(g, "b")))).ToList();
            groups[0].Then(groups[1]);
        });

        Assert.Equal("g1.a>g1.b g1.b>g2.a g2.a>g2.b", dag.Edges());
    }

    [Fact]
    public void An_empty_group_lets_its_neighbours_wait_for_each_other()
    {
        var dag = Definitions.Define(dag =>
        {
            var empty = dag.Group("empty", _ => { });
            var nested = dag.Group("nested", g => g.Group("empty", _ => { }));
            Task(dag, "a").Then(empty).Then(nested).Then(Task(dag, "b"));
        });

        Assert.Equal("a>b", dag.Edges());
    }

    [Fact]
    public void A_group_cannot_wait_for_its_own_task()
    {
        var collector = Definitions.Collect(dag =>
        {
            TaskNode? inside = null;
            var group = dag.Group("g", g => inside = Task(g, "a"));
            inside!.Then(group);
        });

        Assert.Contains("Group 'g' cannot wait for 'g.a'", Assert.Single(collector.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dependencies_stay_inside_one_dag()
    {
        var collector = new DagCollector(null, _ => null);
        collector.Collect(() =>
        {
            TaskNode? other = null;
            Dag.Define("one", dag => other = Task(dag, "a"));
            Dag.Define("two", dag => Task(dag, "b").Then(other!));
        });

        Assert.Contains("dependencies stay inside one Dag", Assert.Single(collector.Problems).Message, StringComparison.Ordinal);
    }

    private static TaskNode Task(TaskScope scope, string id) => scope.Add(id, new CopyOperator());
}
