using NodaTime;
using Sluice.Core.Templates.Python;
using static Sluice.Core.Templates.Library.Arguments;

namespace Sluice.Core.Templates.Library;

/// <summary>Attributes and methods of datetime that Python has itself.</summary>
internal static class DateTimeMethods
{
    public static TemplateValue? Get(DateTimeValue value, string name) => name switch
    {
        "year" => TemplateValue.From((long)value.Local.Year),
        "month" => TemplateValue.From((long)value.Local.Month),
        "day" => TemplateValue.From((long)value.Local.Day),
        "hour" => TemplateValue.From((long)value.Local.Hour),
        "minute" => TemplateValue.From((long)value.Local.Minute),
        "second" => TemplateValue.From((long)value.Local.Second),
        "microsecond" => TemplateValue.From((long)value.Microsecond),
        "isoformat" => Function(name, a => TemplateValue.From(PythonText.Iso(value, TextOrNull(a.Bind(0, "sep")[0], "sep") ?? "T"))),
        "strftime" => Function(name, a => Checked(Strftime.Format(value, Text(a.Bind(1, "format")[0]!, "format"), a.Budget), a.Budget)),
        "date" => Call(name, () => new DateValue(value.Local.Date)),
        "weekday" => Call(name, () => TemplateValue.From((long)value.Local.DayOfWeek - 1)),
        "isoweekday" => Call(name, () => TemplateValue.From((long)value.Local.DayOfWeek)),
        "timestamp" => Call(name, () => TemplateValue.From(Seconds(value))),
        "replace" => Function(name, a => Replace(value, a)),
        "tzinfo" => value.Zone is { } zone ? new ZoneValue(zone) : TemplateValue.None,
        "time" => Call(name, () => TemplateValue.From(PythonText.Time(value))),
        "isocalendar" => Call(name, () =>
        {
            var rule = NodaTime.Calendars.WeekYearRules.Iso;
            int[] parts = [rule.GetWeekYear(value.Local.Date), rule.GetWeekOfWeekYear(value.Local.Date), (int)value.Local.DayOfWeek];
            return new ListValue([.. parts.Select(x => TemplateValue.From((long)x))], isTuple: true) { Fields = ["year", "week", "weekday"] };
        }),
        _ => null,
    };

    /// <summary>Seconds since 1970, UTC.</summary>
    public static double Seconds(DateTimeValue value) => value.Instant.ToUnixTimeTicks() / 10 / 1_000_000.0;

    public static FunctionValue Call(string name, Func<TemplateValue> result) => Function(name, a =>
    {
        a.Bind(0);
        return result();
    });

    /// <summary>The zone by its tz database name, such as Asia/Seoul.</summary>
    public static DateTimeZone Zone(string name) =>
        name is "UTC" or "utc" ? DateTimeZone.Utc
        : DateTimeZoneProviders.Tzdb.GetZoneOrNull(name) ?? throw new TemplateException($"There is no time zone '{name}'; names look like Asia/Seoul.");

    private static DateTimeValue Replace(DateTimeValue value, TemplateArguments arguments)
    {
        var x = arguments.Bind(0, "year", "month", "day", "hour", "minute", "second", "microsecond");
        var local = value.Local;
        var date = DateMethods.Date(Int(x[0], "year", local.Year), Int(x[1], "month", local.Month), Int(x[2], "day", local.Day));
        var time = Time(Int(x[3], "hour", local.Hour), Int(x[4], "minute", local.Minute), Int(x[5], "second", local.Second), Int(x[6], "microsecond", value.Microsecond));
        return value.WithLocal(date + time);
    }

    public static LocalTime Time(int hour, int minute, int second, int microsecond) =>
        hour is >= 0 and < 24 && minute is >= 0 and < 60 && second is >= 0 and < 60 && microsecond is >= 0 and < 1_000_000
            ? new LocalTime(hour, minute, second).PlusNanoseconds(microsecond * 1000L)
            : throw new TemplateException($"{hour}:{minute}:{second} is not a time.");
}
