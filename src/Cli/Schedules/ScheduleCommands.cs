using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Dags;
using Sluice.Cli.Output;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Cli.Schedules;

/// <summary><c>sluice schedule preview</c>: what a schedule will do, before it is trusted with data.</summary>
internal static class ScheduleCommands
{
    private const int MostFirings = 100_000;

    private static readonly Option<string?> TimeZone = new("--tz") { Description = "Time zone of the schedule. Default: UTC.", HelpName = "ZONE" };
    private static readonly Option<string?> Dag = new("--dag") { Description = "The schedule, zone and dates of this Dag instead.", HelpName = "ID" };
    private static readonly Option<string?> Folder = new("--dag-folder") { Description = "Folder, or one file, of the Dag. Else SLUICE_DAG_FOLDER, else ./dags, else here.", HelpName = "DIR" };
    private static readonly Option<bool> Reasons = new("--reasons") { Description = "With --json: say of each run why it is not where the expression puts it. Always with a calendar or a Dag." };
    private static readonly Option<string?> Start = new("--start") { Description = "First logical date, in the zone.", HelpName = "DATE" };
    private static readonly Option<string?> End = new("--end") { Description = "Last logical date, inclusive.", HelpName = "DATE" };

    private static readonly Option<string?> Now = new("--now")
    {
        Description = "The present. Without it all intervals since the start count, or, with --catchup false or none, or without --start, the clock.",
        HelpName = "DATE",
    };

    private static readonly Option<string?> Catchup = new Option<string?>("--catchup")
    {
        Description = "true (all): every interval since the start; false (latest): the latest complete one, then onwards; none: from the next tick on. Default: true, with --now false.",
        HelpName = "true|false|none",
    }.AcceptOnlyFromAmong("true", "false", "all", "latest", "none");

    private static readonly Option<int> Count = new("--count") { Description = "How many runs.", HelpName = "N", DefaultValueFactory = _ => 10 };

    public static Command Create(CommandFactory factory) => CommandFactory.Group(
        "schedule",
        "Look at schedules.",
        factory.Local(
            new(
                "preview",
                "Show the next runs of a schedule: data intervals, and when each run is made.",
                "sluice schedule preview --cron '0 2 * * *' --tz Asia/Seoul --start 2021-02-05",
                "sluice schedule preview --cron @daily --start 2021-02-05 --now 2021-03-01",
                "sluice schedule preview --every 90m --start 2021-02-05T06:00 --count 5 --json",
                "sluice schedule preview --at '0 18 L * *' --calendar kr.ics --start 2026-01-01",
                "sluice schedule preview --at '0 6 * * *' --interval 1d --run-immediately 2h",
                "sluice schedule preview --dag weather_to_warehouse --count 50"),
            PreviewAsync,
            ScheduleOptions.Cron, ScheduleOptions.At, ScheduleOptions.Interval, ScheduleOptions.RunImmediately, ScheduleOptions.Every, ScheduleOptions.Seconds,
            ScheduleOptions.Calendar, ScheduleOptions.Days,
            Dag, Folder, TimeZone, Start, End, Now, Catchup, Count, Reasons));

    private static async Task<int> PreviewAsync(Invocation invocation)
    {
        var count = invocation.Find(Count);
        if (count is < 1 or > MostFirings)
        {
            throw new UsageException($"--count is {count}; it must be from 1 to {MostFirings}.");
        }

        var (timetable, now, empty) = invocation.Find(Dag) is { } id ? await OfDagAsync(invocation, id) : OfOptions(invocation);
        var firings = SchedulePreview.Firings(timetable, now, timetable.IsContinuous ? 1 : count).ToList();
        if (invocation.Json)
        {
            var reasons = invocation.Find(Reasons) || invocation.Find(Dag) is not null || invocation.Find(ScheduleOptions.Calendar) is { Length: > 0 };
            invocation.Terminal.Line(JsonOf(firings, reasons ? timetable : null));
            return ExitCodes.Ok;
        }

        var why = firings.ConvertAll(firing => string.Join(" ", timetable.Reasons(firing)));
        var hasReasons = why.Any(reason => reason.Length > 0);
        var listing = new Listing(empty, ["!data interval start", "!data interval end", "!run after"]);
        var notes = new List<string>();
        foreach (var (firing, reason) in firings.Zip(why))
        {
            listing.Add(Wording.Iso(firing.Interval.Start), Wording.Iso(firing.Interval.End), Wording.Iso(firing.RunAfter));
            if (reason.Length > 0)
            {
                notes.Add($"{Wording.Iso(firing.RunAfter)}: {reason}");
            }
        }

        listing.WriteTo(invocation.Terminal);
        if (hasReasons)
        {
            invocation.Terminal.Line();
            notes.ForEach(invocation.Terminal.Line);
        }

        return ExitCodes.Ok;
    }

