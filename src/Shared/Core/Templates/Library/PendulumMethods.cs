using NodaTime;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;
using static Sluice.Core.Templates.Library.DateTimeMethods;

namespace Sluice.Core.Templates.Library;

/// <summary>What pendulum adds to datetime.</summary>
internal static class PendulumMethods
{
    public static TemplateValue? Get(DateTimeValue value, string name) => name switch
    {
        "add" => Function(name, a => Shift(value, a, 1)),
        "subtract" => Function(name, a => Shift(value, a, -1)),
        "in_timezone" or "in_tz" or "astimezone" => Function(name, a => InZone(value, Text(a.Bind(1, "tz")[0]!, "tz"))),
        "to_date_string" => Call(name, () => Strings(value, "YYYY-MM-DD")),
        "to_time_string" => Call(name, () => Strings(value, "HH:mm:ss")),
        "to_datetime_string" => Call(name, () => Strings(value, "YYYY-MM-DD HH:mm:ss")),
        "to_formatted_date_string" => Call(name, () => Strings(value, "MMM DD, YYYY")),
        "to_day_datetime_string" => Call(name, () => Strings(value, "ddd, MMM D, YYYY h:mm A")),
        "to_iso8601_string" => Call(name, () => TemplateValue.From(PythonText.Iso(value) is var iso && value.Zone?.Id == "UTC" ? iso.Replace("+00:00", "Z") : iso)),
        "to_rfc3339_string" => Call(name, () => TemplateValue.From(PythonText.Iso(value))),
        "format" => Function(name, a => Checked(PendulumFormat.Format(value, Text(a.Bind(1, "fmt")[0]!, "fmt")), a.Budget)),
        "start_of" => Function(name, a => StartOf(value, Text(a.Bind(1, "unit")[0]!, "unit"))),
        "end_of" => Function(name, a => EndOf(value, Text(a.Bind(1, "unit")[0]!, "unit"))),
        "int_timestamp" => TemplateValue.From(value.Instant.ToUnixTimeSeconds()),
        "float_timestamp" => TemplateValue.From(Seconds(value)),
        "timezone_name" => value.Zone is null ? TemplateValue.None : TemplateValue.From(value.Zone.Id),
        "offset" => value.Offset is { } offset ? TemplateValue.From((long)offset.Seconds) : TemplateValue.None,
        "day_of_year" => TemplateValue.From((long)value.Local.DayOfYear),
        "week_of_year" => TemplateValue.From((long)NodaTime.Calendars.WeekYearRules.Iso.GetWeekOfWeekYear(value.Local.Date)),
        "days_in_month" => TemplateValue.From((long)CalendarSystem.Iso.GetDaysInMonth(value.Local.Year, value.Local.Month)),
        "quarter" => TemplateValue.From((long)((value.Local.Month - 1) / 3) + 1),
        _ => null,
    };

    private static DateTimeValue InZone(DateTimeValue value, string zone) =>
        value.IsNaive ? throw new TemplateException("A datetime without a zone cannot be moved to another zone.") : DateTimeValue.At(value.Instant, Zone(zone));

    private static TemplateValue Strings(DateTimeValue value, string format) => TemplateValue.From(PendulumFormat.Format(value, format));

    // Years to days move on the calendar and the clock on the wall stays; hours and less are elapsed time.
    private static DateTimeValue Shift(DateTimeValue value, TemplateArguments arguments, int sign)
    {
        var x = arguments.Bind(0, "years", "months", "weeks", "days", "hours", "minutes", "seconds", "microseconds");
        var calendar = new int[4];
        for (var i = 0; i < 4; i++)
        {
            calendar[i] = sign * Math.Clamp(Int(x[i], arguments.Callee, 0), -4_000_000, 4_000_000);
        }

        var local = value.Local.PlusYears(calendar[0]).PlusMonths(calendar[1]).PlusWeeks(calendar[2]).PlusDays(calendar[3]);
        var moved = local == value.Local ? value : value.WithLocal(local);
        var seconds = (Number(x[4], "hours") * 3600) + (Number(x[5], "minutes") * 60) + Number(x[6], "seconds");
        return moved.Plus(Duration.FromNanoseconds((double)(sign * 1000 * Math.Round((seconds * 1_000_000) + Number(x[7], "microseconds")))));
    }

    private static DateTimeValue StartOf(DateTimeValue value, string unit)
    {
        var local = value.Local;
        var date = local.Date;
        return value.WithLocal(unit switch
        {
            "second" => date + new LocalTime(local.Hour, local.Minute, local.Second),
            "minute" => date + new LocalTime(local.Hour, local.Minute),
            "hour" => date + new LocalTime(local.Hour, 0),
            "day" => date.AtMidnight(),
            "week" => date.PlusDays(1 - (int)date.DayOfWeek).AtMidnight(),
            "month" => new LocalDate(date.Year, date.Month, 1).AtMidnight(),
            "quarter" => new LocalDate(date.Year, ((date.Month - 1) / 3 * 3) + 1, 1).AtMidnight(),
            "year" => new LocalDate(date.Year, 1, 1).AtMidnight(),
            _ => throw new TemplateException($"'{unit}' is not a unit of time; there are second, minute, hour, day, week, month, quarter and year."),
        });
    }

    private static DateTimeValue EndOf(DateTimeValue value, string unit)
    {
        var start = StartOf(value, unit).Local;
        var next = unit switch
        {
            "second" => start.PlusSeconds(1),
            "minute" => start.PlusMinutes(1),
            "hour" => start.PlusHours(1),
            "day" => start.PlusDays(1),
            "week" => start.PlusWeeks(1),
            "month" => start.PlusMonths(1),
            "quarter" => start.PlusMonths(3),
            _ => start.PlusYears(1),
        };
        return value.WithLocal(next.PlusNanoseconds(-1000));
    }
}
