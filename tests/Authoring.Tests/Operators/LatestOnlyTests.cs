using Sluice.Authoring.Operators;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Tests.Operators;

/// <summary>Which run is that of the latest interval (semantics.md, 5): now must lie in the interval after the run's, its end included.</summary>
public sealed class LatestOnlyTests
{
    private const string Daily = "cron 0 2 * * *";

    private static readonly BusinessCalendar Workdays = new() { Name = "bank", Holidays = [new(new(2021, 2, 11)), new(new(2021, 2, 12))] };

    private static readonly Dictionary<string, Schedule> Named = new()
    {
        ["hours"] = Schedule.Every(TimeSpan.FromHours(6)),
        ["days"] = Schedule.EveryDays(1),
        ["months"] = Schedule.EveryMonths(1),
        ["at"] = Schedule.At("0 2 * * *"),
        ["workdays"] = Schedule.Cron("0 2 * * *").On(Workdays),
        ["several"] = Schedule.Cron("0 2 * * *", "0 14 * * *"),
        ["once"] = Schedule.Once,
        ["continuous"] = Schedule.Continuous,
        ["none"] = Schedule.None,
        ["asset"] = Schedule.Assets(new Asset("a")),
        ["asset or time"] = Schedule.AssetOrTime("0 2 * * *", new Asset("a")),
    };

