using Sluice.Authoring.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Dags;

public sealed class GraphTextTests
{
    [Fact]
    public void Branches_go_right_chains_go_down_and_a_task_is_drawn_once()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.Schedule = Schedule.Daily;
            dag.StartDate = Date.Of(2021, 2, 5);
            dag.Description = "An example";
            var end = dag.Add("end", new CopyOperator(), task => task.TriggerRule = TriggerRule.AllDone);
            dag.Add("start", new CopyOperator()).Then([dag.Add("b", new CopyOperator()).Then(end), dag.Run("c", ctx => { })]);
            dag.Add("start2", new CopyOperator()).Then(dag.Add("x", new CopyOperator()));
        });

        Assert.Equal(
            """
            example  @daily, from 2021-02-05T00:00:00Z, UTC, 6 tasks
              An example
              start (CopyOperator)
              ├─ end (CopyOperator, all_done)
              └─ c (Code)
              b (CopyOperator)
              → end ↑
              start2 (CopyOperator)
              → x (CopyOperator)

            """,
            GraphText.Draw(dag.Spec));
    }

    [Fact]
    public void A_chain_of_thousands_is_drawn_without_a_stack()
    {
        var dag = Definitions.Define(dag =>
        {
            Nodes? last = null;
            for (var i = 0; i < 9_000; i++)
            {
                Nodes next = dag.Add($"t{i}", new CopyOperator());
                last?.Then(next);
                last = next;
            }
        });

        Assert.Equal(9_001, GraphText.Draw(dag.Spec).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
