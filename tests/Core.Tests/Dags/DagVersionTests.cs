using System.Text.Json;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.Dags;

public sealed class DagVersionTests
{
    private static readonly DagSpec Dag = new()
    {
        Id = new("weather"),
        Description = "날씨 \"2024\"",
        Tags = ["demo", "a"],
        Owner = "data",
        Schedule = Schedule.Cron("0 2 * * *"),
        StartDate = new DateTimeOffset(2021, 2, 5, 0, 0, 0, TimeSpan.FromHours(9)),
        EndDate = new DateTimeOffset(2022, 2, 5, 0, 0, 0, TimeSpan.Zero),
        TimeZone = "Asia/Seoul",
        Catchup = CatchupMode.None,
        MaxActiveTasks = 3,
        Params = """{"b": 1, "a": {"y": [1, 2], "x": null}}""",
        Tasks =
        [
            new()
            {
                Id = new("wait"), Operator = "FileSensor", Arguments = """{"path": "/x", "n": 1.50}""", Location = new("a.cs", 4),
                Sensor = new() { Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(5), SoftFail = true },
            },
            new()
            {
                Id = new("load"), Operator = "Code", Host = TaskHost.Runner, Upstream = [0], TriggerRule = TriggerRule.AllDone, Retries = 3,
                RetryExponentialBackoff = true, MaxRetryDelay = TimeSpan.FromHours(1), ExecutionTimeout = TimeSpan.FromMinutes(2), Queue = "gpu",
            },
        ],
        Location = new("a.cs", 3),
    };

    public static TheoryData<DagSpec> Changes() =>
    [
        Dag with { Id = new("weather2") },
        Dag with { Description = null },
        Dag with { Tags = ["demo"] },
        Dag with { Schedule = Schedule.Cron("0 3 * * *") },
        Dag with { Schedule = Schedule.At("0 2 * * *") },
        Dag with { Schedule = Schedule.None },
        Dag with { StartDate = Dag.StartDate!.Value.AddDays(1) },
        Dag with { EndDate = null },
        Dag with { TimeZone = "UTC" },
        Dag with { Catchup = CatchupMode.All },
        Dag with { MaxActiveRuns = 1 },
        Dag with { Params = """{"b": 2, "a": {"y": [1, 2], "x": null}}""" },
        Dag with { Params = """{"b": 1, "a": {"y": [2, 1], "x": null}}""" },
        Dag with { Tasks = [Dag.Tasks[0]] },
        Dag with { Tasks = [Dag.Tasks[0], Dag.Tasks[1] with { Upstream = [] }] },
        Dag with { Tasks = [Dag.Tasks[0], Dag.Tasks[1] with { Retries = 4 }] },
        Dag with { Tasks = [Dag.Tasks[0] with { Arguments = """{"path": "/y", "n": 1.50}""" }, Dag.Tasks[1]] },
        Dag with { Tasks = [Dag.Tasks[0] with { Sensor = null }, Dag.Tasks[1]] },
    ];

    [Theory]
    [MemberData(nameof(Changes), DisableDiscoveryEnumeration = true)]
    public void Every_change_of_meaning_is_a_new_version(DagSpec changed) => Assert.NotEqual(DagVersion.Of(Dag), DagVersion.Of(changed));

    [Fact]
    public void Moving_lines_and_respelling_are_not()
    {
        var same = Dag with
        {
            Location = new("b.cs", 30),
            StartDate = Dag.StartDate!.Value.ToUniversalTime(),
            Params = """{"a":{"x":null,"y":[1,2]},"b":1}""",
            Tasks = [Dag.Tasks[0] with { Location = null, Arguments = """{ "n": 1.50, "path": "\/x" }""" }, Dag.Tasks[1]],
        };

        Assert.Equal(DagVersion.Of(Dag), DagVersion.Of(same));
    }

    /// <summary>Stored versions address runs: when this value has to change, every Dag gets a new version at upgrade.</summary>
    [Fact]
    public void The_version_is_the_same_in_every_process()
    {
        Assert.Equal("77d4b5b0e07d6984b7199749c2b27bd9", DagVersion.Of(Dag));
        Assert.Equal(DagVersion.Of(Dag), DagVersion.Of(DagSpecJson.Deserialize(DagSpecJson.Serialize(Dag))));
    }