    /// <summary>Schedule (cron or a name) and zone; type and interval of the run; now; whether it goes on.</summary>
    public static TheoryData<string, string, RunType, string, string, bool> Table => new()
    {
        // Cron: 5 to 6 February is over on the 6th, the one after it on the 7th.
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T02:00:00Z", true },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T02:00:01Z", true },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T14:00:00Z", true },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-07T02:00:00Z", true },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-07T02:00:01Z", false },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2026-02-07T02:00:00Z", false },
        { Daily, "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T01:59:59Z", false }, // its interval is not over

        // Who made it.
        { Daily, "UTC", RunType.Backfill, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T14:00:00Z", true },
        { Daily, "UTC", RunType.Backfill, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-03-06T14:00:00Z", false },
        { Daily, "UTC", RunType.Manual, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-06T14:00:00Z", true },
        { Daily, "UTC", RunType.Manual, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2026-02-06T14:00:00Z", true },
        { Daily, "UTC", RunType.Manual, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2020-02-06T14:00:00Z", true },
        { Daily, "UTC", RunType.AssetTriggered, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2026-02-06T14:00:00Z", true },

        // Zones and daylight saving: New York's 14 March 2021 has 23 hours, its 7 November 25.
        { "cron 0 2 * * *", "Asia/Seoul", RunType.Scheduled, "2021-02-04T17:00Z 2021-02-05T17:00Z", "2021-02-06T17:00:00Z", true },
        { "cron 0 2 * * *", "Asia/Seoul", RunType.Scheduled, "2021-02-04T17:00Z 2021-02-05T17:00Z", "2021-02-06T17:00:01Z", false },
        { "cron 0 0 * * *", "America/New_York", RunType.Scheduled, "2021-03-13T05:00Z 2021-03-14T05:00Z", "2021-03-15T04:00:00Z", true },
        { "cron 0 0 * * *", "America/New_York", RunType.Scheduled, "2021-03-13T05:00Z 2021-03-14T05:00Z", "2021-03-15T04:30:00Z", false },
        { "cron 0 0 * * *", "America/New_York", RunType.Scheduled, "2021-11-06T04:00Z 2021-11-07T04:00Z", "2021-11-08T04:30:00Z", true },
        { "cron 0 0 * * *", "America/New_York", RunType.Scheduled, "2021-11-06T04:00Z 2021-11-07T04:00Z", "2021-11-08T05:00:01Z", false },
        { "cron */30 * * * *", "Australia/Lord_Howe", RunType.Scheduled, "2021-04-03T14:30Z 2021-04-03T15:00Z", "2021-04-03T15:30:00Z", true },
        { "cron */30 * * * *", "Australia/Lord_Howe", RunType.Scheduled, "2021-04-03T14:30Z 2021-04-03T15:00Z", "2021-04-03T15:31:00Z", false },

        // Rare ticks.
        { "cron 0 0 29 2 *", "UTC", RunType.Scheduled, "2016-02-29T00:00Z 2020-02-29T00:00Z", "2024-02-28T23:00:00Z", true },
        { "cron 0 0 29 2 *", "UTC", RunType.Scheduled, "2016-02-29T00:00Z 2020-02-29T00:00Z", "2024-02-29T00:00:01Z", false },
        { "cron 0 0 * * 1", "UTC", RunType.Scheduled, "2021-02-01T00:00Z 2021-02-08T00:00Z", "2021-02-14T23:59:59Z", true },

        // Other rhythms, from 1 February on.
        { "hours", "UTC", RunType.Scheduled, "2021-02-05T00:00Z 2021-02-05T06:00Z", "2021-02-05T12:00:00Z", true },
        { "hours", "UTC", RunType.Scheduled, "2021-02-05T00:00Z 2021-02-05T06:00Z", "2021-02-05T12:00:01Z", false },
        { "days", "America/New_York", RunType.Scheduled, "2021-03-13T00:00Z 2021-03-14T00:00Z", "2021-03-14T23:00:00Z", true },
        { "days", "America/New_York", RunType.Scheduled, "2021-03-13T00:00Z 2021-03-14T00:00Z", "2021-03-14T23:30:00Z", false },
        { "months", "UTC", RunType.Scheduled, "2021-02-01T00:00Z 2021-03-01T00:00Z", "2021-04-01T00:00:00Z", true },
        { "months", "UTC", RunType.Scheduled, "2021-02-01T00:00Z 2021-03-01T00:00Z", "2021-04-01T00:00:01Z", false },
        { "several", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-05T14:00Z", "2021-02-06T02:00:00Z", true },
        { "several", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-05T14:00Z", "2021-02-06T03:00:00Z", false },
        { "asset or time", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-07T02:00:01Z", false },
        { "asset or time", "UTC", RunType.AssetTriggered, "2021-02-05T02:00Z 2021-02-06T02:00Z", "2021-02-07T02:00:01Z", true },

        // At the tick, with no interval: until the next tick.
        { "at", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-05T02:00Z", "2021-02-05T02:00:00Z", true },
        { "at", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-05T02:00Z", "2021-02-06T02:00:00Z", true },
        { "at", "UTC", RunType.Scheduled, "2021-02-05T02:00Z 2021-02-05T02:00Z", "2021-02-06T02:00:01Z", false },

        // On working days: after Wednesday the 10th come two holidays and a weekend.
        { "workdays", "UTC", RunType.Scheduled, "2021-02-09T02:00Z 2021-02-10T02:00Z", "2021-02-13T12:00:00Z", true },
        { "workdays", "UTC", RunType.Scheduled, "2021-02-09T02:00Z 2021-02-10T02:00Z", "2021-02-15T02:00:01Z", false },

        // Nothing comes after it.
        { "once", "UTC", RunType.Scheduled, "2021-02-05T00:00Z 2021-02-05T00:00Z", "2026-02-05T00:00:00Z", true },
        { "continuous", "UTC", RunType.Scheduled, "2021-02-05T00:00Z 2021-02-05T01:00Z", "2021-02-05T03:00:00Z", true },
        { "none", "UTC", RunType.Manual, "2021-02-05T00:00Z 2021-02-05T00:00Z", "2026-02-05T00:00:00Z", true },
        { "asset", "UTC", RunType.AssetTriggered, "2021-02-05T00:00Z 2021-02-05T01:00Z", "2026-02-05T00:00:00Z", true },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void Only_the_run_of_the_latest_interval_goes_on(string schedule, string zone, RunType type, string interval, string now, bool goesOn)
    {
        var bounds = interval.Split(' ').Select(Time).ToArray();
        var clock = schedule.StartsWith("cron ", StringComparison.Ordinal) ? Schedule.Cron(schedule[5..]) : Named[schedule];

        // Catchup says which runs are made, not which of them is the latest.
        foreach (var catchup in Enum.GetValues<CatchupMode>())
        {
            var dag = new DagSpec { Id = new("dag"), Schedule = clock, StartDate = Time("2016-02-01T00:00Z"), TimeZone = zone, Catchup = catchup, Tasks = [] };
            Assert.Equal(goesOn, LatestOnlyOperator.IsLatest(Run(type, bounds[0], bounds[1]), dag, Time(now)));
        }
    }

    [Theory]
    [InlineData("2021-02-05T02:00Z", true)] // the interval that ends on the 7th is not run any more
    [InlineData("2021-02-06T02:00Z", false)]
    public void The_last_run_before_the_end_date_stays_the_latest(string end, bool goesOn)
    {
        var dag = new DagSpec { Id = new("dag"), Schedule = Schedule.Cron("0 2 * * *"), StartDate = Time("2021-02-01T00:00Z"), EndDate = Time(end), Tasks = [] };

        Assert.Equal(goesOn, LatestOnlyOperator.IsLatest(Run(RunType.Scheduled, Time("2021-02-05T02:00Z"), Time("2021-02-06T02:00Z")), dag, Time("2021-03-01T00:00Z")));
    }

    [Fact]
    public void A_worker_whose_clock_is_behind_does_not_take_the_latest_run_for_an_old_one()
    {
        var dag = new DagSpec { Id = new("dag"), Schedule = Schedule.Cron("0 2 * * *"), StartDate = Time("2021-02-01T00:00Z"), Tasks = [] };
        var run = Run(RunType.Scheduled, Time("2021-02-05T02:00Z"), Time("2021-02-06T02:00Z")) with { CreatedAt = Time("2021-02-06T02:00:00.010Z") };

        Assert.True(LatestOnlyOperator.IsLatest(run, dag, Time("2021-02-06T01:59:58Z")));
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static RunFacts Run(RunType type, DateTimeOffset start, DateTimeOffset end) =>
        new() { Key = 1, Dag = new("dag"), Id = new("r"), Type = type, Interval = new(start, end), Version = "v" };
}