    private static (Timetable Timetable, DateTimeOffset? Now, string WhenEmpty) OfOptions(Invocation invocation)
    {
        var schedule = ScheduleOptions.Read(invocation);
        var zone = invocation.Find(TimeZone) ?? "UTC";
        DateTimeOffset? start = invocation.Find(Start) is { } first ? ScheduleDates.Parse(first, zone) : null;
        if (start is null && schedule is not CronTriggerSchedule)
        {
            throw new UsageException("Option '--start' is required, but with --at.");
        }

        DateTimeOffset? now = invocation.Find(Now) is { } text ? ScheduleDates.Parse(text, zone) : null;
        var catchup = CatchupOf(invocation) ?? (now is null && start is not null ? CatchupMode.All : CatchupMode.Latest);
        var timetable = Timetable.Create(schedule, zone, start, invocation.Find(End) is { } end ? ScheduleDates.Parse(end, zone) : null, catchup);
        var all = catchup == CatchupMode.All && start is not null;
        return (timetable, all ? now : now ?? invocation.Terminal.Time.GetUtcNow(), "No run comes of it: the end lies before the first.");
    }

    private static CatchupMode? CatchupOf(Invocation invocation) => invocation.Find(Catchup) switch
    {
        "true" or "all" => CatchupMode.All,
        "false" or "latest" => CatchupMode.Latest,
        "none" => CatchupMode.None,
        _ => null,
    };

    /// <summary>What a Dag is going to do, from the present on unless told otherwise.</summary>
    private static async Task<(Timetable Timetable, DateTimeOffset? Now, string WhenEmpty)> OfDagAsync(Invocation invocation, string id)
    {
        if (ScheduleOptions.Given(invocation) || invocation.Find(TimeZone) is not null)
        {
            throw new UsageException("--dag has its own schedule and zone; leave out --cron, --at, --every and --tz.");
        }

        var place = invocation.Find(Folder) ?? invocation.Terminal.Environment("SLUICE_DAG_FOLDER") ?? (Directory.Exists("dags") ? "dags" : ".");
        var dag = await DagSpecs.FindAsync(invocation, place, id);
        dag = dag with
        {
            StartDate = invocation.Find(Start) is { } start ? ScheduleDates.Parse(start, dag.TimeZone) : dag.StartDate,
            EndDate = invocation.Find(End) is { } end ? ScheduleDates.Parse(end, dag.TimeZone) : dag.EndDate,
            Catchup = CatchupOf(invocation) ?? dag.Catchup,
        };
        var now = invocation.Find(Now) is { } text ? ScheduleDates.Parse(text, dag.TimeZone) : invocation.Terminal.Time.GetUtcNow();
        return (DagDates.Timetable(dag), now, dag.Schedule.Clock is null ? $"Dag '{id}' runs only when triggered." : "No run comes any more.");
    }

    private static string JsonOf(List<Firing> firings, Timetable? reasons)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var firing in firings)
            {
                json.WriteStartObject();
                json.WriteString("data_interval_start", Wording.Iso(firing.Interval.Start));
                json.WriteString("data_interval_end", Wording.Iso(firing.Interval.End));
                json.WriteString("run_after", Wording.Iso(firing.RunAfter));
                if (reasons is not null)
                {
                    json.WriteStartArray("reasons");
                    foreach (var reason in reasons.Reasons(firing))
                    {
                        json.WriteStringValue(reason);
                    }

                    json.WriteEndArray();
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
