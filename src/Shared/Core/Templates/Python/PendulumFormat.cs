using System.Text;
using NodaTime;

namespace Sluice.Core.Templates.Python;

/// <summary>Pendulum's <c>format('YYYY-MM-DD HH:mm')</c>, in English. Text in square brackets stands for itself.</summary>
internal static class PendulumFormat
{
    // Longest first, so that MMMM is not read as MM MM.
    private static readonly string[] Tokens =
    [
        "YYYY", "YY", "Y", "MMMM", "MMM", "MM", "Mo", "M", "DDDD", "DDD", "DD", "Do", "D", "dddd", "ddd", "dd", "do", "d", "E",
        "HH", "H", "hh", "h", "mm", "m", "ss", "s", "SSSSSS", "SSSSS", "SSSS", "SSS", "SS", "S", "Qo", "Q", "A", "ZZ", "zz", "Z", "z", "X", "x",
    ];

    public static string Format(DateTimeValue value, string format)
    {
        var result = new StringBuilder();
        for (var i = 0; i < format.Length;)
        {
            var close = format[i] == '[' ? format.IndexOf(']', i) : -1;
            if (close > 0)
            {
                result.Append(format, i + 1, close - i - 1);
                i = close + 1;
            }
            else if (format[i] == '\\' && i + 1 < format.Length)
            {
                result.Append(format[i + 1]);
                i += 2;
            }
            else if (Array.Find(Tokens, x => string.CompareOrdinal(format, i, x, 0, x.Length) == 0) is { } token)
            {
                result.Append(Part(value, token));
                i += token.Length;
            }
            else
            {
                result.Append(format[i++]);
            }
        }

        return result.ToString();
    }

    private static string Part(DateTimeValue value, string token)
    {
        var local = value.Local;
        var sunday = (int)local.DayOfWeek % 7;
        var hour = local.Hour % 12 == 0 ? 12 : local.Hour % 12;
        return token switch
        {
            "YYYY" => $"{local.Year:0000}",
            "YY" => $"{local.Year % 100:00}",
            "Y" => $"{local.Year}",
            "MMMM" => Strftime.MonthName(local),
            "MMM" => Strftime.MonthName(local)[..3],
            "MM" => $"{local.Month:00}",
            "Mo" => Ordinal(local.Month),
            "M" => $"{local.Month}",
            "DDDD" => $"{local.DayOfYear:000}",
            "DDD" => $"{local.DayOfYear}",
            "DD" => $"{local.Day:00}",
            "Do" => Ordinal(local.Day),
            "D" => $"{local.Day}",
            "dddd" => Strftime.DayName(local),
            "ddd" => Strftime.DayName(local)[..3],
            "dd" => Strftime.DayName(local)[..2],
            "do" => Ordinal(sunday),
            "d" => $"{sunday}",
            "E" => $"{(int)local.DayOfWeek}",
            "HH" => $"{local.Hour:00}",
            "H" => $"{local.Hour}",
            "hh" => $"{hour:00}",
            "h" => $"{hour}",
            "mm" => $"{local.Minute:00}",
            "m" => $"{local.Minute}",
            "ss" => $"{local.Second:00}",
            "s" => $"{local.Second}",
            "Qo" => Ordinal(((local.Month - 1) / 3) + 1),
            "Q" => $"{((local.Month - 1) / 3) + 1}",
            "A" => local.Hour < 12 ? "AM" : "PM",
            "ZZ" => PythonText.Offset(value.Offset ?? Offset.Zero, ""),
            "Z" => PythonText.Offset(value.Offset ?? Offset.Zero, ":"),
            "zz" => Strftime.ZoneName(value),
            "z" => value.Zone?.Id ?? "",
            "X" => $"{value.Instant.ToUnixTimeSeconds()}",
            "x" => $"{value.Instant.ToUnixTimeMilliseconds()}",
            _ => $"{value.Microsecond:000000}"[..token.Length],
        };
    }

    private static string Ordinal(int number) => number + (number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" });
}
