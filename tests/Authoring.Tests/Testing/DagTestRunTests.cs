using Sluice.Authoring.Dags;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Tests.Execution;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Testing;

public sealed class DagTestRunTests
{
    private readonly StringWriter _output = new();
    private readonly VirtualTime _time = new(Definitions.Noon);

    [Fact]
    public async Task Tasks_run_in_order_and_hand_values_on()
    {
        var result = await RunAsync(dag =>
        {
            var sum = dag.Run("sum", async ctx => await ctx.PullAsync<int>("a") + await ctx.PullAsync<int>("b"));
            Nodes sources = [dag.Run("a", ctx => 1), dag.Run("b", ctx => ValueTask.FromResult(2))];
            sources.Then(sum);
        });

        Assert.Equal(RunState.Success, result.State);
        Assert.Equal("3", result.XComs[(new("sum"), "return_value")]);
    }

    [Fact]
    public async Task Failures_skips_and_trigger_rules_travel_downstream()
    {
        var result = await RunAsync(dag =>
        {
            var bad = dag.Run("bad", ctx => throw new InvalidOperationException("no"));
            var skip = dag.Run("skip", ctx => throw new TaskSkippedException("not today"));
            bad.Then(dag.Run("after_bad", ctx => { }));
            skip.Then(dag.Run("after_skip", ctx => { }));
            dag.Run("cleanup", ctx => { }, task => task.TriggerRule = TriggerRule.AllDone).After(bad, skip);
        });

        Assert.Equal(RunState.Failed, result.State);
        Assert.Equal(
            [TaskState.Failed, TaskState.Skipped, TaskState.UpstreamFailed, TaskState.Skipped, TaskState.Success],
            new[] { "bad", "skip", "after_bad", "after_skip", "cleanup" }.Select(id => result.Tasks[new(id)]));
        Assert.Contains("[bad] Error: InvalidOperationException: no", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retries_do_not_wait()
    {
        var tries = new List<int>();
        var result = await RunAsync(dag =>
        {
            dag.Defaults.Retries = 2;
            dag.Defaults.RetryDelay = TimeSpan.FromDays(1);
            dag.Run("flaky", ctx =>
            {
                tries.Add(ctx.TryNumber);
                return ctx.TryNumber == 3 ? 1 : throw new InvalidOperationException("again");
            });
        });

        Assert.Equal(RunState.Success, result.State);
        Assert.Equal([1, 2, 3], tries);
        Assert.Equal(Definitions.Noon, _time.GetUtcNow());
    }

    [Fact]
    public void A_date_names_the_interval_that_it_lies_in()
    {
        var weekly = Definitions.Define(dag =>
        {
            dag.Schedule = Schedule.Weekly;
            dag.StartDate = Date.Of(2021, 1, 1);
            dag.TimeZone = "Asia/Seoul";
            dag.Add("a", new CopyOperator());
        }).Spec;

        var interval = TestInterval.Of(weekly, Date.Of(2021, 2, 10), Definitions.Noon);

        Assert.Equal(new DateTimeOffset(2021, 2, 6, 15, 0, 0, TimeSpan.Zero), interval.Start);
        Assert.Equal(interval.Start.AddDays(7), interval.End);
    }

    private Task<DagTestResult> RunAsync(Action<DagBuilder> configure)
    {
        var interval = new DataInterval(Definitions.Noon.AddDays(-1), Definitions.Noon);
        var options = new TestRunOptions { Interval = interval, Output = _output, Time = _time };
        return _time.DriveAsync(new DagTestRun(Definitions.Define(configure), Definitions.Catalog, options).RunAsync(CancellationToken.None));
    }
}
