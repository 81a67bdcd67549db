using System.Globalization;

namespace Sluice.Core.Schedules;

/// <summary>A calendar that answers quickly which days are worked, and why not.</summary>
internal sealed class WorkingDays
{
    // No calendar of people has a month without work; one that does is a mistake, and must not make a search endless.
    private const int LongestRest = 366;

    private readonly BusinessCalendar _calendar;
    private readonly Dictionary<DateOnly, string?> _holidays;
    private readonly Dictionary<DateOnly, string?> _worked;
    private readonly HashSet<DayOfWeek> _weekend;

    public WorkingDays(BusinessCalendar calendar)
    {
        _calendar = calendar;
        _holidays = Index(calendar.Holidays);
        _worked = Index(calendar.WorkingDays);
        _weekend = [.. calendar.Weekend];
    }

    /// <summary>What keeps a calendar from being used; null: nothing.</summary>
    public static string? Problem(BusinessCalendar calendar) => calendar.Weekend.Distinct().Count() >= 7
        ? $"The calendar \"{calendar.Name}\" has no day of the week that is worked; take a day out of its weekend."
        : null;

    public bool IsWorked(DateOnly day) => _worked.ContainsKey(day) || (!_weekend.Contains(day.DayOfWeek) && !_holidays.ContainsKey(day));

    /// <summary>The day's kind in a few words: <c>a Saturday</c>, <c>the holiday Christmas Day</c>.</summary>
    public string Describe(DateOnly day) =>
        _worked.TryGetValue(day, out var worked) ? worked is null ? "a working day" : $"the working day {worked}"
        : _holidays.TryGetValue(day, out var name) ? name is null ? $"a holiday of {_calendar.Name}" : $"the holiday {name}"
        : _weekend.Contains(day.DayOfWeek) ? $"a {day.DayOfWeek}"
        : "a working day";

    /// <summary>The day that a tick of a day fires on; null when it does not fire at all.</summary>
    public DateOnly? Target(DateOnly day, DayRule rule) => rule switch
    {
        DayRule.WorkingDays => IsWorked(day) ? day : null,
        DayRule.FreeDays => IsWorked(day) ? null : day,
        DayRule.Next => Seek(day, 1),
        DayRule.Previous => Seek(day, -1),
        DayRule.NextInMonth => Seek(day, 1) is { } next && next.Month == day.Month && next.Year == day.Year ? next : Seek(day, -1),
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "No such rule."),
    };

    private DateOnly? Seek(DateOnly day, int step)
    {
        for (var moved = 0; moved <= LongestRest; moved++)
        {
            if (IsWorked(day))
            {
                return day;
            }

            if (day == DateOnly.MinValue || day == DateOnly.MaxValue)
            {
                return null;
            }

            day = day.AddDays(step);
        }

        return null;
    }

    private static Dictionary<DateOnly, string?> Index(IReadOnlyList<CalendarDay> days)
    {
        var index = new Dictionary<DateOnly, string?>(days.Count);
        foreach (var day in days)
        {
            index[day.Date] = day.Name ?? index.GetValueOrDefault(day.Date);
        }

        return index;
    }

    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
