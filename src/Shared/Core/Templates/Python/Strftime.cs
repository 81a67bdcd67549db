using System.Globalization;
using System.Text;
using NodaTime;
using Sluice.Core.Templates.Rendering;

namespace Sluice.Core.Templates.Python;

/// <summary>Python's strftime and strptime, in the C locale.</summary>
internal static class Strftime
{
    private static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    public static string DayName(LocalDateTime local) => Days[(int)local.DayOfWeek - 1];

    public static string MonthName(LocalDateTime local) => Months[local.Month - 1];

    public static string Format(DateTimeValue value, string format, RenderBudget budget)
    {
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                result.Append(format[i]);
                continue;
            }

            budget.Step();
            var directive = format[++i];
            var bare = directive == '-' && i + 1 < format.Length;
            if (bare)
            {
                directive = format[++i];
            }

            var text = Directive(value, directive, budget);
            result.Append(bare && text.Length > 1 ? text.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : "0" : text);
        }

        return result.ToString();
    }

    /// <summary>Reads a text by a format; a datetime with a zone when the format has <c>%z</c>.</summary>
    public static DateTimeValue Parse(string text, string format)
    {
        int year = 1900, month = 1, day = 1, hour = 0, minute = 0, second = 0, micro = 0, at = 0;
        int? dayOfYear = null;
        bool? afternoon = null;
        Offset? offset = null;
        for (var i = 0; i < format.Length; i++)
        {
            if (char.IsWhiteSpace(format[i]))
            {
                while (at < text.Length && char.IsWhiteSpace(text[at]))
                {
                    at++;
                }

                continue;
            }

            if (format[i] != '%' || i + 1 == format.Length)
            {
                Literal(format[i]);
                continue;
            }

            switch (format[++i])
            {
                case 'Y':
                    year = Digits(4, 4);
                    break;
                case 'y':
                    year = Digits(1, 2);
                    year += year < 69 ? 2000 : 1900;
                    break;
                case 'm':
                    month = Digits(1, 2);
                    break;
                case 'd':
                    day = Digits(1, 2);
                    break;
                case 'H' or 'I':
                    hour = Digits(1, 2);
                    break;
                case 'M':
                    minute = Digits(1, 2);
                    break;
                case 'S':
                    second = Digits(1, 2);
                    break;
                case 'j':
                    dayOfYear = Digits(1, 3);
                    break;
                case 'f':
                    var start = at;
                    micro = Digits(1, 6);
                    for (var digits = at - start; digits < 6; digits++)
                    {
                        micro *= 10;
                    }

                    break;
                case 'B':
                    month = Name(Months) + 1;
                    break;
                case 'b' or 'h':
                    month = Name([.. Months.Select(x => x[..3])]) + 1;
                    break;
                case 'A':
                    Name(Days);
                    break;
                case 'a':
                    Name([.. Days.Select(x => x[..3])]);
                    break;
                case 'p':
                    afternoon = Name(["AM", "PM"]) == 1;
                    break;
                case 'z':
                    offset = Zone();
                    break;
                case 'T':
                    hour = Digits(1, 2);
                    Literal(':');
                    minute = Digits(1, 2);
                    Literal(':');
                    second = Digits(1, 2);
                    break;
                case '%':
                    Literal('%');
                    break;
                case var unknown:
                    throw new TemplateException($"'%{unknown}' is not known when a date is read.");
            }
        }

        if (at < text.Length || (afternoon is not null && hour is < 1 or > 12))
        {
            throw Bad();
        }

        hour = afternoon is null ? hour : (hour % 12) + (afternoon.Value ? 12 : 0);
        try
        {
            var date = dayOfYear is { } days ? new LocalDate(year, 1, 1).PlusDays(days - 1) : new LocalDate(year, month, day);
            var local = date + new LocalTime(hour, minute, second).PlusNanoseconds(micro * 1000L);
            return offset is { } zone ? DateTimeValue.AtOffset(local, zone) : DateTimeValue.Naive(local);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw Bad();
        }

        TemplateException Bad() => new($"'{text}' is not a date of the form '{format}'.");

        void Literal(char c)
        {
            if (at >= text.Length || text[at] != c)
            {
                throw Bad();
            }

            at++;
        }

        int Digits(int least, int most)
        {
            var start = at;
            while (at < text.Length && at - start < most && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            return at - start >= least ? int.Parse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture) : throw Bad();
        }

        int Name(string[] names)
        {
            var index = Array.FindIndex(names, x => string.Compare(text, at, x, 0, x.Length, StringComparison.OrdinalIgnoreCase) == 0);
            at += index < 0 ? throw Bad() : names[index].Length;
            return index;
        }

        Offset Zone()
        {
            if (at < text.Length && text[at] == 'Z')
            {
                at++;
                return Offset.Zero;
            }

            if (at >= text.Length || text[at] is not ('+' or '-'))
            {
                throw Bad();
            }

            var sign = text[at++] == '-' ? -1 : 1;
            var hours = Digits(2, 2);
            at += at < text.Length && text[at] == ':' ? 1 : 0;
            return Offset.FromSeconds(sign * ((hours * 3600) + (Digits(2, 2) * 60)));
        }
    }

    private static string Directive(DateTimeValue value, char directive, RenderBudget budget)
    {
        var local = value.Local;
        var sunday = (int)local.DayOfWeek % 7;
        return directive switch
        {
            'a' => DayName(local)[..3],
            'A' => DayName(local),
            'w' => $"{sunday}",
            'u' => $"{(int)local.DayOfWeek}",
            'd' => $"{local.Day:00}",
            'e' => $"{local.Day,2}",
            'b' or 'h' => MonthName(local)[..3],
            'B' => MonthName(local),
            'm' => $"{local.Month:00}",
            'y' => $"{local.Year % 100:00}",
            'Y' => $"{local.Year}",
            'C' => $"{local.Year / 100:00}",
            'H' => $"{local.Hour:00}",
            'k' => $"{local.Hour,2}",
            'I' => $"{Hour12(local):00}",
            'l' => $"{Hour12(local),2}",
            'p' => local.Hour < 12 ? "AM" : "PM",
            'M' => $"{local.Minute:00}",
            'S' => $"{local.Second:00}",
            'f' => $"{value.Microsecond:000000}",
            'z' => value.Offset is { } offset ? PythonText.Offset(offset, "") : "",
            'Z' => ZoneName(value),
            'j' => $"{local.DayOfYear:000}",
            'U' => $"{(local.DayOfYear + 6 - sunday) / 7:00}",
            'W' => $"{(local.DayOfYear + 6 - ((sunday + 6) % 7)) / 7:00}",
            'V' => $"{NodaTime.Calendars.WeekYearRules.Iso.GetWeekOfWeekYear(local.Date):00}",
            'G' => $"{NodaTime.Calendars.WeekYearRules.Iso.GetWeekYear(local.Date)}",
            'c' => Format(value, "%a %b %e %H:%M:%S %Y", budget),
            'x' or 'D' => Format(value, "%m/%d/%y", budget),
            'X' or 'T' => Format(value, "%H:%M:%S", budget),
            'F' => Format(value, "%Y-%m-%d", budget),
            'R' => Format(value, "%H:%M", budget),
            'r' => Format(value, "%I:%M:%S %p", budget),
            's' => $"{value.Instant.ToUnixTimeSeconds()}",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => throw new TemplateException($"'%{directive}' is not known in a date format."),
        };
    }

    /// <summary><c>UTC</c>, <c>KST</c>, or the offset where a zone has no letters.</summary>
    public static string ZoneName(DateTimeValue value) => value switch
    {
        { Zone: null } => "",
        { Zone.Id: "UTC" } => "UTC",
        _ => value.Zone.GetZoneInterval(value.Instant).Name,
    };

    private static int Hour12(LocalDateTime local) => local.Hour % 12 == 0 ? 12 : local.Hour % 12;
}
