using Sluice.Core.Backfills;

namespace Sluice.Core.Tests.Backfills;

public sealed class BackfillPaceTests
{
    private static readonly DateTimeOffset Noon = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 60, 5, null, null)] // nothing has ended yet
    [InlineData(3, 0, 5, null, null)] // no time has passed
    [InlineData(3, 60, 5, 0.05, 100.0)]
    [InlineData(3, 120, 5, 0.025, 200.0)] // while nothing ends the rate falls
    [InlineData(3, 60, 0, 0.05, 0.0)]
    [InlineData(0, 60, 0, null, 0.0)] // nothing left takes no time
    [InlineData(1, 86400, 100_000, 1 / 86400.0, null)] // 273 years are no answer
    public void Rate_and_time_left_follow_from_what_has_ended(int ended, int seconds, int left, double? rate, double? eta)
    {
        var pace = new BackfillPace(Noon, ended);
        var now = Noon.AddSeconds(seconds);

        Assert.Equal(rate, pace.RateAt(now));
        Assert.Equal(eta is { } s ? TimeSpan.FromSeconds(s) : null, pace.LeftAt(now, left));
    }
}
