using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>A retry waits as long as it should, in virtual time.</summary>
public sealed class RetryTests
{
    private readonly SimulatedScheduler _cluster = new();

    /// <summary>How the first attempt ended, what it asked for; seconds until the next attempt, and its try. Null: there is none.</summary>
    [Theory]
    [InlineData(OutcomeKind.Failed, null, 100.0, 2)]
    [InlineData(OutcomeKind.Failed, 7.0, 7.0, 2)]
    [InlineData(OutcomeKind.Failed, 0.0, 0.0, 2)]
    [InlineData(OutcomeKind.FailedFinally, null, null, null)]
    [InlineData(OutcomeKind.Skipped, null, null, null)]
    [InlineData(OutcomeKind.Lost, null, 0.0, 1)]
    public void A_retry_comes_when_its_delay_is_over_and_not_before(OutcomeKind kind, double? asks, double? waits, int? tryNumber)
    {
        var (worker, _) = Begin(Task("flaky") with { Retries = 2, RetryDelay = TimeSpan.FromSeconds(100) });

        worker.End(worker.Held.Single(), kind, retryAfter: asks is { } own ? TimeSpan.FromSeconds(own) : null);

        Assert.Equal(waits is { } delay ? (delay, tryNumber) : (-1, null), UntilNext(worker, limit: 300));
    }

    [Fact]
    public void Delays_grow_with_each_try_until_the_retries_are_used_up_also_across_a_takeover()
    {
        var task = Task("flaky") with { Retries = 3, RetryDelay = TimeSpan.FromSeconds(20), RetryExponentialBackoff = true };
        var (worker, run) = Begin(task);
        var facts = _cluster.RunOf(run).Facts;
        for (var failed = 1; failed <= 3; failed++)
        {
            worker.End(worker.Held.Single(), OutcomeKind.Failed);
            var since = _cluster.Simulation.Now;
            if (failed == 2)
            {
                _cluster.TakeOver();
                worker.Join();
            }

            var passed = (_cluster.Simulation.Now - since).TotalSeconds;
            var expected = RetryDelays.After(task, facts.Dag, facts.LogicalDate, failed).TotalSeconds;
            Assert.InRange(expected, 20 * Math.Pow(2, failed - 1), (40 * Math.Pow(2, failed - 1)) - 1);
            var (waited, tryNumber) = UntilNext(worker, limit: 300);
            Assert.Equal(failed + 1, tryNumber);
            Assert.InRange(waited + passed, expected - 0.5, expected + 1.5);
        }

        worker.End(worker.Held.Single(), OutcomeKind.Failed);
        Assert.Equal((-1, null), UntilNext(worker, limit: 300));
        Assert.Equal([TaskState.UpForRetry, TaskState.UpForRetry, TaskState.UpForRetry, TaskState.Failed], _cluster.Attempts(run).Select(row => row.State));
    }

    private (PlayedWorker Worker, long Run) Begin(TaskSpec task)
    {
        var dag = Manual() with { Tasks = [task] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker();
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));
        return (worker, run);
    }

    /// <summary>Whole seconds until the worker has another attempt, and that one's try; -1 when none comes.</summary>
    private (double Seconds, int? Try) UntilNext(PlayedWorker worker, int limit)
    {
        for (var passed = 0; passed <= limit; passed++)
        {
            if (worker.Held.Count > 0)
            {
                return (passed, worker.Told.OfType<Cluster.Wire.RunTasks>().Last().Tasks[^1].TryNumber);
            }

            worker.BeatFor(TimeSpan.FromSeconds(1));
        }

        return (-1, null);
    }
}
