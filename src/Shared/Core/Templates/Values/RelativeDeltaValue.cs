using NodaTime;

namespace Sluice.Core.Templates;

/// <summary>dateutil's relativedelta: an amount on the calendar, and parts of a date to set. Months are clamped to the last day.</summary>
/// <param name="months">Years are in here.</param>
/// <param name="days">Weeks are in here.</param>
/// <param name="micros">Hours and less, less than a day.</param>
/// <param name="set">What replaces a part, by its name in the singular: year, month, day, hour, minute, second, microsecond.</param>
internal sealed class RelativeDeltaValue(int months, int days, long micros, IReadOnlyDictionary<string, int> set) : TemplateValue
{
    public static readonly string[] Plurals = ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "microseconds"];

    public static readonly string[] Singulars = ["year", "month", "day", "hour", "minute", "second", "microsecond"];

    internal override string TypeName => "relativedelta";

    /// <summary>As dateutil does it: seconds that fill minutes become minutes, up to days; months that fill years become years; days stay days.</summary>
    public static RelativeDeltaValue Of(long years, long months, long days, long micros, IReadOnlyDictionary<string, int> set)
    {
        var (wholeDays, rest) = Math.DivRem(micros, 86_400_000_000L);
        return new(Bounded((years * 12) + months), Bounded(days + wholeDays), rest, set);

        static int Bounded(long value) => Math.Abs(value) <= 4_000_000 ? (int)value : throw new TemplateException("The relativedelta is too long.");
    }

    public RelativeDeltaValue Negated() => new(-months, -days, -micros, set);

    public LocalDateTime AddTo(LocalDateTime local)
    {
        var year = set.GetValueOrDefault("year", local.Year) + (months / 12);
        var month = set.GetValueOrDefault("month", local.Month) + (months % 12);
        (year, month) = month > 12 ? (year + 1, month - 12) : month < 1 ? (year - 1, month + 12) : (year, month);
        if (year is < 1 or > 9999)
        {
            throw new TemplateException($"The year {year} is out of range: dates lie between the years 1 and 9999.");
        }

        var last = month is >= 1 and <= 12 ? CalendarSystem.Iso.GetDaysInMonth(year, month) : 0;
        var date = Library.DateMethods.Date(year, month, Math.Min(last, set.GetValueOrDefault("day", local.Day)));
        var time = Library.DateTimeMethods.Time(
            set.GetValueOrDefault("hour", local.Hour), set.GetValueOrDefault("minute", local.Minute), set.GetValueOrDefault("second", local.Second),
            set.GetValueOrDefault("microsecond", (int)(local.NanosecondOfSecond() / 1000)));
        return (date + time).PlusDays(days).PlusTicks(micros * 10);
    }

    /// <summary><c>relativedelta(months=+1, day=31)</c>.</summary>
    public string Display()
    {
        var seconds = micros / 1_000_000;
        (string Name, long Value)[] parts =
        [
            ("years", months / 12), ("months", months % 12), ("days", days), ("hours", seconds / 3600), ("minutes", seconds / 60 % 60),
            ("seconds", seconds % 60), ("microseconds", micros % 1_000_000),
        ];
        var given = parts.Where(x => x.Value != 0).Select(x => $"{x.Name}={x.Value:+0;-0}")
            .Concat(Singulars.Where(set.ContainsKey).Select(name => $"{name}={set[name]}"));
        return $"relativedelta({string.Join(", ", given)})";
    }
}
