using Sluice.Core.Templates.Python;

namespace Sluice.Core.Templates.Library;

/// <summary>Airflow's filters over dates. None passes through.</summary>
internal static class DateFilters
{
    public static IEnumerable<KeyValuePair<string, Filter>> All =>
    [
        new("ds", Filter(x => PythonText.Date(x.Local.Date))),
        new("ds_nodash", Filter(x => PythonText.Date(x.Local.Date).Replace("-", ""))),
        new("ts", Filter(x => PythonText.Iso(x))),
        new("ts_nodash", Filter(TimestampNoDash)),
        new("ts_nodash_with_tz", Filter(TimestampNoDashWithZone)),
    ];

    public static string TimestampNoDash(DateTimeValue value) =>
        $"{PythonText.Date(value.Local.Date).Replace("-", "")}T{value.Local.Hour:00}{value.Local.Minute:00}{value.Local.Second:00}";

    /// <summary>As Airflow: a negative offset loses its sign, because every dash goes.</summary>
    public static string TimestampNoDashWithZone(DateTimeValue value) => PythonText.Iso(value).Replace("-", "").Replace(":", "");

    private static Filter Filter(Func<DateTimeValue, string> format) => (value, arguments) =>
    {
        arguments.Bind(0);
        return value switch
        {
            NoneValue => value,
            DateTimeValue time => TemplateValue.From(format(time)),
            DateValue date => TemplateValue.From(format(DateTimeValue.Naive(date.Value.AtMidnight()))),
            _ => throw new TemplateException($"'{arguments.Callee}' needs a date, not {value.TypeName}."),
        };
    };
}
