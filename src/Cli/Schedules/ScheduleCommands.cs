using System.Buffers;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Core.Schedules;

namespace Sluice.Cli.Schedules;

/// <summary><c>sluice schedule preview</c>: what a schedule will do, before it is trusted with data.</summary>
internal static class ScheduleCommands
{
    private const int MostFirings = 100_000;

    private static readonly Option<string?> Cron = new("--cron") { Description = "Five fields, or @hourly, @daily, @weekly, ...", HelpName = "EXPRESSION" };
    private static readonly Option<string?> Every = new("--every") { Description = "A fixed length instead: 90m, 1h30m, 2d.", HelpName = "LENGTH" };
    private static readonly Option<string> TimeZone = new("--tz") { Description = "Time zone of the schedule.", HelpName = "ZONE", DefaultValueFactory = _ => "UTC" };
    private static readonly Option<string> Start = new("--start") { Description = "First logical date, in the zone.", HelpName = "DATE", Required = true };
    private static readonly Option<string?> End = new("--end") { Description = "Last logical date, inclusive.", HelpName = "DATE" };

    private static readonly Option<string?> Now = new("--now")
    {
        Description = "The present. Without it all intervals since the start count, or, with --catchup false, the clock.",
        HelpName = "DATE",
    };

    private static readonly Option<string?> Catchup = new Option<string?>("--catchup")
    {
        Description = "true: every interval since the start; false: the latest complete one, then onwards. Default: true, with --now false.",
        HelpName = "true|false",
    }.AcceptOnlyFromAmong("true", "false");

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
                "sluice schedule preview --every 90m --start 2021-02-05T06:00 --count 5 --json"),
            PreviewAsync,
            Cron, Every, TimeZone, Start, End, Now, Catchup, Count));

    private static Task<int> PreviewAsync(Invocation invocation)
    {
        var zone = invocation.Find(TimeZone)!;
        var count = invocation.Find(Count);
        if (count is < 1 or > MostFirings)
        {
            throw new UsageException($"--count is {count}; it must be from 1 to {MostFirings}.");
        }

        DateTimeOffset? now = invocation.Find(Now) is { } text ? ScheduleDates.Parse(text, zone) : null;
        var catchup = invocation.Find(Catchup) is { } given ? given == "true" : now is null;
        var timetable = Timetable.Create(
            ScheduleOf(invocation),
            zone,
            ScheduleDates.Parse(invocation.Find(Start)!, zone),
            invocation.Find(End) is { } end ? ScheduleDates.Parse(end, zone) : null,
            catchup ? CatchupMode.All : CatchupMode.Latest);
        var firings = SchedulePreview.Firings(timetable, catchup ? now : now ?? invocation.Terminal.Time.GetUtcNow(), count).ToList();
        if (invocation.Json)
        {
            invocation.Terminal.Line(JsonOf(firings));
        }
        else
        {
            var listing = new Listing("No run comes of it: the end lies before the first.", "!data interval start", "!data interval end", "!run after");
            foreach (var firing in firings)
            {
                listing.Add(Wording.Iso(firing.Interval.Start), Wording.Iso(firing.Interval.End), Wording.Iso(firing.RunAfter));
            }

            listing.WriteTo(invocation.Terminal);
        }

        return Task.FromResult(ExitCodes.Ok);
    }

    private static Schedule ScheduleOf(Invocation invocation) => (invocation.Find(Cron), invocation.Find(Every)) switch
    {
        ({ } cron, null) => Schedule.Cron(cron),
        (null, { } every) => Duration.TryParse(every, out var length)
            ? Schedule.Every(length)
            : throw new UsageException($"--every is '{every}'; it must be a length of time such as 90m, 1h30m or 2d."),
        _ => throw new UsageException("Give either --cron or --every."),
    };

    private static string JsonOf(List<Firing> firings)
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
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