    [Fact]
    public void A_dag_survives_json_whole()
    {
        Schedule[] schedules =
        [
            Schedule.Daily, Schedule.At("@daily"), Schedule.Every(TimeSpan.FromMinutes(90)), Schedule.Once, Schedule.None, Schedule.Continuous,
            Schedule.EveryMonths(3), Schedule.EveryDays(2), Schedule.Cron("*/10 * * * * *").WithSeconds(), Schedule.At("0 0 L * *"),
        ];
        foreach (var schedule in schedules)
        {
            var dag = Dag with { Schedule = schedule };
            var back = DagSpecJson.Deserialize(DagSpecJson.Serialize(dag));

            Assert.Equal(schedule, back.Schedule);
            Assert.Equal(DagSpecJson.Serialize(dag), DagSpecJson.Serialize(back));
            Assert.Equal(DagSpecJson.Serialize(dag), DagSpecJson.Serialize(DagSpecJson.Deserialize(DagSpecJson.SerializeToUtf8Bytes(dag))));
            Assert.Equal(dag.Tasks[0] with { Upstream = [] }, back.Tasks[0] with { Upstream = [] });
            Assert.Equal(dag.Description, back.Description);
            Assert.Equal(dag.StartDate, back.StartDate);
        }
    }

    [Fact]
    public void Calendars_several_crons_and_deadlines_survive_json_and_are_part_of_the_version()
    {
        var calendar = new BusinessCalendar { Name = "korea.ics", Weekend = [DayOfWeek.Sunday], Holidays = [new(new(2026, 12, 25), "Christmas Day")], WorkingDays = [new(new(2026, 11, 7))] };
        var dag = Dag with
        {
            Schedule = Schedule.Cron("0 9 * * *", "0 18 L * *").On(calendar, DayRule.NextInMonth),
            DagRunTimeout = TimeSpan.FromHours(2),
            Deadlines =
            [
                new() { Name = "a", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromHours(1) },
                new() { Name = "b", Reference = DeadlineReference.AverageRuntime(7), After = TimeSpan.FromHours(-1) },
                new() { Name = "c", Reference = DeadlineReference.At(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)) },
                new() { Name = "d", Reference = DeadlineReference.LogicalDate },
            ],
        };
        var json = DagSpecJson.Serialize(dag);
        var moved = calendar with { Holidays = [new(new(2026, 12, 26), "Christmas Day")] };

        Assert.Equal(json, DagSpecJson.Serialize(DagSpecJson.Deserialize(json)));
        Assert.Contains("2026-12-25", json, StringComparison.Ordinal);
        Assert.NotEqual(DagVersion.Of(dag), DagVersion.Of(dag with { Schedule = Schedule.Cron("0 9 * * *", "0 18 L * *").On(moved, DayRule.NextInMonth) }));
        Assert.NotEqual(DagVersion.Of(dag), DagVersion.Of(dag with { DagRunTimeout = TimeSpan.FromHours(3) }));
        Assert.NotEqual(DagVersion.Of(dag), DagVersion.Of(dag with { Deadlines = [dag.Deadlines[0]] }));
    }

    /// <summary>Generated readers set what is missing to zero or null, not to its initializer.</summary>
    [Fact]
    public void Defaults_are_written_out_and_come_back()
    {
        var dag = new DagSpec { Id = new("a"), Tasks = [new() { Id = new("t"), Operator = "FileSensor", Sensor = new() }] };
        var back = DagSpecJson.Deserialize(DagSpecJson.Serialize(dag));

        Assert.Equal(dag with { Tasks = [], Tags = [] }, back with { Tasks = [], Tags = [] });
        Assert.Equal(dag.Tasks[0] with { Upstream = [] }, back.Tasks[0] with { Upstream = [] });
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"id": "a", "tasks": null}""")]
    [InlineData("""{"id": "a", "tasks": [], "schedule": {"kind": "lunar"}}""")]
    public void What_is_not_a_dag_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => DagSpecJson.Deserialize(json));
}
