using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Core.Tests.DagRuns;

namespace Sluice.Core.Tests.TaskInstances;

/// <summary>How long a failed attempt waits (semantics.md, 6): bounds over every combination, and a few values by heart.</summary>
public sealed class RetryDelayTests
{
    private const double Day = 86_400;

    private static readonly DateTimeOffset Date = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly DagId Dag = new("nps");

    // Seconds; with a policy's zero and with what is longer than the cap.
    private static readonly double[] Delays = [0, 0.4, 1, 7, 90, 300, 3_600, 43_200, 86_399, 86_400, 200_000];
    private static readonly int[] Tries = [1, 2, 3, 4, 7, 10, 63, 64, 65, 200, 1_024, 1_025, 100_000, int.MaxValue];
    private static readonly double?[] Caps = [null, 0, 30, 600, 100_000];

    public static TheoryData<bool, double, double> Growth => new()
    {
        // Whether it backs off, the multiplier that is set, and the one that counts.
        { true, 0, 2 }, { false, 1, 1 }, { false, 1.5, 1.5 }, { true, 2, 2 }, { false, 3, 3 }, { true, 10, 10 }, { false, 1_000, 1_000 },
    };

    [Theory]
    [MemberData(nameof(Growth))]
    public void With_backoff_it_is_between_one_and_two_times_the_base_and_capped(bool backsOff, double multiplier, double counts)
    {
        foreach (var (delay, tryNumber, cap) in from delay in Delays from tryNumber in Tries from cap in Caps select (delay, tryNumber, cap))
        {
            var task = Task(delay, cap) with { RetryExponentialBackoff = backsOff, RetryBackoffMultiplier = multiplier };

            var waits = RetryDelays.After(task, Dag, Date, tryNumber).TotalSeconds;

            // The base, by multiplying until it is past every cap.
            var least = delay;
            for (var n = 1; n < tryNumber && least > 0 && least < Day && counts > 1; n++)
            {
                least *= counts;
            }

            least = Math.Min(Math.Max(1, Math.Ceiling(least)), Day);
            var most = Math.Min((2 * least) - 1, Day);
            (least, most) = (Math.Min(least, cap ?? Day), Math.Min(most, cap ?? Day));
            Assert.True(waits >= least && waits <= most, $"{delay} s, multiplier {counts}, try {tryNumber}, at most {cap}: {waits} is not in {least} .. {most}");
            Assert.Equal(waits, RetryDelays.After(task, Dag, Date, tryNumber).TotalSeconds);
        }
    }

    [Fact]
    public void Without_backoff_every_try_waits_alike_and_no_cap_holds()
    {
        foreach (var (delay, tryNumber, cap) in from delay in Delays from tryNumber in Tries from cap in Caps select (delay, tryNumber, cap))
        {
            Assert.Equal(TimeSpan.FromSeconds(delay), RetryDelays.After(Task(delay, cap), Dag, Date, tryNumber));
        }
    }

    [Fact]
    public void Who_fails_together_does_not_come_back_together()
    {
        var task = Task(300) with { RetryExponentialBackoff = true };
        HashSet<TimeSpan> Distinct(Func<int, TimeSpan> of) => [.. Enumerable.Range(0, 200).Select(of)];

        // 200 draws of 300 seconds: about 146 differ.
        Assert.InRange(Distinct(i => RetryDelays.After(task, new($"dag{i}"), Date, 1)).Count, 110, 190);
        Assert.InRange(Distinct(i => RetryDelays.After(task with { Id = new($"task{i}") }, Dag, Date, 1)).Count, 110, 190);
        Assert.InRange(Distinct(i => RetryDelays.After(task, Dag, Date.AddDays(i), 1)).Count, 110, 190);
        Assert.InRange(Distinct(i => RetryDelays.After(task, Dag, Date, 1, mapIndex: i)).Count, 110, 190);
        Assert.InRange(Distinct(i => RetryDelays.After(task with { RetryBackoffMultiplier = 1 }, Dag, Date, i + 1)).Count, 110, 190);
    }

    [Fact]
    public void Jitter_reaches_from_one_end_to_the_other()
    {
        var task = Task(10) with { RetryExponentialBackoff = true };

        var drawn = Enumerable.Range(0, 1_000).Select(i => (int)RetryDelays.After(task, Dag, Date.AddHours(i), 1).TotalSeconds).ToHashSet();

        Assert.Equal(Enumerable.Range(10, 10), drawn.Order());
    }

