using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Execution;

/// <summary>How a sensor waits and gives up (semantics.md, 9).</summary>
public sealed class SensorTests
{
    private static readonly Dictionary<string, Func<Poke>> Pokes = new()
    {
        ["no"] = () => Poke.NotYet,
        ["yes"] = () => Poke.Done,
        ["io"] = () => throw new IOException("no answer"),
        ["error"] = () => throw new TaskErrorException("no answer"),
        ["failed"] = () => throw new TaskFailedException("never comes"),
        ["skipped"] = () => throw new TaskSkippedException("not today"),
        ["retry"] = () => throw new TaskRetryException("later", TimeSpan.FromSeconds(9)),
    };

    /// <summary>What the pokes say, one a minute with a timeout of three, the last one from then on; what is set; and how it ends after how many pokes.</summary>
    public static TheoryData<string, string, string> Table => new()
    {
        { "no no yes", "", "Success 3" },
        { "no", "", "FailedFinally 5" },
        { "no", "soft", "Skipped 5" },
        { "no", "never", "Skipped 5" },
        { "no", "silent", "FailedFinally 5" },
        { "io", "", "Failed 1" },
        { "io", "soft", "Failed 1" },
        { "io", "never", "Skipped 1" },
        { "io", "silent", "FailedFinally 5" }, // never there, so it times out
        { "io", "silent soft", "Skipped 5" },
        { "io", "silent never", "Skipped 5" },
        { "no io no yes", "silent", "Success 4" },
        { "io io yes", "silent never", "Success 3" },
        { "no io yes", "", "Failed 2" },
        { "no io yes", "never", "Skipped 2" },
        { "error", "", "Failed 1" },
        { "error error yes", "silent", "Success 3" },
        { "failed", "", "FailedFinally 1" },
        { "failed", "soft", "Skipped 1" },
        { "failed", "never", "Skipped 1" },
        { "failed yes", "silent", "FailedFinally 1" }, // it says that there is nothing to wait for
        { "failed", "silent soft", "Skipped 1" },
        { "skipped", "", "Skipped 1" },
        { "no skipped", "silent", "Skipped 2" },
        { "retry", "", "Failed 1" },
        { "retry yes", "silent", "Failed 1" },
        { "retry", "never", "Skipped 1" },
        { "yes", "soft", "Success 1" },
        { "yes", "never silent", "Success 1" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_sensor_ends_as_its_pokes_and_its_settings_say(string pokes, string settings, string expected)
    {
        foreach (var mode in new[] { SensorMode.Poke, SensorMode.Async, SensorMode.Reschedule })
        {
            var sensor = new Scripted([.. pokes.Split(' ').Select(poke => Pokes[poke])])
            {
                Mode = mode,
                PokeInterval = TimeSpan.FromMinutes(1),
                Timeout = TimeSpan.FromMinutes(3),
                SoftFail = settings.Contains("soft", StringComparison.Ordinal),
                NeverFail = settings.Contains("never", StringComparison.Ordinal),
                SilentFail = settings.Contains("silent", StringComparison.Ordinal),
            };

            var outcome = await PlayAsync(sensor, new Attempts());

            Assert.Equal(expected, $"{outcome.Kind} {sensor.Times.Count}");
        }
    }

    [Fact]
    public async Task Never_fail_and_silent_fail_say_what_went_wrong()
    {
        var attempts = new Attempts();

        var never = await PlayAsync(new Scripted([Pokes["io"]]) { NeverFail = true }, attempts);
        await PlayAsync(new Scripted([Pokes["io"], Pokes["yes"]]) { SilentFail = true }, attempts);

        Assert.Equal("IOException: no answer", never.Error);
        Assert.Contains(attempts.Log, line => line.EndsWith("The poke failed, which counts as not yet (silent_fail): IOException: no answer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_killed_sensor_that_never_fails_is_killed()
    {
        using var kill = new CancellationTokenSource();
        var sensor = new Scripted([() =>
        {
            kill.Cancel();
            return Poke.NotYet;
        }])
        { NeverFail = true, SilentFail = true };
        var attempts = new Attempts();

        var outcome = await attempts.Time.DriveAsync(attempts.RunAsync(sensor, kill.Token));

        Assert.Equal((OutcomeKind.Failed, "Killed."), (outcome.Kind, outcome.Error));
    }

    [Theory]
    [InlineData(SensorMode.Poke)]
    [InlineData(SensorMode.Async)]
    [InlineData(SensorMode.Reschedule)]
    public async Task With_backoff_the_gaps_double_whatever_the_mode(SensorMode mode)
    {
        var sensor = new Scripted([Pokes["no"]]) { Mode = mode, PokeInterval = TimeSpan.FromMinutes(1), Timeout = TimeSpan.FromHours(5), ExponentialBackoff = true };

        var outcome = await PlayAsync(sensor, new Attempts());

        Assert.Equal(OutcomeKind.FailedFinally, outcome.Kind);
        var gaps = sensor.Times.Zip(sensor.Times.Skip(1), (earlier, later) => (later - earlier).TotalSeconds).ToList();
        for (var k = 0; k < gaps.Count - 2; k++)
        {
            Assert.InRange(gaps[k], 30 * Math.Pow(2, k), (60 * Math.Pow(2, k)) - 1);
        }

        // The last ones fit into its time: at its end, and a second later.
        Assert.Equal([TimeSpan.FromHours(5), TimeSpan.FromHours(5) + TimeSpan.FromSeconds(1)], sensor.Times.TakeLast(2).Select(at => at - sensor.Times[0]));
        Assert.InRange(gaps.Count, 7, 12);
    }

    [Fact]
    public async Task Backoff_stops_growing_at_the_longest_wait()
    {
        var sensor = new Scripted([Pokes["no"]])
        {
            PokeInterval = TimeSpan.FromMinutes(1), Timeout = TimeSpan.FromHours(1), ExponentialBackoff = true, MaxWait = TimeSpan.FromMinutes(5),
        };

        await PlayAsync(sensor, new Attempts());

        var gaps = sensor.Times.Zip(sensor.Times.Skip(1), (earlier, later) => later - earlier).ToList();
        Assert.Equal(TimeSpan.FromMinutes(5), gaps.Max());
        Assert.True(gaps.Count(gap => gap == TimeSpan.FromMinutes(5)) >= 8, string.Join(' ', gaps));
    }

    /// <summary>One attempt after the other, as the scheduler does when a sensor gives its slot back.</summary>
    private static async Task<TaskOutcome> PlayAsync(Scripted sensor, Attempts attempts)
    {
        sensor.Clock = attempts.Time;
        while (true)
        {
            var outcome = await attempts.Time.DriveAsync(attempts.RunAsync(sensor));
            if (outcome.Kind != OutcomeKind.Rescheduled)
            {
                return outcome;
            }

            attempts.FirstPokeAt ??= outcome.StartedAt;
            await attempts.Time.DriveAsync(WaitAsync(outcome.ResumeAt!.Value - attempts.Time.GetUtcNow()));
        }

        async Task<int> WaitAsync(TimeSpan time)
        {
            await Task.Delay(time, attempts.Time);
            return 0;
        }
    }

    /// <summary>Says one thing after the other, and the last one from then on.</summary>
    private sealed class Scripted(IReadOnlyList<Func<Poke>> pokes) : Sensor
    {
        public TimeProvider Clock { get; set; } = TimeProvider.System;

        public List<DateTimeOffset> Times { get; } = [];

        public override ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
        {
            Times.Add(Clock.GetUtcNow());
            return ValueTask.FromResult(pokes[Math.Min(Times.Count, pokes.Count) - 1]());
        }
    }
}
