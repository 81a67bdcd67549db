using Sluice.Authoring.Dags;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Dags;

public sealed class DagBuilderTests
{
    [Fact]
    public void A_task_takes_its_settings_from_itself_then_its_groups_then_the_dag()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.Group("outer", outer =>
            {
                outer.Defaults.Queue = "outer";
                outer.Group("inner", inner =>
                {
                    inner.Defaults.Priority = 7;
                    inner.Add("own", new CopyOperator(), task => task.Retries = 0);
                    inner.Add("inherited", new CopyOperator());
                });
            });
            dag.Defaults.Retries = 2;
            dag.Defaults.Queue = "dag";
        });

        Assert.Equal(
            [("outer.inner.own", 0, "outer", 7), ("outer.inner.inherited", 2, "outer", 7)],
            dag.Spec.Tasks.Select(t => (t.Id.Value, t.Retries, t.Queue, t.Priority)));
    }

    [Fact]
    public void Dates_are_read_in_the_zone_of_the_dag_whatever_is_set_first()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.StartDate = Date.Of(2021, 2, 5);
            dag.EndDate = new DateTimeOffset(2021, 3, 1, 0, 0, 0, TimeSpan.FromHours(2));
            dag.TimeZone = "Asia/Seoul";
            dag.Schedule = Schedule.Daily;
        });

        Assert.Equal(new DateTimeOffset(2021, 2, 4, 15, 0, 0, TimeSpan.Zero), dag.Spec.StartDate);
        Assert.Equal(new DateTimeOffset(2021, 2, 28, 22, 0, 0, TimeSpan.Zero), dag.Spec.EndDate);
    }

    [Fact]
    public void An_unknown_time_zone_is_a_problem_with_its_place()
    {
        var collector = Definitions.Collect(dag =>
        {
            dag.TimeZone = "Asia/Atlantis";
            dag.StartDate = Date.Of(2021, 2, 5);
        });

        var problem = Assert.Single(collector.Problems);
        Assert.Contains("Asia/Atlantis", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("Definitions.cs", problem.Location!.File, StringComparison.Ordinal);
    }

    [Fact]
    public void Built_in_operators_become_data_and_own_code_stays_in_a_runner()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.Add("copy", new CopyOperator { Query = "select '{{ ds }}'", Mode = CopyMode.FullRefresh, Keys = ["id"], Gap = TimeSpan.FromMinutes(1) });
            dag.Add("wait", new DoorSensor { Door = "front", Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(3), SoftFail = true, SilentFail = true, ExponentialBackoff = true, MaxWait = TimeSpan.FromMinutes(2) });
            dag.Run("code", ctx => 1);
        });

        Assert.Equal([TaskHost.Worker, TaskHost.Worker, TaskHost.Runner], dag.Spec.Tasks.Select(t => t.Host));
        Assert.Equal(["CopyOperator", "DoorSensor", "Code"], dag.Spec.Tasks.Select(t => t.Operator));
        Assert.Equal("""{"query":"select '{{ ds }}'","keys":["id"],"mode":"full_refresh","gap":"00:01:00"}""", dag.Spec.Tasks[0].Arguments);
        Assert.Equal("""{"door":"front"}""", dag.Spec.Tasks[1].Arguments);
        Assert.Equal(new SensorSpec { Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(3), SoftFail = true, SilentFail = true, ExponentialBackoff = true, MaxWait = TimeSpan.FromMinutes(2) }, dag.Spec.Tasks[1].Sensor);
        Assert.Null(dag.Spec.Tasks[0].Sensor);
    }

    [Fact]
    public void Every_task_knows_the_line_that_added_it()
    {
        var dag = Definitions.Define(dag =>
        {
            dag.Add("first", new CopyOperator());
            dag.Run("second", ctx => { });
        });

        var lines = dag.Spec.Tasks.Select(t => t.Location!.Line).ToArray();
        Assert.Equal(lines[0] + 1, lines[1]);
        Assert.All(dag.Spec.Tasks, t => Assert.EndsWith("DagBuilderTests.cs", t.Location!.File, StringComparison.Ordinal));
    }

    [Fact]
    public void Params_and_variables_are_recorded()
    {
        var collector = Definitions.Collect(
            dag =>
            {
                dag.Params["table"] = "nps";
                dag.Params["limit"] = 3;
                foreach (var table in dag.Variable("tables", "none").Split(','))
                {
                    dag.Add(table, new CopyOperator());
                }

                dag.Tags(dag.Variable("tag", "etl"));
            },
            new Dictionary<string, string> { ["tables"] = "a,b" });

        var spec = Assert.Single(collector.Definitions).Spec;
        Assert.Equal("""{"table":"nps","limit":3}""", spec.Params);
        Assert.Equal(["a", "b"], spec.Tasks.Select(t => t.Id.Value));
        Assert.Equal(["etl"], spec.Tags);
        Assert.Equal(["tables", "tag"], collector.VariablesRead);
    }

    [Fact]
    public void A_variable_without_a_fallback_that_is_not_set_is_a_problem_that_says_how_to_set_it()
    {
        var collector = Definitions.Collect(dag => dag.Variable("tables"));

        Assert.Contains("sluice variables set tables", Assert.Single(collector.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_definition_that_throws_does_not_take_the_others_of_its_file_along()
    {
        var collector = new DagCollector(Definitions.Catalog, _ => null);

        collector.Collect(() =>
        {
            Dag.Define("bad", _ => throw new InvalidOperationException("no list of tables"));
            Dag.Define("good", dag => dag.Add("a", new CopyOperator()));
        });

        Assert.Equal("good", Assert.Single(collector.Definitions).Spec.Id.Value);
        var problem = Assert.Single(collector.Problems);
        Assert.Equal("Defining Dag 'bad' threw InvalidOperationException: no list of tables", problem.Message);
        Assert.EndsWith("DagBuilderTests.cs", problem.Location!.File, StringComparison.Ordinal);
        Assert.True(problem.Location.Line > 0);
    }

    [Fact]
    public void A_definition_cannot_be_changed_after_it_ended()
    {
        TaskNode? escaped = null;
        var collector = Definitions.Collect(dag => escaped = dag.Add("a", new CopyOperator()));
        Assert.Empty(collector.Problems);

        var error = Assert.Throws<DagDefinitionException>(() => escaped!.Then(escaped!));
        Assert.Contains("has ended", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_attempt_gets_an_operator_of_its_own()
    {
        var dag = Definitions.Define(dag => dag.Add("copy", new CopyOperator { Query = "q" }));

        var first = (CopyOperator)dag.CreateOperator(new("copy"));
        first.Query = "changed";

        Assert.Equal("q", ((CopyOperator)dag.CreateOperator(new("copy"))).Query);
    }

    [Fact]
    public void Twenty_thousand_tasks_are_built_in_a_moment()
    {
        var dag = Definitions.Define(dag =>
        {
            var start = dag.Add("start", new CopyOperator());
            var wide = dag.Group("wide", g =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    g.Add($"t{i}", new CopyOperator());
                }
            });
            start.Then(wide).Then(dag.Add("end", new CopyOperator(), task => task.TriggerRule = TriggerRule.AllDone));
        });

        Assert.Equal(20_002, dag.Spec.Tasks.Count);
        Assert.Equal(20_000, dag.Spec.Tasks[^1].Upstream.Count);
    }
}
