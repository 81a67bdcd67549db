using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class ScheduleDatesTests
{
    [Theory]
    [InlineData("2021-02-05", "Asia/Seoul", "2021-02-04T15:00:00Z")]
    [InlineData("2021-02-05", "UTC", "2021-02-05T00:00:00Z")]
    [InlineData(" 2021-02-05T03:00 ", "Asia/Seoul", "2021-02-04T18:00:00Z")]
    [InlineData("2021-02-05 03:00:30", "Asia/Seoul", "2021-02-04T18:00:30Z")]
    [InlineData("2021-02-05T03:00:30.25", "UTC", "2021-02-05T03:00:30.25Z")]
    [InlineData("2021-02-05T03:00Z", "Asia/Seoul", "2021-02-05T03:00:00Z")]
    [InlineData("2021-02-05T03:00+09:00", "America/New_York", "2021-02-04T18:00:00Z")]
    [InlineData("2021-02-05T03:00-0330", "America/New_York", "2021-02-05T06:30:00Z")]
    [InlineData("2021-02-05T03:00+09", "America/New_York", "2021-02-04T18:00:00Z")]
    // Skipped: forward by the gap. Repeated: the second.
    [InlineData("2024-03-10T02:30", "America/New_York", "2024-03-10T07:30:00Z")]
    [InlineData("2024-11-03T01:30", "America/New_York", "2024-11-03T06:30:00Z")]
    public void Dates_are_read_in_the_zone_unless_they_carry_their_own(string text, string zone, string expected)
    {
        var date = ScheduleDates.Parse(text, zone);

        Assert.Equal(DateTimeOffset.Parse(expected), date);
        Assert.Equal(TimeSpan.Zero, date.Offset);
    }

    [Theory]
    [InlineData("yesterday", "UTC", "\"yesterday\" is not a date; write it as 2021-02-05")]
    [InlineData("2021-2-5", "UTC", "is not a date")]
    [InlineData("2021-02-30", "UTC", "There is no such date or time as \"2021-02-30\"")]
    [InlineData("2021-02-05T24:00", "UTC", "There is no such date or time")]
    [InlineData("2021-02-05T03:00+15:00", "UTC", "There is no such date or time")]
    [InlineData("0001-01-01T00:00+09:00", "UTC", "There is no such date or time")]
    [InlineData("0001-01-01", "Asia/Seoul", "There is no such date or time")]
    [InlineData("2021-02-05", "Asia/Soul", "There is no time zone \"Asia/Soul\"")]
    [InlineData("2021-02-05", "asia/seoul", "it is written Asia/Seoul")]
    public void Nonsense_is_quoted(string text, string zone, string expected)
    {
        var error = Assert.Throws<FormatException>(() => ScheduleDates.Parse(text, zone));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