    /// <summary>By heart: another value here moves the retries of everyone who is waiting when this is deployed.</summary>
    [Theory]
    [InlineData(300, 2.0, 1, -1, 468)]
    [InlineData(300, 2.0, 2, -1, 804)]
    [InlineData(300, 2.0, 1, 0, 445)]
    [InlineData(300, 1.5, 3, 7, 964)]
    [InlineData(1, 2.0, 1, -1, 1)]
    [InlineData(0, 2.0, 5_000, -1, 1)]
    [InlineData(300, 2.0, 64, -1, 86_400)]
    public void The_same_try_always_waits_the_same(double delay, double multiplier, int tryNumber, int mapIndex, int seconds) =>
        Assert.Equal(seconds, RetryDelays.After(Task(delay) with { RetryBackoffMultiplier = multiplier }, Dag, Date, tryNumber, mapIndex).TotalSeconds);

    /// <summary>What the attempt asks for, its outcome, retries; and what becomes of it after how many seconds.</summary>
    public static TheoryData<double?, OutcomeKind, int, string> Asked => new()
    {
        { null, OutcomeKind.Failed, 1, "up_for_retry 90" },
        { 7, OutcomeKind.Failed, 1, "up_for_retry 7" },
        { 0, OutcomeKind.Failed, 1, "scheduled 0" },
        { -5, OutcomeKind.Failed, 1, "up_for_retry 90" }, // no delay at all
        { 500_000, OutcomeKind.Failed, 1, "up_for_retry 500000" }, // its own delay is bound by nothing
        { 7, OutcomeKind.Failed, 0, "failed 0" }, // no more retries than the task has
        { null, OutcomeKind.Failed, 0, "failed 0" },
        { 7, OutcomeKind.FailedFinally, 5, "failed 0" },
        { 7, OutcomeKind.Skipped, 5, "skipped 0" },
        { 7, OutcomeKind.Lost, 0, "scheduled 0" }, // by our fault: at once, and for nothing
    };

    [Theory]
    [MemberData(nameof(Asked))]
    public void An_attempt_may_ask_for_a_delay_of_its_own(double? after, OutcomeKind kind, int retries, string expected)
    {
        var run = Graphs.NewRun(Graphs.Of(Task(90) with { Retries = retries }, Task(1) with { Id = new("other") }));
        DagRunDecider.Decide(run, new StartRun(Graphs.Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Graphs.Noon));

        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = kind, RetryAfter = after is { } wait ? TimeSpan.FromSeconds(wait) : null }, Graphs.Noon));

        Assert.Equal(expected, $"{run.StateOf(0).Name()} {((run.Due.Of(0) ?? Graphs.Noon) - Graphs.Noon).TotalSeconds}");
    }

    [Fact]
    public void Tries_back_off_one_after_the_other_and_a_clearing_begins_anew()
    {
        var task = Task(60) with { RetryExponentialBackoff = true, Retries = 5 };
        var run = Graphs.NewRun(Graphs.Of(task, Task(1) with { Id = new("other") }));
        DagRunDecider.Decide(run, new StartRun(Graphs.Noon));
        var now = Graphs.Noon;
        for (var tryNumber = 1; tryNumber <= 5; tryNumber++)
        {
            now = Fail(run, now);
            Assert.Equal(RetryDelays.After(task, new("dag"), Graphs.Noon, tryNumber), run.Due.Of(0)!.Value - now);
            now = run.Due.Of(0)!.Value;
            DagRunDecider.Decide(run, new WakeTasks(now));
        }

        Fail(run, now);
        Assert.Equal(TaskState.Failed, run.StateOf(0));
        DagRunDecider.Decide(run, new ClearTasks(new() { Tasks = ["task"] }, new("ann"), now));
        now = Fail(run, now);
        Assert.Equal(RetryDelays.After(task, new("dag"), Graphs.Noon, 1), run.Due.Of(0)!.Value - now);

        static DateTimeOffset Fail(DagRunState run, DateTimeOffset at)
        {
            DagRunDecider.Decide(run, new DispatchTasks("w", [0], at));
            DagRunDecider.Decide(run, new ReportTask(0, run.TokenOf(0), new() { Kind = OutcomeKind.Failed }, at.AddSeconds(3)));
            return at.AddSeconds(3);
        }
    }

    private static TaskSpec Task(double delay, double? cap = null) => new()
    {
        Id = new("task"),
        Operator = "ShellOperator",
        RetryDelay = TimeSpan.FromSeconds(delay),
        MaxRetryDelay = cap is { } most ? TimeSpan.FromSeconds(most) : null,
    };
}
