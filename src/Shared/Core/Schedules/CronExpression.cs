using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Sluice.Core.Schedules;

/// <summary>A five-field cron expression or preset, as sets of minutes, hours, days and months on a wall clock without a zone.</summary>
/// <remarks>
/// <c>minute hour day-of-month month day-of-week</c> with lists, ranges (also round the end: <c>FRI-MON</c>), steps, English names, 7 for Sunday
/// and <c>?</c> for any day. When both day fields are restricted, a day that satisfies either one counts. A field is restricted when it leaves
/// out a value: <c>*/2</c> restricts, <c>1-31</c> does not (semantics.md, 1). <see cref="CronTicks"/> gives it a zone.
/// </remarks>
public sealed class CronExpression
{
    // Walks stop here, so that no offset or gap can carry a time out of what DateTime holds.
    private const int LastYear = 9990;
    private const int FirstYear = 2;
    private static readonly DateTime First = new(FirstYear, 1, 1);
    private static readonly DateTime Last = new(LastYear, 12, 31, 23, 59, 0);

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

    private static readonly CronField[] Fields = [CronField.Minute, CronField.Hour, CronField.DayOfMonth, CronField.Month, CronField.DayOfWeek];

    private readonly string _text;
    private readonly ulong _minutes;
    private readonly uint _hours;
    private readonly uint _daysOfMonth;
    private readonly uint _months;
    private readonly uint _daysOfWeek;
    private readonly bool _restrictsDayOfMonth;
    private readonly bool _restrictsDayOfWeek;

    private CronExpression(string text, ReadOnlySpan<ulong> masks)
    {
        _text = text;
        _minutes = masks[0];
        _hours = (uint)masks[1];
        _daysOfMonth = (uint)masks[2];
        _months = (uint)masks[3];
        _daysOfWeek = (uint)masks[4];
        _restrictsDayOfMonth = masks[2] != CronField.DayOfMonth.All;
        _restrictsDayOfWeek = masks[4] != CronField.DayOfWeek.All;
    }

    /// <summary>Every hour is allowed: such a schedule runs through a repeated hour, others do not.</summary>
    public bool RunsEveryHour => _hours == CronField.Hour.All;

    /// <summary>Reads an expression; on failure says which field is wrong and quotes the offending text.</summary>
    /// <param name="text">Five fields, or a preset such as <c>@daily</c>.</param>
    /// <param name="cron">The expression.</param>
    /// <param name="error">One sentence.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? cron, [NotNullWhen(false)] out string? error)
    {
        cron = null;
        error = null;
        var trimmed = text.Trim();
        if (trimmed.StartsWith('@') && !Presets.TryGetValue(trimmed, out trimmed))
        {
            error = $"Cron expression \"{text}\": there is no such preset; use one of {string.Join(", ", Presets.Keys)}.";
            return false;
        }

        var parts = trimmed!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != Fields.Length)
        {
            error = $"Cron expression \"{text}\" has {parts.Length} field{(parts.Length == 1 ? "" : "s")}, not the 5 of minute, hour, day of month, month, day of week"
                + (parts.Length > Fields.Length ? "; seconds and years are not supported." : ".");
            return false;
        }

        Span<ulong> masks = stackalloc ulong[Fields.Length];
        for (var i = 0; i < Fields.Length; i++)
        {
            if (!Fields[i].TryParse(parts[i], out masks[i], out var fault))
            {
                error = $"Cron expression \"{text}\": {fault}.";
                return false;
            }
        }

        var parsed = new CronExpression(text, masks);
        if (!parsed.CanOccur())
        {
            error = $"Cron expression \"{text}\" never occurs: day of month \"{parts[2]}\" does not exist in month \"{parts[3]}\".";
            return false;
        }

        cron = parsed;
        return true;
    }

    /// <summary>The first match strictly after a wall-clock time; null past the end of the calendar.</summary>
    public DateTime? Next(DateTime after)
    {
        if (after >= Last)
        {
            return null;
        }

        var from = after < First ? First : new DateTime(after.Ticks - (after.Ticks % TimeSpan.TicksPerMinute)).AddMinutes(1);
        var (year, month, day) = from;
        var days = DaysOf(year, month);
        if ((days >> day & 1) != 0)
        {
            if ((_hours >> from.Hour & 1) != 0 && _minutes >> from.Minute is var minutes and not 0)
            {
                return from.AddMinutes(BitOperations.TrailingZeroCount(minutes));
            }

            if (Above(_hours, from.Hour) is var hours and not 0)
            {
                return At(year, month, day, BitOperations.TrailingZeroCount(hours), BitOperations.TrailingZeroCount(_minutes));
            }
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

        return At(year, month, BitOperations.TrailingZeroCount(days), BitOperations.TrailingZeroCount(_hours), BitOperations.TrailingZeroCount(_minutes));
    }

    /// <summary>The last match strictly before a wall-clock time; null before the start of the calendar.</summary>
    public DateTime? Previous(DateTime before)
    {
        if (before <= First)
        {
            return null;
        }

        // The last whole minute that is strictly before.
        var from = before > Last ? Last : new DateTime((before.Ticks - 1) / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute);
        var (year, month, day) = from;
        var days = DaysOf(year, month);
        if ((days >> day & 1) != 0)
        {
            if ((_hours >> from.Hour & 1) != 0 && UpTo(_minutes, from.Minute) is var minutes and not 0)
            {
                return At(year, month, day, from.Hour, BitOperations.Log2(minutes));
            }

            if (Below(_hours, from.Hour) is var hours and not 0)
            {
                return At(year, month, day, BitOperations.Log2(hours), BitOperations.Log2(_minutes));
            }
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

        return At(year, month, BitOperations.Log2(days), BitOperations.Log2(_hours), BitOperations.Log2(_minutes));
    }

    public override string ToString() => _text;

    private static DateTime At(int year, int month, int day, int hour, int minute) => new(year, month, day, hour, minute, 0);

    private static uint Above(uint mask, int value) => mask & (uint.MaxValue << value << 1);

    private static uint Below(uint mask, int value) => mask & ((1u << value) - 1);

    private static ulong UpTo(ulong mask, int value) => mask & (ulong.MaxValue >> (63 - value));

    // Only a day-of-month alone can rule out every day: 30 and 31 in short months.
    private bool CanOccur()
    {
        if (_restrictsDayOfWeek)
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
    private uint DaysOf(int year, int month)
    {
        if ((_months >> month & 1) == 0)
        {
            return 0;
        }

        var existing = (uint)((1UL << (DateTime.DaysInMonth(year, month) + 1)) - 2);
        if (!_restrictsDayOfWeek)
        {
            return _daysOfMonth & existing;
        }

        // Seven bits, the first for the weekday of the 1st, repeated over the month.
        var first = (int)new DateTime(year, month, 1).DayOfWeek;
        ulong week = (_daysOfWeek >> first) | (_daysOfWeek << (7 - first)) & 0x7F;
        const ulong EverySeventh = 1UL | 1UL << 7 | 1UL << 14 | 1UL << 21 | 1UL << 28;
        var byWeekday = (uint)(week * EverySeventh << 1);
        return (_restrictsDayOfMonth ? byWeekday | _daysOfMonth : byWeekday) & existing;
    }
}
