using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Sluice.Core.Schedules;

/// <summary>A cron expression or preset, as sets of seconds, minutes, hours, days and months on a wall clock without a zone.</summary>
/// <remarks>
/// <c>minute hour day-of-month month day-of-week</c> with lists, ranges (also round the end: <c>FRI-MON</c>), steps, English names, 7 for Sunday,
/// <c>?</c> for any day and the marks <c>L</c>, <c>W</c> and <c>#</c>. When both day fields are restricted, a day that satisfies either one counts.
/// A field is restricted when it leaves out a value: <c>*/2</c> restricts, <c>1-31</c> does not (semantics.md, 1). <see cref="CronTicks"/> gives
/// it a zone.
/// </remarks>
public sealed class CronExpression : WallTicks
{
    // Walks stop here, so that no offset or gap can carry a time out of what DateTime holds.
    private const int LastYear = 9990;
    private const int FirstYear = 2;
    private static readonly DateTime First = new(FirstYear, 1, 1);
    private static readonly DateTime Last = new(LastYear, 12, 31, 23, 59, 59);

    private static readonly Dictionary<string, string> Presets = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@quarterly"] = "0 0 1 */3 *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private static readonly CronField[] Fields =
        [CronField.Second, CronField.Minute, CronField.Hour, CronField.DayOfMonth, CronField.Month, CronField.DayOfWeek];

    private readonly string _text;
    private readonly ulong _seconds;
    private readonly ulong _minutes;
    private readonly uint _hours;
    private readonly uint _months;
    private readonly CronDays _days;

    private CronExpression(string text, CronFieldValues[] fields)
    {
        _text = text;
        _seconds = fields[0].Values;
        _minutes = fields[1].Values;
        _hours = (uint)fields[2].Values;
        _months = (uint)fields[4].Values;
        _days = new(fields[3], fields[5]);
    }

    /// <inheritdoc/>
    public override bool RunsEveryHour => _hours == CronField.Hour.All;

    /// <inheritdoc cref="TryParse(string, bool, out CronExpression?, out string?)"/>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? error) =>
        TryParse(text, seconds: false, out cron, out error);

    /// <summary>Reads an expression; on failure says which field is wrong and where, and quotes the offending text.</summary>
    /// <param name="text">Five fields, or a preset such as <c>@daily</c>.</param>
    /// <param name="seconds">Six fields instead, the first of them seconds.</param>
    /// <param name="cron">The expression.</param>
    /// <param name="error">One sentence.</param>
    public static bool TryParse(string text, bool seconds, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? error)
    {
        cron = null;
        error = null;
        var trimmed = text.Trim();
        var isPreset = trimmed.StartsWith('@');
        if (isPreset && !Presets.TryGetValue(trimmed, out trimmed))
        {
            error = $"Cron expression \"{text}\": there is no such preset; use one of {string.Join(", ", Presets.Keys)}.";
            return false;
        }

        var written = isPreset ? trimmed! : text;
        var parts = Parts(written);
        var first = seconds && !isPreset ? 0 : 1;
        if (parts.Count != Fields.Length - first)
        {
            error = $"Cron expression \"{text}\" has {parts.Count} field{(parts.Count == 1 ? "" : "s")}, not the {Fields.Length - first} of "
                + $"{string.Join(", ", Fields[first..].Select(field => field.Name))}"
                + (parts.Count <= Fields.Length - first ? "."
                    : seconds ? "; years are not supported."
                    : parts.Count == Fields.Length ? "; seconds must be asked for (seconds: true in YAML, WithSeconds() in C#, --seconds)."
                    : "; years are not supported.");
            return false;
        }

        var fields = new CronFieldValues[Fields.Length];
        fields[0].Values = 1;
        for (var i = 0; i < parts.Count; i++)
        {
            if (!Fields[first + i].TryParse(written[parts[i]], out fields[first + i], out var fault, out var position))
            {
                error = $"Cron expression \"{text}\": {fault}, at position {parts[i].Start.Value + position + 1}.";
                return false;
            }
        }

        var parsed = new CronExpression(text, fields);
        if (!parsed.CanOccur())
        {
            var (day, month) = (written[parts[3 - first]], written[parts[4 - first]]);
            error = $"Cron expression \"{text}\" never occurs: day of month \"{day}\" does not exist in month \"{month}\".";
            return false;
        }

        cron = parsed;
        return true;
    }

