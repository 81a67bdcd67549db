using System.Reflection;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>What a task's policy makes of an exception (semantics.md, 6): rules, what was thrown, and what the scheduler is told.</summary>
public sealed class RetryPolicyTests
{
    private const string Failed = "Failed";
    private const string Finally = "FailedFinally";
    private const string Skipped = "Skipped";

    private static readonly Dictionary<string, Func<Exception>> Thrown = new()
    {
        ["io"] = () => new IOException("x"),
        ["file"] = () => new FileNotFoundException("x"), // an IOException
        ["deep"] = () => new DirectoryNotFoundException("x"), // an IOException, too
        ["null"] = () => new ArgumentNullException("x"), // an ArgumentException
        ["op"] = () => new InvalidOperationException("x"),
        ["time"] = () => new TimeoutException("x"),
        ["own"] = () => new OwnException(),
        ["one"] = () => new AggregateException(new IOException("x")),
        ["two"] = () => new AggregateException(new IOException("x"), new TimeoutException("x")),
        ["invoked"] = () => new TargetInvocationException(new IOException("x")),
        ["wrapped"] = () => new InvalidOperationException("x", new IOException("y")),
        ["error"] = () => new TaskErrorException("x"),
        ["failed"] = () => new TaskFailedException("x"),
        ["skipped"] = () => new TaskSkippedException("x"),
        ["retry"] = () => new TaskRetryException("x"),
        ["later"] = () => new TaskRetryException("x", TimeSpan.FromSeconds(7)),
        ["cancelled"] = () => new OperationCanceledException("x"), // by itself: nobody stopped the attempt
    };

