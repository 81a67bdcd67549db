using Sluice.Authoring.Dags;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Yaml;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Yaml;

public sealed class YamlDagsTests
{
    [Fact]
    public void A_dag_with_everything_is_read()
    {
        var found = Load("""
            dag_id: full
            description: All there is
            schedule: {every: 1h30m}
            start_date: 2021-02-05T06:00
            end_date: 2021-03-01T00:00:00+09:00
            timezone: Asia/Seoul
            catchup: true
            max_active_runs: 2
            tags: [a, b]
            params: {table: nps, limit: 3, text: "3"}
            default_args: {retries: 2, retry_delay: 90s, owner: data}
            tasks:
              - id: first
                operator: CopyOperator
                query: select 1
                keys: [a, 2]
                env: {X: "1"}
                mode: full_refresh
              - group: g
                depends_on: first
                default_args: {queue: big}
                tasks:
                  - {id: a, operator: CopyOperator}
                  - {id: b, operator: CopyOperator, depends_on: a, retries: 0}
                  - {group: inner, depends_on: [b], tasks: [{id: c, operator: CopyOperator, depends_on: g.a}]}
              - id: wait
                operator: DoorSensor
                door: front
                mode: reschedule
                poke_interval: 5s
                timeout: 1h
                soft_fail: true
                depends_on: [g, first]
                trigger_rule: all_done
                execution_timeout: 1m
            """);

        Assert.Empty(found.Problems);
        var spec = Assert.Single(found.Dags).Spec;
        Assert.Equal(new IntervalSchedule(TimeSpan.FromMinutes(90)), spec.Schedule);
        Assert.Equal(new DateTimeOffset(2021, 2, 4, 21, 0, 0, TimeSpan.Zero), spec.StartDate);
        Assert.Equal(new DateTimeOffset(2021, 2, 28, 15, 0, 0, TimeSpan.Zero), spec.EndDate);
        Assert.Equal((CatchupMode.All, 2, "Asia/Seoul", "data"), (spec.Catchup, spec.MaxActiveRuns, spec.TimeZone, spec.Owner));
        Assert.Equal("""{"table":"nps","limit":3,"text":"3"}""", spec.Params);
        Assert.Equal("first>g.a first>wait g.a>g.b g.a>g.inner.c g.b>g.inner.c g.inner.c>wait", found.Dags[0].Edges());
        Assert.Equal("""{"query":"select 1","keys":["a","2"],"env":{"X":"1"},"mode":"full_refresh"}""", spec.Tasks[0].Arguments);
        Assert.Equal((2, 0, "big"), (spec.Tasks[1].Retries, spec.Tasks[2].Retries, spec.Tasks[2].Queue));
        var wait = spec.Tasks[^1];
        Assert.Equal((TriggerRule.AllDone, TimeSpan.FromMinutes(1), """{"door":"front"}"""), (wait.TriggerRule, wait.ExecutionTimeout!.Value, wait.Arguments));
        Assert.Equal(new SensorSpec { Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromHours(1), SoftFail = true }, wait.Sensor);
        Assert.Equal(TaskHost.Worker, wait.Host);
    }

    [Fact]
    public void Documents_and_lists_hold_several_dags()
    {
        var found = Load("""
            dags:
              - {dag_id: a, tasks: [{id: t, operator: CopyOperator}]}
              - {dag_id: b, schedule: none, tasks: [{id: t, operator: CopyOperator}]}
            ---
            dag_id: c
            schedule: daily
            start_date: 2021-02-05
            tasks: [{id: t, operator: CopyOperator}]
            """);

        Assert.Empty(found.Problems);
        Assert.Equal(["a", "b", "c"], found.Dags.Select(dag => dag.Spec.Id.Value));
        Assert.Equal(Schedule.Daily, found.Dags[2].Spec.Schedule);
    }

    [Fact]
    public void The_operator_of_a_task_is_made_afresh_for_each_attempt()
    {
        var dag = Assert.Single(Load("{dag_id: a, tasks: [{id: t, operator: CopyOperator, query: q}]}").Dags);

        var first = (CopyOperator)dag.CreateOperator(new("t"));
        first.Query = "changed";

        Assert.Equal("q", ((CopyOperator)dag.CreateOperator(new("t"))).Query);
    }

    [Theory]
    [InlineData("    retrys: 2", 5, "has no argument 'retrys'")]
    [InlineData("    retries: two", 5, "it must be a whole number")]
    [InlineData("    depends_on: ghost", 5, "'t' depends on 'ghost', which is no task or group of this Dag")]
    [InlineData("    mode: sideways", 5, "use one of append, full_refresh")]
    [InlineData("    trigger_rule: all_good", 5, "it must be one of all_success")]
    [InlineData("    depends_on: t", 3, "cycle")]
    [InlineData("  - {id: u, operator: GhostOperator}", 5, "There is no operator 'GhostOperator'")]
    [InlineData("  - {operator: CopyOperator}", 5, "The task has no id")]
    [InlineData("  - {id: t, operator: CopyOperator}", 5, "defined twice")]
    [InlineData("catchupp: true", 5, "The Dag has an unknown field 'catchupp'; known: ")]
    [InlineData("schedule: 0 25 * * *\nstart_date: 2021-02-05", 1, "0 25 * * *")]
    [InlineData("schedule: daily", 1, "no start date")]
    [InlineData("start_date: yesterday", 5, "start_date of the Dag is 'yesterday'")]
    [InlineData("schedule: {every: often}", 5, "A schedule is a preset")]
    [InlineData("tags: {a: b}", 5, "tags of the Dag must be a list of texts")]
    [InlineData("timezone: [", 6, "Not readable as YAML")]
    public void What_is_wrong_is_named_with_its_line(string line, int at, string words)
    {
        var found = Load($"""
            dag_id: wrong
            tasks:
              - id: t
                operator: CopyOperator
            {line}

            """);

        Assert.Empty(found.Dags);
        var problem = Assert.Single(found.Problems);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("x.yaml", at), problem.Location);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_and_other_dags_go_on()
    {
        var found = Load("""
            {dag_id: wrong, catchup: maybe, nonsense: 1, tasks: [{id: t, operator: Ghost}, {id: u}]}
            ---
            {dag_id: good, tasks: [{id: t, operator: CopyOperator}]}
            """);

        Assert.Equal("good", Assert.Single(found.Dags).Spec.Id.Value);
        Assert.Equal(4, found.Problems.Count);
    }

    [Fact]
    public void Anchors_that_multiply_are_stopped()
    {
        var bomb = "dag_id: bomb\nparams:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(
            Enumerable.Range(1, 9).Select(i => $"  a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"))
            + "tasks: [{id: t, operator: CopyOperator}]\n";

        Assert.Contains("more than 100000 values", Assert.Single(Load(bomb).Problems).Message, StringComparison.Ordinal);
    }

    private static CheckedDags Load(string text) => YamlDags.Load(text, "x.yaml", Definitions.Catalog);
}
