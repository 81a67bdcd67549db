using System.Globalization;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class CronDaysTests
{
    /// <summary>Rows of <c>cron;from;days</c> with L, W and # in both day fields, computed by another program, day by day.</summary>
    [Fact]
    public void Days_are_those_of_the_table_in_both_directions()
    {
        var rows = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Schedules", "days.csv"));
        Assert.True(rows.Length > 500);
        foreach (var row in rows)
        {
            var cells = row.Split(';');
            Assert.True(CronExpression.TryParse(cells[0], out var cron, out var error), error);
            var expected = cells[2].Split(' ').Select(Day).ToList();
            var found = new List<DateTime>();
            for (var day = cron.Next(Day(cells[1]).AddTicks(-1)); found.Count < expected.Count; day = cron.Next(day!.Value))
            {
                found.Add(day!.Value);
            }

            Assert.True(expected.SequenceEqual(found), $"{row}\nfound {string.Join(' ', found.Select(day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))}");
            for (var i = expected.Count - 1; i > 0; i--)
            {
                Assert.True(cron.Previous(expected[i]) == expected[i - 1], row);
            }
        }
    }

    [Theory]
    // Lower case is the same, names may carry the mark, and Sunday is 0 and 7.
    [InlineData("0 0 l * *", "0 0 L * *")]
    [InlineData("0 0 lw * *", "0 0 LW * *")]
    [InlineData("0 0 15w * *", "0 0 15W * *")]
    [InlineData("0 0 * * 5l", "0 0 * * FRIL")]
    [InlineData("0 0 * * L5", "0 0 * * 5L")]
    [InlineData("0 0 * * 7L", "0 0 * * 0L")]
    [InlineData("0 0 * * 7#1", "0 0 * * SUN#1")]
    [InlineData("0 0 ? * 5#1", "0 0 * * fri#1")]
    // All days and one more are all days.
    [InlineData("0 0 *,L * *", "0 0 * * *")]
    [InlineData("0 0 L * *,5L", "0 0 L * *")]
    public void Two_ways_to_write_the_same(string one, string other)
    {
        Assert.True(CronExpression.TryParse(one, out var a, out var error), error);
        Assert.True(CronExpression.TryParse(other, out var b, out error), error);
        for (DateTime? day = new DateTime(2023, 1, 1), same = day; day < new DateTime(2026, 1, 1);)
        {
            (day, same) = (a.Next(day.Value), b.Next(same!.Value));
            Assert.Equal(day, same);
        }
    }

    private static DateTime Day(string text) => DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
