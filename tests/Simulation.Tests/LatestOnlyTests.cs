using Microsoft.Extensions.Logging;
using Sluice.Actors;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Simulation.Tests;

/// <summary>The operator itself, in a cluster in virtual time: runs that catch up skip what comes after it, the latest does not.</summary>
public sealed class LatestOnlyTests
{
    [Fact]
    public void Old_runs_skip_what_comes_after_it_and_the_latest_goes_on()
    {
        var cluster = new SimulatedCluster(seed: 1, new());
        cluster.AddScheduler();
        cluster.AddWorker(4, (_, time) => new RealFlow(time));
        var start = cluster.Simulation.Now.AddMinutes(-15);
        var dag = new DagSpec
        {
            Id = new("latest"),
            Schedule = Schedule.Every(TimeSpan.FromMinutes(5)),
            StartDate = start,
            Catchup = CatchupMode.All,
            Tasks =
            [
                new() { Id = new("latest"), Operator = nameof(LatestOnlyOperator) },
                new() { Id = new("report"), Operator = "ShellOperator", Upstream = [0] },
                new() { Id = new("always"), Operator = "ShellOperator", Upstream = [1], TriggerRule = TriggerRule.AllDone },
                new() { Id = new("apart"), Operator = "ShellOperator" },
            ],
        };

        cluster.Define(dag);
        Assert.True(cluster.Simulation.RunUntil(() => cluster.Runs() is { Count: 3 } runs && runs.All(run => run.State == RunState.Success), TimeSpan.FromMinutes(5)));
        cluster.Trigger(dag.Id, "by-hand");
        Assert.True(cluster.Simulation.RunUntil(() => cluster.Runs() is { Count: 4 } runs && runs.All(run => run.State == RunState.Success), TimeSpan.FromMinutes(5)));

        // Later the next interval is the latest; the one that was it before stays as it is.
        Assert.True(cluster.Simulation.RunUntil(() => cluster.Runs() is { Count: 5 } runs && runs.All(run => run.State == RunState.Success), TimeSpan.FromMinutes(10)));
        Assert.Equal(
            ["0: skipped", "5: skipped", "10: success", "15: success"],
            cluster.Runs().Where(run => run.Facts.Type == RunType.Scheduled).OrderBy(run => run.Facts.LogicalDate)
                .Select(run => $"{(run.Facts.LogicalDate - start).TotalMinutes}: {StateOf(cluster, run.Facts.Key, "report")}"));
        Assert.Equal("success", StateOf(cluster, cluster.Runs().Single(run => run.Facts.Type == RunType.Manual).Facts.Key, "report"));
        Assert.All(cluster.Runs(), run => Assert.Equal(("success", "success", "success"),
            (StateOf(cluster, run.Facts.Key, "latest"), StateOf(cluster, run.Facts.Key, "always"), StateOf(cluster, run.Facts.Key, "apart"))));
    }

    private static string StateOf(SimulatedCluster cluster, long run, string task) => cluster.Attempts(run).Last(row => row.Task.Value == task).State.Name();

    /// <summary>Runs the operator for real; everything else ends well after a second.</summary>
    private sealed class RealFlow(TimeProvider time) : IAttemptExecutor
    {
        public async Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
        {
            if (work.Task.Operator == nameof(LatestOnlyOperator))
            {
                return await OperatorExecution.RunAsync(new LatestOnlyOperator(), new(work.Run, work.Dag, work.Task, work.TryNumber, new Nothing(), new ProviderCatalog()), time, kill);
            }

            var startedAt = time.GetUtcNow();
            await Task.Delay(TimeSpan.FromSeconds(1), time, kill);
            return new() { Kind = OutcomeKind.Success, StartedAt = startedAt, EndedAt = time.GetUtcNow() };
        }
    }

    private sealed class Nothing : ITaskServices
    {
        public ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken = default) => new((Connection?)null);

        public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken = default) => new((string?)null);

        public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) => new((string?)null);

        public void WriteLog(LogLevel level, string line)
        {
        }
    }
}