    /// <summary>Rules such as "IOException fail; * retry 30"; what was thrown; the outcome, with the seconds that it asks to wait.</summary>
    public static TheoryData<string, string, string> Table => new()
    {
        { "", "io", Failed },
        { "", "error", Failed },
        { "", "failed", Finally },
        { "", "skipped", Skipped },
        { "", "retry", Failed },
        { "", "later", Failed + " 7" },
        { "", "cancelled", Failed },

        // By name, with or without its namespace; not by a part of it.
        { "IOException fail", "io", Finally },
        { "System.IO.IOException fail", "io", Finally },
        { "IO fail", "io", Failed },
        { "Exception.IOException fail", "io", Failed },
        { "ioexception fail", "io", Failed },
        { "OwnException fail", "own", Finally },
        { "Sluice.Authoring.Tests.Execution.RetryPolicyTests+OwnException fail", "own", Finally },

        // What derives from it.
        { "IOException fail", "file", Finally },
        { "IOException fail", "deep", Finally },
        { "SystemException skip", "file", Skipped },
        { "Exception skip", "own", Skipped },
        { "ArgumentException fail", "null", Finally },
        { "FileNotFoundException fail", "io", Failed },
        { "Object fail", "io", Failed },

        // Each action.
        { "IOException skip", "io", Skipped },
        { "IOException retry", "io", Failed },
        { "IOException retry 30", "io", Failed + " 30" },
        { "IOException retry 0", "io", Failed + " 0" },
        { "TimeoutException fail", "io", Failed },
        { "TimeoutException fail", "time", Finally },

        // Everything.
        { "* fail", "io", Finally },
        { "* skip", "own", Skipped },
        { "* retry 5", "op", Failed + " 5" },
        { "* retry 5", "cancelled", Failed + " 5" },

        // The first that matches counts, the nearest does not.
        { "IOException fail; * skip", "io", Finally },
        { "IOException fail; * skip", "op", Skipped },
        { "* skip; IOException fail", "io", Skipped },
        { "IOException retry 3; FileNotFoundException fail", "file", Failed + " 3" },
        { "FileNotFoundException fail; IOException retry 3", "file", Finally },
        { "FileNotFoundException fail; IOException retry 3", "io", Failed + " 3" },
        { "OwnException fail; TimeoutException skip; IOException retry 9", "deep", Failed + " 9" },

        // What the runtime wrapped around it is taken off; what the author did stays.
        { "IOException fail", "one", Finally },
        { "IOException fail", "two", Failed },
        { "AggregateException skip", "two", Skipped },
        { "IOException fail", "invoked", Finally },
        { "IOException fail", "wrapped", Failed },
        { "InvalidOperationException fail", "wrapped", Finally },

        // What says what it wants is not overruled; but a policy may skip or fail what says that it failed, too.
        { "* fail", "skipped", Skipped },
        { "* fail", "retry", Failed },
        { "* skip", "later", Failed + " 7" },
        { "* retry 9", "later", Failed + " 7" },
        { "* retry 9", "failed", Finally },
        { "* skip", "failed", Skipped },
        { "TaskErrorException fail", "error", Finally },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task An_exception_ends_the_attempt_as_the_policy_says(string policy, string thrown, string expected)
    {
        var attempts = new Attempts();
        attempts.Task = attempts.Task with { RetryPolicy = Parse(policy) };

        var outcome = await attempts.RunAsync(new Doing((_, _) => throw Thrown[thrown]()));

        Assert.Equal(expected, Text(outcome));
    }

    /// <summary>Rules; what kind of sensor it is, if any; the outcome of an attempt that ran over its execution timeout.</summary>
    public static TheoryData<string, string, string> Timeouts => new()
    {
        { "", "", Failed },
        { "TimeoutException retry 30", "", Failed + " 30" },
        { "TimeoutException fail", "", Finally },
        { "System.TimeoutException skip", "", Skipped },
        { "SystemException fail", "", Finally },
        { "* fail", "", Finally },
        { "* skip", "", Skipped },
        { "* retry 4", "", Failed + " 4" },
        { "IOException fail", "", Failed },
        { "IOException fail; TimeoutException retry 2; * fail", "", Failed + " 2" },
        { "TaskCanceledException fail", "", Failed }, // how it was stopped is nobody's business
        { "", "sensor", Failed },
        { "TimeoutException fail", "sensor", Finally },
        { "TimeoutException retry 30", "sensor", Failed + " 30" },
        { "", "soft", Skipped },
        { "TimeoutException fail", "soft", Skipped },
        { "", "never", Skipped },
        { "TimeoutException retry 30", "never", Skipped },
    };

    [Theory]
    [MemberData(nameof(Timeouts))]
    public async Task So_does_the_execution_timeout(string policy, string kind, string expected)
    {
        var attempts = new Attempts();
        attempts.Task = attempts.Task with { ExecutionTimeout = TimeSpan.FromMinutes(5), RetryPolicy = Parse(policy) };
        Operator op = kind.Length > 0
            ? new Patient(int.MaxValue) { SoftFail = kind == "soft", NeverFail = kind == "never" }
            : new Doing(async (_, stop) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                return null;
            });

        var outcome = await attempts.Time.DriveAsync(attempts.RunAsync(op));

        Assert.Equal((expected, "Ran longer than its execution timeout of 00:05:00."), (Text(outcome), outcome.Error));
    }

    [Fact]
    public async Task A_sensor_that_gives_its_slot_back_may_wait_longer_than_its_execution_timeout()
    {
        // One poke takes nothing; the wait since the first one is bounded by the sensor's own timeout.
        var attempts = new Attempts { FirstPokeAt = Dags.Definitions.Noon.AddHours(-2) };
        attempts.Task = attempts.Task with { ExecutionTimeout = TimeSpan.FromMinutes(5) };

        var outcome = await attempts.Time.DriveAsync(attempts.RunAsync(new Patient(2) { Mode = SensorMode.Reschedule }));

        Assert.Equal(OutcomeKind.Rescheduled, outcome.Kind);
    }

    private static string Text(TaskOutcome outcome) => outcome.RetryAfter is { } after ? $"{outcome.Kind} {after.TotalSeconds}" : outcome.Kind.ToString();

    private static List<RetryRule>? Parse(string policy) => policy.Length == 0
        ? null
        : [.. policy.Split("; ").Select(rule => rule.Split(' ')).Select(words =>
            new RetryRule(words[0], Enum.Parse<RetryAction>(words[1], ignoreCase: true), words.Length > 2 ? TimeSpan.FromSeconds(int.Parse(words[2])) : null))];

    private sealed class OwnException : Exception;
}
