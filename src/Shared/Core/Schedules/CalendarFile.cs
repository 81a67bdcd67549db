using System.Globalization;

namespace Sluice.Core.Schedules;

/// <summary>Reads business calendars from the text of files: iCalendar (<c>.ics</c>), or a plain list of dates. See docs/concepts/schedules.md.</summary>
public static class CalendarFile
{
    /// <summary>More is no calendar of people, and would make every copy of the Dag heavy.</summary>
    private const int MostDays = 10_000;

    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Reads several files as one calendar.</summary>
    /// <param name="files">Name and content of each; a name that ends in <c>.ics</c> says that it is iCalendar.</param>
    /// <exception cref="FormatException">One sentence that names file and line.</exception>
    public static BusinessCalendar Parse(params IReadOnlyList<(string Name, string Text)> files)
    {
        var found = new CalendarDays();
        foreach (var (name, text) in files)
        {
            if (name.EndsWith(".ics", StringComparison.OrdinalIgnoreCase))
            {
                ICalendar.Read(name, text, found);
            }
            else
            {
                ReadList(name, text, found);
            }

            if (found.Holidays.Count + found.Worked.Count > MostDays)
            {
                throw new FormatException($"{name}: the calendar has more than {MostDays} days.");
            }
        }

        var calendar = new BusinessCalendar { Name = string.Join(" + ", files.Select(file => file.Name)) };
        return calendar with
        {
            Weekend = found.Weekend is { } weekend ? [.. weekend.Distinct().Order()] : calendar.Weekend,
            Holidays = [.. found.Holidays.Select(day => new CalendarDay(day.Key, day.Value))],
            WorkingDays = [.. found.Worked.Select(day => new CalendarDay(day.Key, day.Value))],
        };
    }

    /// <summary>A line for each day: <c>2026-12-25 Christmas Day</c>; with a plus one that is worked; <c>weekend: fri sat</c>; <c>#</c> begins a comment.</summary>
    private static void ReadList(string name, string text, CalendarDays found)
    {
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Split('#')[0].Trim().TrimStart('\uFEFF');
            if (line.Length == 0)
            {
                continue;
            }

            if (line.StartsWith("weekend:", StringComparison.OrdinalIgnoreCase))
            {
                (found.Weekend ??= []).AddRange(line["weekend:".Length..]
                    .Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    .Where(day => !day.Equals("none", StringComparison.OrdinalIgnoreCase))
                    .Select(day => DayOf(name, number, day)));
                continue;
            }

            var worked = line[0] == '+';
            var words = line.TrimStart('+').Trim().Split([' ', '\t', ',', ';'], 2, StringSplitOptions.TrimEntries);
            if (!DateOnly.TryParseExact(words[0], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            {
                throw new FormatException(
                    $"{name}, line {number}: \"{words[0]}\" is not a date; write a day as 2026-12-25 Christmas Day, a day that is worked as +2026-11-07, free days of the week as weekend: sat sun.");
            }

            (worked ? found.Worked : found.Holidays)[date] = words.Length > 1 && words[1].Length > 0 ? words[1] : null;
        }
    }

    private static DayOfWeek DayOf(string name, int number, string text)
    {
        var index = Array.FindIndex(DayNames, known => text.StartsWith(known, StringComparison.OrdinalIgnoreCase)
            && ((DayOfWeek)Array.IndexOf(DayNames, known)).ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? (DayOfWeek)index : throw new FormatException($"{name}, line {number}: \"{text}\" is no day of the week; write sun, mon, tue, wed, thu, fri or sat, or none.");
    }
}

/// <summary>Days gathered from files; a later file may name what an earlier one left without a name.</summary>
internal sealed class CalendarDays
{
    public SortedDictionary<DateOnly, string?> Holidays { get; } = [];

    public SortedDictionary<DateOnly, string?> Worked { get; } = [];

    public List<DayOfWeek>? Weekend { get; set; }
}
