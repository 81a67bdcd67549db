using System.Globalization;
using NodaTime;

namespace Sluice.Core.Templates.Library;

/// <summary>The macro <c>datetime_diff_for_humans</c>: pendulum's words for how far one date is from another.</summary>
internal static class HumanDiff
{
    public static TemplateValue Of(TemplateArguments arguments)
    {
        var x = arguments.Bind(1, "dt", "since");
        return x[1] is null or NoneValue
            ? throw new TemplateException(
                "'datetime_diff_for_humans' without 'since' would be about the present, and a template gives the same text whenever it is rendered again; give 'since', such as data_interval_end.")
            : TemplateValue.From(Text(Date(x[0]!, "dt"), Date(x[1]!, "since")));
    }

    private static LocalDateTime Date(TemplateValue value, string name) => value is DateTimeValue date
        ? date.IsNaive ? date.Local : date.Instant.InUtc().LocalDateTime
        : throw new TemplateException($"'{name}' of 'datetime_diff_for_humans' must be a datetime, not {value.TypeName}.");

    private static string Text(LocalDateTime time, LocalDateTime since)
    {
        var isAfter = time > since;
        var gap = Period.Between(isAfter ? since : time, isAfter ? time : since, PeriodUnits.YearMonthDay | PeriodUnits.AllTimeUnits);
        var (weeks, days) = (gap.Days / 7, gap.Days % 7);
        var (count, unit) = gap switch
        {
            { Years: > 0 } => (gap.Years + (gap.Months > 6 ? 1 : 0), "year"),
            { Months: 11, Days: > 15 } => (1, "year"),
            { Months: > 0 } => (gap.Months + (gap.Days >= 27 ? 1 : 0), "month"),
            { Days: >= 7 } => (weeks + (days > 3 ? 1 : 0), "week"),
            { Days: > 0 } => (gap.Days + (gap.Hours >= 22 ? 1 : 0), "day"),
            { Hours: > 0 } => ((int)gap.Hours, "hour"),
            { Minutes: > 0 } => ((int)gap.Minutes, "minute"),
            { Seconds: > 10 } => ((int)gap.Seconds, "second"),
            _ => (0, "a few seconds"),
        };
        var length = count == 0 ? unit : string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
        return $"{length} {(isAfter ? "after" : "before")}";
    }
}
