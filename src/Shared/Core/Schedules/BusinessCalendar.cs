using System.Text.Json.Serialization;

namespace Sluice.Core.Schedules;

/// <summary>Which days are worked: a week with free days, holidays, and days that are worked all the same.</summary>
/// <remarks>Data, so that a run needs no file: the content of the file is part of the Dag and of its version.</remarks>
public sealed record BusinessCalendar
{
    /// <summary>For people: the file that it came from.</summary>
    public required string Name { get; init; }

    /// <summary>Days of the week on which nobody works.</summary>
    public IReadOnlyList<DayOfWeek> Weekend { get; init; } = [DayOfWeek.Saturday, DayOfWeek.Sunday];

    /// <summary>Further days on which nobody works, ascending.</summary>
    public IReadOnlyList<CalendarDay> Holidays { get; init; } = [];

    /// <summary>Days that are worked though the week or a holiday says otherwise, ascending.</summary>
    public IReadOnlyList<CalendarDay> WorkingDays { get; init; } = [];
}

/// <summary>A day with what it is called, if that is known.</summary>
public sealed record CalendarDay(DateOnly Date, string? Name = null);

/// <summary>What becomes of a tick by the kind of its day.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DayRule>))]
public enum DayRule
{
    /// <summary>Only on working days; others are left out.</summary>
    WorkingDays,

    /// <summary>Only on days that are not worked.</summary>
    FreeDays,

    /// <summary>On the same time of the next working day.</summary>
    Next,

    /// <summary>On the same time of the working day before. With cron's <c>L</c>: the last working day of the month.</summary>
    Previous,

    /// <summary>On the next working day, but on the one before where the next lies in another month.</summary>
    NextInMonth,
}

/// <summary>A calendar, and what it does to ticks.</summary>
public sealed record CalendarRule(BusinessCalendar Calendar, DayRule Rule)
{
    /// <summary>The rule as written in YAML: <c>next_in_month</c>.</summary>
    public static string NameOf(DayRule rule) => rule switch
    {
        DayRule.WorkingDays => "working_days",
        DayRule.FreeDays => "free_days",
        DayRule.Next => "next",
        DayRule.Previous => "previous",
        DayRule.NextInMonth => "next_in_month",
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "No such rule."),
    };
}
