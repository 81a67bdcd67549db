using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Authoring.Operators;
using Sluice.Cli.CommandLine;
using Sluice.Core.Schedules;

namespace Sluice.Cli.Schedules;

/// <summary>A schedule on the command line.</summary>
internal static partial class ScheduleOptions
{
    private static readonly Dictionary<string, DayRule> Rules = Enum.GetValues<DayRule>().ToDictionary(CalendarRule.NameOf);

    public static readonly Option<string[]> Cron = new("--cron") { Description = "Five fields, or @hourly, @daily, @weekly, ...; several count together.", HelpName = "EXPRESSION" };
    public static readonly Option<string[]> At = new("--at") { Description = "The same, but runs at the ticks themselves, with intervals of no length.", HelpName = "EXPRESSION" };
    public static readonly Option<string?> Every = new("--every") { Description = "A fixed length instead: 90m, 1h30m, 2d; or steps of the calendar: '1 day', '3 months', '1 year'.", HelpName = "LENGTH" };
    public static readonly Option<string?> Interval = new("--interval") { Description = "With --at: data intervals of this length that end at the ticks: 1h, 2d.", HelpName = "LENGTH" };

    public static readonly Option<string?> RunImmediately = new("--run-immediately")
    {
        Description = "With --at and without --start: whether the first run is that of the latest tick: true, false, or how long ago that may be.",
        HelpName = "true|false|LENGTH",
    };

    public static readonly Option<bool> Seconds = new("--seconds") { Description = "Expressions have six fields, the first of them seconds." };
    public static readonly Option<string[]> Calendar = new("--calendar") { Description = "Business calendar: an .ics file or a list of dates; several count together.", HelpName = "FILE" };

    public static readonly Option<string?> Days = new Option<string?>("--days")
    {
        Description = "What the calendar does to a tick on a free day. Default: working_days (leave it out).",
        HelpName = "RULE",
    }.AcceptOnlyFromAmong([.. Rules.Keys]);

    /// <summary>True when one of them was given.</summary>
    public static bool Given(Invocation invocation) =>
        invocation.Find(Cron) is { Length: > 0 } || invocation.Find(At) is { Length: > 0 } || invocation.Find(Every) is not null;

    /// <exception cref="UsageException">They do not make a schedule.</exception>
    public static Schedule Read(Invocation invocation)
    {
        var (crons, ats, every) = (invocation.Find(Cron) ?? [], invocation.Find(At) ?? [], invocation.Find(Every));
        if ((crons.Length > 0 ? 1 : 0) + (ats.Length > 0 ? 1 : 0) + (every is null ? 0 : 1) != 1)
        {
            throw new UsageException("Give one of --cron, --at, --every and --dag.");
        }

        var calendars = invocation.Find(Calendar) ?? [];
        if (calendars.Length == 0 && invocation.Find(Days) is not null)
        {
            throw new UsageException("--days needs a --calendar.");
        }

        if (ats.Length == 0 && (invocation.Find(Interval) ?? invocation.Find(RunImmediately)) is not null)
        {
            throw new UsageException("--interval and --run-immediately go with --at.");
        }

        if (every is not null)
        {
            return calendars.Length > 0 || invocation.Find(Seconds)
                ? throw new UsageException("--calendar and --seconds go with --cron or --at.")
                : EveryOf(every);
        }

        var rule = calendars.Length == 0 ? null : new CalendarRule(ReadCalendar(calendars), Rules[invocation.Find(Days) ?? "working_days"]);
        return crons.Length > 0
            ? new CronSchedule(crons[0]) { More = More(crons), Seconds = invocation.Find(Seconds), Days = rule }
            : new CronTriggerSchedule(ats[0])
            {
                More = More(ats),
                Seconds = invocation.Find(Seconds),
                Days = rule,
                Interval = invocation.Find(Interval) is { } interval ? LengthOf(interval, "--interval", "a length of time such as 1h or 2d") : TimeSpan.Zero,
                Immediately = invocation.Find(RunImmediately) == "true",
                ImmediatelyWithin = invocation.Find(RunImmediately) is { } within and not ("true" or "false")
                    ? LengthOf(within, "--run-immediately", "true, false, or a length of time such as 30m")
                    : null,
            };
    }

    private static TimeSpan LengthOf(string text, string option, string expected) =>
        Duration.TryParse(text, out var length) ? length : throw new UsageException($"{option} is '{text}'; it must be {expected}.");

    private static string[]? More(string[] expressions) => expressions.Length > 1 ? expressions[1..] : null;

    private static Schedule EveryOf(string text)
    {
        if (Steps().Match(text) is { Success: true } match && int.TryParse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture, out var count))
        {
            return match.Groups["unit"].Value switch
            {
                "day" => Schedule.EveryDays(count),
                "week" => Schedule.EveryWeeks(count),
                "month" => Schedule.EveryMonths(count),
                _ => Schedule.EveryYears(count),
            };
        }

        return Duration.TryParse(text, out var length)
            ? Schedule.Every(length)
            : throw new UsageException($"--every is '{text}'; it must be a length of time such as 90m, 1h30m or 2d, or steps of the calendar such as '3 months'.");
    }

    private static BusinessCalendar ReadCalendar(string[] files)
    {
        try
        {
            return CalendarFile.Parse([.. files.Select(file => (Path.GetFileName(file), File.ReadAllText(file)))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The calendar cannot be read: {e.Message}");
        }
    }

    [GeneratedRegex(@"^(?<count>\d{1,4}) (?<unit>day|week|month|year)s?\z")]
    private static partial Regex Steps();
}
