using System.Globalization;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("@hourly", "2024-01-01 00:00", "2024-01-01 01:00")]
    [InlineData("@daily", "2024-01-01 00:00", "2024-01-02 00:00")]
    [InlineData("@midnight", "2024-01-01 00:00", "2024-01-02 00:00")]
    [InlineData("@weekly", "2024-01-01 00:00", "2024-01-07 00:00")]
    [InlineData("@monthly", "2024-01-01 00:00", "2024-02-01 00:00")]
    [InlineData("@quarterly", "2024-01-01 00:00", "2024-04-01 00:00")]
    [InlineData("@yearly", "2024-01-01 00:00", "2025-01-01 00:00")]
    [InlineData("@annually", "2024-01-01 00:00", "2025-01-01 00:00")]
    [InlineData("@DAILY", "2024-01-01 00:00", "2024-01-02 00:00")]
    [InlineData("  0   12\t* * *  ", "2024-01-01 12:00", "2024-01-02 12:00")]
    [InlineData("* * * * *", "2024-12-31 23:59", "2025-01-01 00:00")]
    [InlineData("*/15 * * * *", "2024-01-01 00:15", "2024-01-01 00:30")]
    [InlineData("7/15 * * * *", "2024-01-01 00:00", "2024-01-01 00:07")]
    [InlineData("7/15 * * * *", "2024-01-01 00:52", "2024-01-01 01:07")]
    [InlineData("10-30/10 * * * *", "2024-01-01 00:30", "2024-01-01 01:10")]
    [InlineData("0,5,59 3 * * *", "2024-01-01 03:05", "2024-01-01 03:59")]
    [InlineData("*,5 * * * *", "2024-01-01 03:05", "2024-01-01 03:06")]
    [InlineData("0 22-2 * * *", "2024-01-01 02:00", "2024-01-01 22:00")]
    [InlineData("0 22-2 * * *", "2024-01-01 23:00", "2024-01-02 00:00")]
    [InlineData("0 22-2/2 * * *", "2024-01-01 22:00", "2024-01-02 00:00")]
    [InlineData("0 22-2/2 * * *", "2024-01-01 00:00", "2024-01-01 02:00")]
    [InlineData("0 0 * JAN *", "2024-01-31 00:00", "2025-01-01 00:00")]
    [InlineData("0 0 1 nov-feb *", "2024-02-01 00:00", "2024-11-01 00:00")]
    [InlineData("0 0 * * MON", "2024-01-01 00:00", "2024-01-08 00:00")]
    [InlineData("0 0 * * Mon-Fri", "2024-01-05 00:00", "2024-01-08 00:00")]
    [InlineData("0 0 * * FRI-SUN", "2024-01-01 00:00", "2024-01-05 00:00")]
    [InlineData("0 0 * * FRI-SUN", "2024-01-06 00:00", "2024-01-07 00:00")]
    [InlineData("0 0 * * 5-7", "2024-01-06 00:00", "2024-01-07 00:00")]
    [InlineData("0 0 * * 5-7", "2024-01-07 00:00", "2024-01-12 00:00")]
    [InlineData("0 0 * * 6-1", "2024-01-08 00:00", "2024-01-13 00:00")]
    [InlineData("0 0 * * 7-2", "2024-01-06 00:00", "2024-01-07 00:00")]
    [InlineData("0 0 * * 7", "2024-01-01 00:00", "2024-01-07 00:00")]
    [InlineData("0 0 * * 0", "2024-01-01 00:00", "2024-01-07 00:00")]
    [InlineData("0 0 * * 7/3", "2024-01-03 00:00", "2024-01-06 00:00")]
    [InlineData("0 0 * * 0-7", "2024-01-03 00:00", "2024-01-04 00:00")]
    [InlineData("0 0 ? * MON", "2024-01-01 00:00", "2024-01-08 00:00")]
    [InlineData("0 0 13 * ?", "2024-01-01 00:00", "2024-01-13 00:00")]
    // Both day fields restricted: either one will do.
    [InlineData("0 0 13 * FRI", "2024-01-01 00:00", "2024-01-05 00:00")]
    [InlineData("0 0 13 * FRI", "2024-01-12 00:00", "2024-01-13 00:00")]
    // A step restricts: odd days or Mondays.
    [InlineData("0 0 */2 * MON", "2024-01-01 00:00", "2024-01-03 00:00")]
    [InlineData("0 0 */2 * MON", "2024-01-07 00:00", "2024-01-08 00:00")]
    // A full range or a step of one does not restrict.
    [InlineData("0 0 1-31 * MON", "2024-01-01 00:00", "2024-01-08 00:00")]
    [InlineData("0 0 */1 * MON", "2024-01-01 00:00", "2024-01-08 00:00")]
    [InlineData("0 0 15 * 0-6", "2024-01-01 00:00", "2024-01-15 00:00")]
    [InlineData("0 0 15 * SUN-SAT", "2024-01-01 00:00", "2024-01-15 00:00")]
    [InlineData("0 0 31 * *", "2024-01-31 00:00", "2024-03-31 00:00")]
    [InlineData("0 0 30 * *", "2024-01-30 00:00", "2024-03-30 00:00")]
    [InlineData("0 0 29 2 *", "2024-02-29 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 29 2 *", "2096-02-29 00:00", "2104-02-29 00:00")]
    // Never the 31st of February, but any Monday in it.
    [InlineData("0 0 31 2 MON", "2024-02-26 00:00", "2025-02-03 00:00")]
    [InlineData("0 0 31 2,3 *", "2024-03-31 00:00", "2025-03-31 00:00")]
    [InlineData("59 23 31 12 *", "2024-12-31 23:59", "2025-12-31 23:59")]
    [InlineData("0 0 1 */3 *", "2024-10-01 00:00", "2025-01-01 00:00")]
    [InlineData("*/60 */24 * */12 *", "2024-01-31 00:00", "2025-01-01 00:00")]
    public void The_next_match_is_found_and_leads_back(string text, string after, string next)
    {
        Assert.True(CronExpression.TryParse(text, out var cron, out var error), error);

        Assert.Equal(Wall(next), cron.Next(Wall(after)));
        Assert.Equal(Wall(next), cron.Next(Wall(next).AddTicks(-1)));
        Assert.Equal(Wall(next), cron.Previous(Wall(next).AddTicks(1)));
        Assert.Equal(cron.Previous(Wall(after).AddTicks(1)), cron.Previous(Wall(next)));
    }

    [Theory]
    [InlineData("", "has 0 fields")]
    [InlineData("*", "has 1 field,")]
    [InlineData("0 0 * *", "has 4 fields")]
    [InlineData("0 0 0 * * *", "has 6 fields, not the 5 of minute, hour, day of month, month, day of week; seconds must be asked for")]
    [InlineData("@fortnightly", "\"@fortnightly\": there is no such preset")]
    [InlineData("@once", "\"@once\": there is no such preset")]
    [InlineData("60 * * * *", "minute \"60\" is not in 0-59")]
    [InlineData("-1 * * * *", "minute \"-1\" lacks a value")]
    [InlineData("5- * * * *", "minute \"5-\" lacks a value")]
    [InlineData("1-2-3 * * * *", "minute \"2-3\" of \"1-2-3\" is not a number")]
    [InlineData("0 24 * * *", "hour \"24\" is not in 0-23")]
    [InlineData("0 5-24 * * *", "hour \"24\" of \"5-24\" is not in 0-23")]
    [InlineData("0 noon * * *", "hour \"noon\" is not a number in 0-23")]
    [InlineData("0 0 0 * *", "day of month \"0\" is not in 1-31")]
    [InlineData("0 0 32 * *", "day of month \"32\" is not in 1-31")]
    [InlineData("0 0 0 * * * *", "years are not supported")]
    [InlineData("0 0 L2 * *", "day of month \"L2\" cannot be read; L is the last day, L-3 three days before it, LW")]
    [InlineData("0 0 L-0 * *", "day of month \"L-0\": 0 days before the last is not in 1-30, at position 5")]
    [InlineData("0 0 L-31 * *", "31 days before the last is not in 1-30")]
    [InlineData("0 0 W * *", "day of month \"W\" cannot be read")]
    [InlineData("0 0 32W * *", "day of month \"32W\": 32 is not in 1-31")]
    [InlineData("0 0 1-5W * *", "day of month \"1-5W\" cannot be read")]
    [InlineData("0 0 L/2 * *", "day of month \"L/2\" cannot be read")]
    [InlineData("0 0 1#2 * *", "day of month \"1#2\" cannot be read")]
    [InlineData("0 0 30W 2 *", "never occurs")]
    [InlineData("0 0 L-29 2 *", "never occurs")]
    [InlineData("L * * * *", "minute \"L\" is not a number in 0-59, at position 1")]
    [InlineData("0 0 * L *", "month \"L\" is neither")]
    [InlineData("0 0 * * L", "day of week \"L\" is ambiguous; write 6 for Saturdays or 6L for the last Saturday of the month, at position 9")]
    [InlineData("0 0 * * 5#6", "day of week \"5#6\": after # comes which one of the month, 1-5")]
    [InlineData("0 0 * * 5#", "day of week \"5#\": after # comes which one")]
    [InlineData("0 0 * * #2", "day of week \"#2\" lacks a value")]
    [InlineData("0 0 * * 8#2", "day of week \"8\" of \"8#2\" is not in 0-7")]
    [InlineData("0 0 * * 1-3#2", "day of week \"1-3\" of \"1-3#2\" is neither")]
    [InlineData("0 0 * * *#2", "day of week \"*\" of \"*#2\" is neither")]
    [InlineData("0 0 * * 1-5L", "day of week \"1-5\" of \"1-5L\" is neither")]
    [InlineData("0 0 * * FOOL", "day of week \"FOO\" of \"FOOL\" is neither")]
    [InlineData("0 0 * * 5W", "day of week \"5W\" is neither")]
    [InlineData("  0   0 1,2,x * *", "day of month \"x\" is not a number in 1-31, at position 13")]
    [InlineData("0 0 * 13 *", "month \"13\" is not in 1-12")]
    [InlineData("0 0 * 0 *", "month \"0\" is not in 1-12")]
    [InlineData("0 0 * MON *", "month \"MON\" is neither a number in 1-12 nor a name such as FEB")]
    [InlineData("0 0 * * 8", "day of week \"8\" is not in 0-7")]
    [InlineData("0 0 * * MONDAY", "day of week \"MONDAY\" is neither a number in 0-7 nor a name such as MON")]
    [InlineData("? 0 * * *", "minute \"?\" is not a number")]
    [InlineData("*/0 * * * *", "minute \"*/0\": the step 0 is not in 1-60")]
    [InlineData("*/90 * * * *", "minute \"*/90\": the step 90 is not in 1-60")]
    [InlineData("*/x * * * *", "minute \"*/x\": the step \"x\" is not a number")]
    [InlineData("*/ * * * *", "minute \"*/\": the step \"\" is not a number")]
    [InlineData("1,,2 * * * *", "minute \"1,,2\" has an empty list element")]
    [InlineData("1, * * * *", "minute \"1,\" has an empty list element")]
    [InlineData("99999999999 * * * *", "minute \"99999999999\" is not a number")]
    [InlineData("٣ * * * *", "minute \"٣\" is not a number")]
    [InlineData("0 0 31 2 *", "never occurs: day of month \"31\" does not exist in month \"2\"")]
    [InlineData("0 0 30-31 FEB *", "never occurs: day of month \"30-31\" does not exist in month \"FEB\"")]
    [InlineData("0 0 31 4,6,9,11 ?", "never occurs")]
    public void Nonsense_is_refused_with_the_field_and_the_text(string text, string expected)
    {
        Assert.False(CronExpression.TryParse(text, out var cron, out var error));

        Assert.Null(cron);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.StartsWith($"Cron expression \"{text}\"", error, StringComparison.Ordinal);
        Assert.EndsWith(".", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/10 * * * * *", "2024-01-01 00:00:00", "2024-01-01 00:00:10")]
    [InlineData("*/10 * * * * *", "2024-01-01 00:00:50", "2024-01-01 00:01:00")]
    [InlineData("*/10 * * * * *", "2024-12-31 23:59:50", "2025-01-01 00:00:00")]
    [InlineData("15,45 30 2 * * *", "2024-01-01 02:30:15", "2024-01-01 02:30:45")]
    [InlineData("15,45 30 2 * * *", "2024-01-01 02:30:45", "2024-01-02 02:30:15")]
    [InlineData("59 59 23 L * ?", "2024-02-29 23:59:59", "2024-03-31 23:59:59")]
    [InlineData("30 0 9-17 * * MON-FRI", "2024-01-05 17:00:30", "2024-01-08 09:00:30")]
    [InlineData("0 0 0 1 1 *", "2024-01-01 00:00:00", "2025-01-01 00:00:00")]
    [InlineData("* * * * * *", "2024-02-28 23:59:59", "2024-02-29 00:00:00")]
    [InlineData("@daily", "2024-02-28 00:00:00", "2024-02-29 00:00:00")]
    public void Six_fields_begin_with_seconds_when_asked_for(string text, string after, string next)
    {
        Assert.True(CronExpression.TryParse(text, seconds: true, out var cron, out var error), error);

        Assert.Equal(Second(next), cron.Next(Second(after)));
        Assert.Equal(Second(after), cron.Previous(Second(next)));
        Assert.Equal(Second(next), cron.Next(Second(next).AddTicks(-1)));
    }

    [Theory]
    [InlineData("* * * * *", "has 5 fields, not the 6 of second, minute, hour, day of month, month, day of week.")]
    [InlineData("* * * * * * *", "has 7 fields, not the 6 of second, minute, hour, day of month, month, day of week; years are not supported.")]
    [InlineData("60 * * * * *", "second \"60\" is not in 0-59, at position 1.")]
    [InlineData("0 0 0 31 2 *", "never occurs: day of month \"31\" does not exist in month \"2\".")]
    public void With_seconds_nonsense_is_refused_too(string text, string expected)
    {
        Assert.False(CronExpression.TryParse(text, seconds: true, out _, out var error));
        Assert.EndsWith(expected, error, StringComparison.Ordinal);
    }

    private static DateTime Second(string text) => DateTime.ParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static DateTime Wall(string text) => DateTime.ParseExact(text, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
