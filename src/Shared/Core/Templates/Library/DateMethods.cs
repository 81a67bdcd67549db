using NodaTime;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;
using static Sluice.Core.Templates.Library.DateTimeMethods;

namespace Sluice.Core.Templates.Library;

/// <summary>Attributes and methods of date and timedelta.</summary>
internal static class DateMethods
{
    public static TemplateValue? Get(DateValue value, string name) => name switch
    {
        "year" => TemplateValue.From((long)value.Value.Year),
        "month" => TemplateValue.From((long)value.Value.Month),
        "day" => TemplateValue.From((long)value.Value.Day),
        "isoformat" => Call(name, () => TemplateValue.From(PythonText.Date(value.Value))),
        "strftime" => Function(name, a => Checked(
            Strftime.Format(DateTimeValue.Naive(value.Value.AtMidnight()), Text(a.Bind(1, "format")[0]!, "format"), a.Budget), a.Budget)),
        "weekday" => Call(name, () => TemplateValue.From((long)value.Value.DayOfWeek - 1)),
        "isoweekday" => Call(name, () => TemplateValue.From((long)value.Value.DayOfWeek)),
        "replace" => Function(name, a =>
        {
            var x = a.Bind(0, "year", "month", "day");
            return new DateValue(Date(Int(x[0], "year", value.Value.Year), Int(x[1], "month", value.Value.Month), Int(x[2], "day", value.Value.Day)));
        }),
        _ => null,
    };

    public static TemplateValue? Get(TimeSpan value, string name)
    {
        var (days, seconds, micros) = PythonText.Parts(value);
        return name switch
        {
            "days" => TemplateValue.From((long)days),
            "seconds" => TemplateValue.From((long)seconds),
            "microseconds" => TemplateValue.From((long)micros),
            "total_seconds" => Call(name, () => TemplateValue.From(value.Ticks / 10 / 1_000_000.0)),
            "total_days" => Call(name, () => TemplateValue.From(value.TotalDays)),
            "total_hours" => Call(name, () => TemplateValue.From(value.TotalHours)),
            "total_minutes" => Call(name, () => TemplateValue.From(value.TotalMinutes)),
            "in_days" => Call(name, () => TemplateValue.From((long)value.TotalDays)),
            "in_hours" => Call(name, () => TemplateValue.From((long)value.TotalHours)),
            "in_minutes" => Call(name, () => TemplateValue.From((long)value.TotalMinutes)),
            "in_seconds" => Call(name, () => TemplateValue.From((long)value.TotalSeconds)),
            _ => null,
        };
    }

    public static LocalDate Date(int year, int month, int day) =>
        year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= CalendarSystem.Iso.GetDaysInMonth(year, month)
            ? new LocalDate(year, month, day)
            : throw new TemplateException($"{year}-{month}-{day} is not a date.");
}
