using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.TaskInstances;

/// <summary>How long a sensor waits between pokes (semantics.md, 9).</summary>
public sealed class PokeGapTests
{
    private static readonly DateTimeOffset First = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    // Seconds.
    private static readonly double[] Intervals = [0.2, 1, 3, 5, 30, 60, 3_600];
    private static readonly double[] Timeouts = [10, 100, 3_600, 7 * 86_400];
    private static readonly double[] Pokes = [0, 0.2];

    [Fact]
    public void Without_backoff_every_gap_is_the_interval()
    {
        foreach (var (interval, elapsed) in from interval in Intervals from elapsed in new double[] { 0, 1, 59, 1_000, 10_000_000 } select (interval, elapsed))
        {
            Assert.Equal(TimeSpan.FromSeconds(interval), After(Sensor(interval, 100), elapsed));
        }
    }

    [Fact]
    public void With_backoff_each_gap_is_about_twice_the_one_before_until_the_time_is_up()
    {
        // Gaps are found by the time that has passed: where pokes take as long as gaps, they are not counted one by one.
        foreach (var (interval, timeout, poke) in from interval in Intervals from timeout in Timeouts from poke in Pokes where poke == 0 || interval >= 5 select (interval, timeout, poke))
        {
            var sensor = Sensor(interval, timeout) with { ExponentialBackoff = true };
            var elapsed = poke;
            for (var k = 1; elapsed <= timeout; k++)
            {
                var gap = After(sensor, elapsed).TotalSeconds;

                var least = Math.Max(1, Math.Floor(interval * Math.Pow(2, k - 2)));
                var left = timeout - elapsed;
                left = left > 0 ? left : 1;
                Assert.True(
                    gap >= Math.Min(least, left) - 1e-6 && gap <= Math.Min((2 * least) - 1, left) + 1e-6,
                    $"interval {interval}, timeout {timeout}, {elapsed} s after the first: gap {k} is {gap}, not {least} .. {(2 * least) - 1}, {left} left");
                elapsed += gap + poke;
                Assert.True(k < 64, $"interval {interval}, timeout {timeout}: it pokes for ever");
            }
        }
    }

    [Theory]
    [InlineData(60, 10)]
    [InlineData(60, 45.5)]
    [InlineData(5, 300)]
    [InlineData(1, 1)]
    [InlineData(600, 0.5)]
    public void No_gap_is_longer_than_the_longest_wait(double interval, double longest)
    {
        var sensor = Sensor(interval, 7 * 86_400) with { ExponentialBackoff = true, MaxWait = TimeSpan.FromSeconds(longest) };
        var (elapsed, reached) = (0.0, false);
        for (var pokes = 0; pokes < 200; pokes++)
        {
            var gap = After(sensor, elapsed).TotalSeconds;
            Assert.True(gap <= longest, $"{gap} s");
            Assert.True(!reached || gap == longest, $"{gap} s after it had reached {longest}");
            reached = gap == longest;
            elapsed += gap;
        }

        Assert.True(reached);
    }

    [Fact]
    public void The_last_poke_comes_when_the_time_is_up_and_one_more_a_second_later()
    {
        var sensor = Sensor(60, 100) with { ExponentialBackoff = true, MaxWait = TimeSpan.FromSeconds(50) };

        Assert.Equal(TimeSpan.FromSeconds(10), After(sensor, 90));
        Assert.Equal(TimeSpan.FromSeconds(1), After(sensor, 100));
    }

    [Fact]
    public void What_is_out_of_all_proportion_ends_with_the_timeout()
    {
        var sensor = new SensorSpec { PokeInterval = TimeSpan.FromDays(10_000), Timeout = TimeSpan.FromDays(36_500), ExponentialBackoff = true };

        Assert.InRange(After(sensor, 0), TimeSpan.FromDays(5_000), TimeSpan.FromDays(10_000));
        Assert.InRange(After(sensor, TimeSpan.FromDays(36_000).TotalSeconds), TimeSpan.FromDays(400), TimeSpan.FromDays(500));
    }

    [Fact]
    public void Sensors_that_began_together_do_not_poke_together()
    {
        var sensor = Sensor(600, 86_400) with { ExponentialBackoff = true };

        var gaps = Enumerable.Range(0, 100).Select(i => PokeGaps.After(sensor, new("dag"), new($"wait[{i}]"), First, TimeSpan.Zero)).ToHashSet();

        Assert.True(gaps.Count > 60, $"{gaps.Count} different gaps of 100");
    }

    private static SensorSpec Sensor(double interval, double timeout) => new() { PokeInterval = TimeSpan.FromSeconds(interval), Timeout = TimeSpan.FromSeconds(timeout) };

    private static TimeSpan After(SensorSpec sensor, double elapsed) => PokeGaps.After(sensor, new("dag"), new("wait"), First, TimeSpan.FromSeconds(elapsed));
}
