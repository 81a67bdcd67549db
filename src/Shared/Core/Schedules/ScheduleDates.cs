using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Core.Schedules;

/// <summary>Reads dates as people type them for schedules and backfills.</summary>
public static partial class ScheduleDates
{
    private static readonly string[] TimeFormats = ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"];

    /// <summary>Reads <c>2021-02-05</c>, <c>2021-02-05T03:00</c> (a space will do for the T; seconds are optional), and either time with an offset or Z.</summary>
    /// <param name="text">The date.</param>
    /// <param name="timeZone">Tz database id for text without an offset; a bare date is midnight there.</param>
    /// <returns>UTC. A time that the zone's clock skips moves forward by the gap; of a time that it shows twice, the second.</returns>
    /// <exception cref="FormatException">One sentence that quotes the text or the zone.</exception>
    public static DateTimeOffset Parse(string text, string timeZone)
    {
        if (!TimeZones.TryFind(timeZone, out var zone, out var error))
        {
            throw new FormatException(error);
        }

        var match = Shape().Match(text.Trim());
        if (!match.Success)
        {
            throw new FormatException($"\"{text}\" is not a date; write it as 2021-02-05, 2021-02-05T03:00 or 2021-02-05T03:00+09:00.");
        }

        var time = TimeOnly.MinValue;
        if (!DateOnly.TryParseExact(match.Groups["date"].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || (match.Groups["time"].Success
                && !TimeOnly.TryParseExact(match.Groups["time"].Value, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out time)))
        {
            throw new FormatException($"There is no such date or time as \"{text}\".");
        }

        var wall = date.ToDateTime(time);
        try
        {
            return !match.Groups["zone"].Success ? zone.ToUtc(wall)
                : match.Groups["zone"].Value is "Z" or "z" ? new DateTimeOffset(wall, TimeSpan.Zero)
                : new DateTimeOffset(wall, Offset(match)).ToUniversalTime();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // An offset beyond 14 hours, or a date at the very edge of the calendar.
            throw new FormatException($"There is no such date or time as \"{text}\".");
        }
    }

    private static TimeSpan Offset(Match match)
    {
        var hours = int.Parse(match.Groups["hours"].ValueSpan, CultureInfo.InvariantCulture);
        var minutes = match.Groups["minutes"].Success ? int.Parse(match.Groups["minutes"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var offset = new TimeSpan(hours, minutes, 0);
        return match.Groups["sign"].Value == "-" ? -offset : offset;
    }

    [GeneratedRegex(
        @"^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,7})?)?)(?<zone>[Zz]|(?<sign>[+-])(?<hours>\d{2})(?::?(?<minutes>[0-5]\d))?)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