    /// <inheritdoc/>
    public override DateTime? Next(DateTime after)
    {
        if (after >= Last)
        {
            return null;
        }

        var from = after < First ? First : new DateTime(after.Ticks - (after.Ticks % TimeSpan.TicksPerSecond)).AddSeconds(1);
        var (year, month, day) = from;
        var days = DaysOf(year, month);
        if ((days >> day & 1) != 0 && NextInDay(from) is { } sameDay)
        {
            return sameDay;
        }

        days = Above(days, day);
        while (days == 0)
        {
            var later = Above(_months, month);
            if (later == 0)
            {
                later = _months;
                year++;
            }

            if (year > LastYear)
            {
                return null;
            }

            month = BitOperations.TrailingZeroCount(later);
            days = DaysOf(year, month);
        }

        return new(
            year, month, BitOperations.TrailingZeroCount(days),
            BitOperations.TrailingZeroCount(_hours), BitOperations.TrailingZeroCount(_minutes), BitOperations.TrailingZeroCount(_seconds));
    }

    /// <inheritdoc/>
    public override DateTime? Previous(DateTime before)
    {
        if (before <= First)
        {
            return null;
        }

        // The last whole second that is strictly before.
        var from = before > Last ? Last : new DateTime((before.Ticks - 1) / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond);
        var (year, month, day) = from;
        var days = DaysOf(year, month);
        if ((days >> day & 1) != 0 && PreviousInDay(from) is { } sameDay)
        {
            return sameDay;
        }

        days = Below(days, day);
        while (days == 0)
        {
            var earlier = Below(_months, month);
            if (earlier == 0)
            {
                earlier = _months;
                year--;
            }

            if (year < FirstYear)
            {
                return null;
            }

            month = BitOperations.Log2(earlier);
            days = DaysOf(year, month);
        }

        return new(
            year, month, BitOperations.Log2(days), BitOperations.Log2(_hours), BitOperations.Log2(_minutes), BitOperations.Log2(_seconds));
    }

    public override string ToString() => _text;

    /// <summary>The first match of a day at or after a time of it.</summary>
    private DateTime? NextInDay(DateTime from)
    {
        if ((_hours >> from.Hour & 1) != 0)
        {
            if ((_minutes >> from.Minute & 1) != 0 && _seconds >> from.Second is var seconds and not 0)
            {
                return from.AddSeconds(BitOperations.TrailingZeroCount(seconds));
            }

            if (Above(_minutes, from.Minute) is var minutes and not 0)
            {
                return At(from, from.Hour, BitOperations.TrailingZeroCount(minutes), BitOperations.TrailingZeroCount(_seconds));
            }
        }

        return Above(_hours, from.Hour) is var hours and not 0
            ? At(from, BitOperations.TrailingZeroCount(hours), BitOperations.TrailingZeroCount(_minutes), BitOperations.TrailingZeroCount(_seconds))
            : null;
    }

    /// <summary>The last match of a day at or before a time of it.</summary>
    private DateTime? PreviousInDay(DateTime from)
    {
        if ((_hours >> from.Hour & 1) != 0)
        {
            if ((_minutes >> from.Minute & 1) != 0 && Below(_seconds, from.Second + 1) is var seconds and not 0)
            {
                return At(from, from.Hour, from.Minute, BitOperations.Log2(seconds));
            }

            if (Below(_minutes, from.Minute) is var minutes and not 0)
            {
                return At(from, from.Hour, BitOperations.Log2(minutes), BitOperations.Log2(_seconds));
            }
        }

        return Below(_hours, from.Hour) is var hours and not 0
            ? At(from, BitOperations.Log2(hours), BitOperations.Log2(_minutes), BitOperations.Log2(_seconds))
            : null;
    }

    private static DateTime At(DateTime day, int hour, int minute, int second) => day.Date.Add(new TimeSpan(hour, minute, second));

    private static uint Above(uint mask, int value) => mask & (uint.MaxValue << value << 1);

    private static ulong Above(ulong mask, int value) => mask & (ulong.MaxValue << value << 1);

    private static uint Below(uint mask, int value) => mask & ((1u << value) - 1);

    private static ulong Below(ulong mask, int value) => mask & ((1UL << value) - 1);

    /// <summary>Where the fields stand in the text.</summary>
    private static List<Range> Parts(string text)
    {
        var parts = new List<Range>();
        for (var i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }

            var start = i;
            while (i < text.Length && !char.IsWhiteSpace(text[i]))
            {
                i++;
            }

            parts.Add(start..i);
        }

        return parts;
    }

    private bool CanOccur()
    {
        if (!_days.MayNeverOccur)
        {
            return true;
        }

        for (var month = 1; month <= 12; month++)
        {
            if ((_months >> month & 1) != 0 && DaysOf(2024, month) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Bit per day of a month on which the expression may fire; none when the month itself is left out.</summary>
    private uint DaysOf(int year, int month) => (_months >> month & 1) == 0 ? 0 : _days.In(year, month);
}
