using System.Globalization;

namespace Sluice.Core.Schedules;

/// <summary>Reads the days of an iCalendar file (RFC 5545): all events are holidays, but those of the category WORKING DAY.</summary>
/// <remarks>
/// Yearly rules are written out to the end of 2099, the same on every day that the file is read. What repeats otherwise, and what this does not
/// know of yearly rules, is refused: a holiday that is silently missing is worse.
/// </remarks>
internal static class ICalendar
{
    private static readonly DateOnly Horizon = new(2099, 12, 31);
    private static readonly string[] WeekDays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

    public static void Read(string name, string text, CalendarDays found)
    {
        Event? current = null;
        var depth = 0;
        var isCalendar = false;
        foreach (var line in Unfold(text))
        {
            var (property, parameters, value) = Split(line.Text);
            switch (property)
            {
                case "BEGIN" when value.Equals("VCALENDAR", StringComparison.OrdinalIgnoreCase):
                    isCalendar = true;
                    break;
                case "BEGIN" when current is null && value.Equals("VEVENT", StringComparison.OrdinalIgnoreCase):
                    current = new() { File = name, Line = line.Number };
                    break;
                case "BEGIN" when current is not null:
                    depth++; // an alarm
                    break;
                case "END" when depth > 0:
                    depth--;
                    break;
                case "END" when current is not null:
                    current.AddTo(found);
                    current = null;
                    break;
                default:
                    if (depth == 0)
                    {
                        current?.Take(property, parameters, value, line.Number);
                    }

                    break;
            }
        }

        if (!isCalendar || current is not null)
        {
            throw new FormatException(isCalendar ? $"{name}, line {current!.Line}: the event has no end." : $"{name} is no iCalendar file: it has no BEGIN:VCALENDAR.");
        }
    }

    /// <summary>A line that begins with a blank goes on the one before (3.1).</summary>
    private static List<(string Text, int Number)> Unfold(string text)
    {
        var lines = new List<(string Text, int Number)>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            if (line.Length > 0 && line[0] is ' ' or '\t' && lines.Count > 0)
            {
                lines[^1] = (lines[^1].Text + line[1..], lines[^1].Number);
            }
            else if (line.Length > 0)
            {
                lines.Add((line.TrimStart('\uFEFF'), number));
            }
        }

