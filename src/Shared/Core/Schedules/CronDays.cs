using System.Numerics;

namespace Sluice.Core.Schedules;

/// <summary>The days of a month that the two day fields of a cron expression allow together.</summary>
internal sealed class CronDays(CronFieldValues ofMonth, CronFieldValues ofWeek)
{
    private readonly bool _restrictsOfMonth = ofMonth.Values != CronField.DayOfMonth.All;
    private readonly bool _restrictsOfWeek = ofWeek.Values != CronField.DayOfWeek.All;

    /// <summary>Only a day of the month alone can rule out every day of a month: 30 and 31 in short ones.</summary>
    public bool MayNeverOccur => !_restrictsOfWeek;

    /// <summary>Bit per day: when both fields are restricted, a day that satisfies either one counts.</summary>
    public uint In(int year, int month)
    {
        var length = DateTime.DaysInMonth(year, month);
        var existing = (uint)((1UL << (length + 1)) - 2);
        var first = (int)new DateTime(year, month, 1).DayOfWeek;
        return (_restrictsOfMonth, _restrictsOfWeek) switch
        {
            (_, false) => ByMonth(first, length) & existing,
            (false, true) => ByWeek(first, length) & existing,
            _ => (ByMonth(first, length) | ByWeek(first, length)) & existing,
        };
    }

    private uint ByMonth(int first, int length)
    {
        var days = (uint)ofMonth.Values;
        for (var rest = ofMonth.BeforeLast; rest != 0; rest &= rest - 1)
        {
            days |= length - BitOperations.TrailingZeroCount(rest) is var day and >= 1 ? 1u << day : 0;
        }

        for (var rest = ofMonth.Nearest; rest != 0; rest &= rest - 1)
        {
            var day = BitOperations.TrailingZeroCount(rest);
            days |= day <= length ? 1u << NearestWeekday(day, first, length) : 0;
        }

        return ofMonth.LastWeekday ? days | 1u << NearestWeekday(length, first, length) : days;
    }

    private uint ByWeek(int first, int length)
    {
        // Seven bits, the first for the weekday of the 1st, repeated over the month.
        const ulong EverySeventh = 1UL | 1UL << 7 | 1UL << 14 | 1UL << 21 | 1UL << 28;
        ulong week = (ofWeek.Values >> first) | (ofWeek.Values << (7 - first)) & 0x7F;
        var days = (uint)(week * EverySeventh << 1);
        for (var rest = ofWeek.Nth; rest != 0; rest &= rest - 1)
        {
            var bit = BitOperations.TrailingZeroCount(rest);
            var day = 1 + ((bit % 7) - first + 7) % 7 + (bit / 7 * 7);
            days |= day <= length ? 1u << day : 0;
        }

        for (var rest = ofWeek.Last; rest != 0; rest &= rest - 1)
        {
            var weekdayOfLast = (first + length - 1) % 7;
            days |= 1u << (length - ((weekdayOfLast - BitOperations.TrailingZeroCount(rest) + 7) % 7));
        }

        return days;
    }

    /// <summary>The weekday (Monday to Friday) nearest to a day, within its month.</summary>
    private static int NearestWeekday(int day, int first, int length) => ((first + day - 1) % 7) switch
    {
        (int)DayOfWeek.Saturday => day > 1 ? day - 1 : day + 2,
        (int)DayOfWeek.Sunday => day < length ? day + 1 : day - 2,
        _ => day,
    };
}