        return lines;
    }

    private static (string Property, string Parameters, string Value) Split(string line)
    {
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            quoted ^= line[i] == '"';
            if (line[i] == ':' && !quoted)
            {
                var head = line[..i];
                var end = head.IndexOf(';', StringComparison.Ordinal);
                return ((end < 0 ? head : head[..end]).ToUpperInvariant(), end < 0 ? "" : head[end..].ToUpperInvariant(), line[(i + 1)..]);
            }
        }

        return ("", "", line);
    }

    private sealed class Event
    {
        private readonly List<DateOnly> _excluded = [];
        private readonly List<DateOnly> _added = [];
        private DateOnly? _start;
        private DateOnly? _end;
        private int _length = 1;
        private string? _summary;
        private string? _rule;
        private int _ruleLine;
        private bool _worked;
        private bool _cancelled;

        public required string File { get; init; }

        public required int Line { get; init; }

        public void Take(string property, string parameters, string value, int line)
        {
            switch (property)
            {
                case "DTSTART":
                    _start = DateOf(value, line);
                    break;
                case "DTEND":
                    // The end is not part of it (3.6.1), but a time of a day is in that day.
                    var end = DateOf(value, line);
                    _end = value.Length > 8 && !value[8..].StartsWith("T000000", StringComparison.Ordinal) ? end.AddDays(1) : end;
                    break;
                case "DURATION":
                    _length = LengthOf(value, line);
                    break;
                case "SUMMARY":
                    _summary = value.Replace("\\n", " ", StringComparison.OrdinalIgnoreCase).Replace("\\", "", StringComparison.Ordinal).Trim();
                    break;
                case "CATEGORIES":
                    _worked |= value.Split(',').Any(category => category.Trim().Equals("WORKING DAY", StringComparison.OrdinalIgnoreCase));
                    break;
                case "STATUS":
                    _cancelled |= value.Trim().Equals("CANCELLED", StringComparison.OrdinalIgnoreCase);
                    break;
                case "EXDATE":
                    _excluded.AddRange(value.Split(',').Select(date => DateOf(date, line)));
                    break;
                case "RDATE":
                    _added.AddRange(value.Split(',').Select(date => DateOf(date, line)));
                    break;
                case "RRULE":
                    (_rule, _ruleLine) = (value.Trim(), line);
                    break;
                default:
                    _ = parameters;
                    break;
            }
        }

        public void AddTo(CalendarDays found)
        {
            if (_cancelled)
            {
                return;
            }

            var start = _start ?? throw new FormatException($"{File}, line {Line}: the event has no DTSTART.");
            var length = _end is { } end ? Math.Max(1, end.DayNumber - start.DayNumber) : _length;
            if (length > 366)
            {
                throw new FormatException($"{File}, line {Line}: the event lasts {length} days; more than a year is no holiday.");
            }

            foreach (var first in (_rule is null ? [start] : Occurrences(start)).Concat(_added).Except(_excluded))
            {
                for (var day = 0; day < length; day++)
                {
                    (_worked ? found.Worked : found.Holidays)[first.AddDays(day)] = string.IsNullOrEmpty(_summary) ? null : _summary;
                }
            }
        }

        /// <summary>The days of a yearly rule (3.3.10), the start first.</summary>
        private List<DateOnly> Occurrences(DateOnly start)
        {
            var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var part in _rule!.Split(';', StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = part.IndexOf('=', StringComparison.Ordinal);
                parts[equals < 0 ? part : part[..equals]] = equals < 0 ? "" : part[(equals + 1)..].ToUpperInvariant();
            }

            if (parts.GetValueOrDefault("FREQ") != "YEARLY")
            {
                throw Refused($"repeats {parts.GetValueOrDefault("FREQ") ?? "by no FREQ"}; only YEARLY rules can be read");
            }

            if (parts.Keys.FirstOrDefault(key => key.ToUpperInvariant() is not ("FREQ" or "INTERVAL" or "COUNT" or "UNTIL" or "BYMONTH" or "BYMONTHDAY" or "BYDAY" or "WKST")) is { } unknown)
            {
                throw Refused($"has {unknown}, which cannot be read");
            }

            var interval = Number("INTERVAL", 1, 1);
            var count = Number("COUNT", int.MaxValue, 1);
            var until = parts.TryGetValue("UNTIL", out var text) ? DateOf(text, _ruleLine) : Horizon;
            var months = parts.TryGetValue("BYMONTH", out var given) ? given.Split(',').Select(month => Parsed(month, "BYMONTH", 1, 12)).ToList() : [start.Month];
            var monthDays = parts.TryGetValue("BYMONTHDAY", out given) ? given.Split(',').Select(day => Parsed(day, "BYMONTHDAY", -31, 31)).ToList() : null;
            var weekDays = parts.TryGetValue("BYDAY", out given) ? given.Split(',').Select(WeekDay).ToList() : null;
            if (weekDays is not null && !parts.ContainsKey("BYMONTH"))
            {
                throw Refused("has BYDAY without BYMONTH, which cannot be read");
            }

            var days = new List<DateOnly>();
            for (var year = start.Year; year <= Math.Min(until.Year, Horizon.Year); year += interval)
            {
                foreach (var day in months.Order().SelectMany(month => InMonth(year, month)).Where(day => day >= start && day <= until))
                {
                    days.Add(day);
                    if (days.Count >= count)
                    {
                        return days;
                    }
                }
            }

            return days;

            IEnumerable<DateOnly> InMonth(int year, int month)
            {
                var length = DateTime.DaysInMonth(year, month);
                if (monthDays is null && weekDays is null)
                {
                    return start.Day <= length ? [new(year, month, start.Day)] : [];
                }

                return Enumerable.Range(1, length)
                    .Where(day => monthDays is null || monthDays.Contains(day) || monthDays.Contains(day - length - 1))
                    .Select(day => new DateOnly(year, month, day))
                    .Where(day => weekDays is null || weekDays.Any(wanted => wanted.Day == day.DayOfWeek && (wanted.Nth switch
                    {
                        0 => true,
                        > 0 => (day.Day - 1) / 7 + 1 == wanted.Nth,
                        _ => (length - day.Day) / 7 + 1 == -wanted.Nth,
                    })));
            }

            (int Nth, DayOfWeek Day) WeekDay(string written)
            {
                var index = written.Length < 2 ? -1 : Array.IndexOf(WeekDays, written[^2..]);
                return index < 0 ? throw Refused($"has BYDAY={written}, which is no day of the week")
                    : (written.Length == 2 ? 0 : Parsed(written[..^2], "BYDAY", -5, 5), (DayOfWeek)index);
            }

            int Number(string key, int otherwise, int least) => parts.TryGetValue(key, out var number) ? Parsed(number, key, least, 100_000) : otherwise;

            int Parsed(string number, string key, int least, int most) =>
                int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most && (value != 0 || least == 0)
                    ? value
                    : throw Refused($"has {key}={number}; it must be a number from {least} to {most}");
        }

        private FormatException Refused(string why) => new($"{File}, line {_ruleLine}: the rule {why}; list such days one by one.");

        private DateOnly DateOf(string value, int line) =>
            value.Trim() is { Length: >= 8 } text && DateOnly.TryParseExact(text[..8], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? date
                : throw new FormatException($"{File}, line {line}: \"{value}\" is not a date like 20261225.");

        private int LengthOf(string value, int line)
        {
            var text = value.Trim();
            var unit = text.Length > 2 && text[0] == 'P' ? text[^1] : ' ';
            return unit is 'D' or 'W' && int.TryParse(text[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 366
                ? unit == 'W' ? count * 7 : count
                : text.StartsWith("PT", StringComparison.Ordinal) ? 1
                : throw new FormatException($"{File}, line {line}: \"{value}\" is not a length in days like P1D.");
        }
    }
}
