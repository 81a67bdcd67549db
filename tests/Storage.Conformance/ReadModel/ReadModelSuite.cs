using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

public abstract partial class ReadModelSuite(IEngine engine) : StoreSuite(engine)
{
    // Microseconds, and an offset that must come back as UTC.
    private static readonly DateTimeOffset Noon = new DateTimeOffset(2021, 2, 5, 21, 0, 0, TimeSpan.FromHours(9)).AddTicks(1_234_560);
    private static readonly DagId Dag = new("weather");
    private long _epoch;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _epoch = await LeadAsync();
    }

    [Fact]
    public async Task A_task_instance_is_inserted_then_updated()
    {
        var queued = Task(1, "extract") with { State = TaskState.Queued, StartedAt = null, EndedAt = null, Error = null };
        await WriteAsync(queued);
        Assert.Equal([queued with { QueuedAt = Noon.ToUniversalTime() }], await Store.ReadModel.ListTaskInstancesAsync(1, None));

        var ended = Task(1, "extract");
        await WriteAsync(ended);
        var row = Assert.Single(await Store.ReadModel.ListTaskInstancesAsync(1, None));

        Assert.Equal(ended, row);
        Assert.Equal(TimeSpan.Zero, row.EndedAt!.Value.Offset);
        Assert.Empty(await Store.ReadModel.ListTaskInstancesAsync(2, None));
    }

    [Fact]
    public async Task Every_nullable_field_of_a_task_instance_may_be_null()
    {
        var bare = new TaskInstanceRow { Run = 1, Task = new("skipped"), Token = 0, TryNumber = 0, State = TaskState.Skipped };
        await WriteAsync(Task(1, "skipped") with { Token = 0 }, Task(1, "other"));
        await WriteAsync(bare);

        Assert.Equal(bare, (await Store.ReadModel.ListTaskInstancesAsync(1, None))[1]);
    }

    [Fact]
    public async Task Attempts_are_listed_by_task_then_token()
    {
        await WriteAsync(
            Task(1, "b") with { Token = 2 }, Task(1, "b") with { Token = 10 }, Task(1, "B"), Task(1, "a_1"), Task(1, "a.1"), Task(1, "작업"), Task(2, "a"));

        Assert.Equal(
            [("B", 1), ("a.1", 1), ("a_1", 1), ("b", 2), ("b", 10), ("작업", 1)],
            (await Store.ReadModel.ListTaskInstancesAsync(1, None)).Select(row => (row.Task.Value, row.Token)));
    }

    [Fact]
    public async Task Of_several_changes_to_a_row_in_one_group_the_last_wins()
    {
        await WriteAsync(
            Task(1, "a") with { State = TaskState.Queued },
            Task(1, "b"),
            Task(1, "a") with { State = TaskState.Running },
            Task(1, "a") with { State = TaskState.Failed });

        Assert.Equal([TaskState.Failed, TaskState.Success], (await Store.ReadModel.ListTaskInstancesAsync(1, None)).Select(row => row.State));
    }

    [Fact]
    public async Task A_thousand_rows_go_in_with_one_group()
    {
        await WriteAsync([.. Enumerable.Range(0, 1000).Select(i => Task(1, $"t{i:D4}"))]);
        await WriteAsync([.. Enumerable.Range(0, 1000).Select(i => Task(1, $"t{i:D4}") with { TryNumber = i })]);

        Assert.Equal(Enumerable.Range(0, 1000), (await Store.ReadModel.ListTaskInstancesAsync(1, None)).Select(row => row.TryNumber));
    }

    [Theory]
    [InlineData("plain 'quotes' \"and\" \\ back\nslash; DROP TABLE dag; --", null)]
    [InlineData("한국어 🙂 ñ \u200d", null)]
    [InlineData("", null)]
    [InlineData("nul \0 byte", "nul \uFFFD byte")]
    public async Task Any_text_can_be_an_error(string error, string? storedAs)
    {
        await WriteAsync(Task(1, "a") with { Error = error });

        Assert.Equal(storedAs ?? error, (await Store.ReadModel.ListTaskInstancesAsync(1, None))[0].Error);
    }

    [Fact] // not a case above: the arguments of an attribute are UTF-8
    public async Task A_lone_surrogate_is_replaced()
    {
        await WriteAsync(Task(1, "a") with { Error = "lone \uD800 surrogate \uDC00" });

        Assert.Equal("lone \uFFFD surrogate \uFFFD", (await Store.ReadModel.ListTaskInstancesAsync(1, None))[0].Error);
    }

    [Fact]
    public async Task Times_are_cut_to_microseconds_before_and_after_1970_and_2000()
    {
        foreach (var year in new[] { 1900, 1969, 1999, 2021, 9998 })
        {
            var time = new DateTimeOffset(year, 12, 31, 23, 59, 59, TimeSpan.Zero).AddTicks(9_999_999);
            await WriteAsync(Task(year, "a") with { DueAt = time });

            Assert.Equal(time.AddTicks(-9), (await Store.ReadModel.ListTaskInstancesAsync(year, None))[0].DueAt);
        }
    }

    [Fact]
    public async Task A_run_comes_back_with_all_its_facts()
    {
        var run = Run(1, 5) with
        {
            Facts = Run(1, 5).Facts with
            {
                Bundle = "sha256:b",
                Conf = """{"k":"값"}""",
                Backfill = "bf",
                Connections = """{"source":"replica"}""",
                TriggeredBy = "task other/run/ask@3",
                PreviousSuccess = new(Day(4), Day(5)),
                PreviousSuccessStartedAt = Day(5),
                PreviousSuccessEndedAt = Day(5).AddMinutes(3),
            },
            State = RunState.Failed,
            StartedAt = Day(6),
            EndedAt = Day(7),
            Reason = "lost",
        };
        await WriteAsync(Run(1, 5));
        Assert.Equal(Run(1, 5), await Store.ReadModel.FindRunAsync(Dag, new("run5"), None));

        await WriteAsync(run);
        Assert.Equal(run, await Store.ReadModel.FindRunAsync(Dag, new("run5"), None));
        Assert.Null(await Store.ReadModel.FindRunAsync(Dag, new("run6"), None));
        Assert.Null(await Store.ReadModel.FindRunAsync(new("other"), new("run5"), None));
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_and_filtered()
    {
        await WriteAsync(
            Run(1, 5), Run(2, 7) with { State = RunState.Success }, Run(3, 6) with { State = RunState.Running },
            Run(4, 8, "other"), Run(5, 9) with { Facts = Run(5, 9).Facts with { Backfill = "bf" } });

        async Task AssertKeysAsync(long[] keys, RunQuery query) =>
            Assert.Equal(keys, (await Store.ReadModel.ListRunsAsync(query, None)).Select(run => run.Facts.Key));

        await AssertKeysAsync([5, 4, 2, 3, 1], new RunQuery());
        await AssertKeysAsync([5, 4], new RunQuery { Limit = 2 });
        await AssertKeysAsync([5, 2, 3, 1], new RunQuery { Dag = Dag });
        await AssertKeysAsync([3], new RunQuery { State = RunState.Running });
        await AssertKeysAsync([5, 4, 1], new RunQuery { State = RunState.Queued });
        await AssertKeysAsync([2], new RunQuery { State = RunState.Success, Dag = Dag });
        await AssertKeysAsync([5], new RunQuery { Backfill = "bf" });
        await AssertKeysAsync([5, 4, 2, 3, 1], new RunQuery { Version = Run(1, 5).Facts.Version });
        await AssertKeysAsync([], new RunQuery { Version = "another" });
        await AssertKeysAsync([2, 3], new RunQuery { Dag = Dag, From = Day(6), Before = Day(8) });
        await AssertKeysAsync([4, 2], new RunQuery { From = Day(7).ToOffset(TimeSpan.FromHours(9)), Before = Day(9) });
    }

    [Fact]
    public async Task Dags_are_upserted_and_listed_by_id()
    {
        var dag = new DagRow
        {
            Id = Dag, File = "dags/weather.cs", Version = "v1", Bundle = "b", Paused = true, Schedule = "@daily",
            NextRunAfter = Day(6), Description = "날씨", Tags = ["a", "b,c\"d"], Owner = "me",
        };
        var bare = new DagRow { Id = new("Alpha"), File = "dags/a.yaml", Version = "v0", Active = false, Schedule = "none" };
        await WriteAsync(dag with { Paused = false, Version = "v0", Tags = [] }, bare);
        await WriteAsync(dag);

        var listed = await Store.ReadModel.ListDagsAsync(None);

        Assert.Equal(["Alpha", "weather"], listed.Select(row => row.Id.Value));
        Assert.Equal(bare with { Tags = listed[0].Tags }, listed[0]);
        Assert.Equal(dag with { Tags = listed[1].Tags }, listed[1]);
        Assert.Equal(["a", "b,c\"d"], listed[1].Tags);
        Assert.Equal("v1", (await Store.ReadModel.FindDagAsync(Dag, None))!.Version);
        Assert.Null(await Store.ReadModel.FindDagAsync(new("Weather"), None));
    }

    [Fact]
    public async Task A_dag_version_never_changes()
    {
        await WriteAsync(new DagVersionRow("v1", Dag, """{"a":1}""", Noon));
        await WriteAsync(new DagVersionRow("v1", Dag, """{"a":2}""", Noon), new DagVersionRow("v2", Dag, "{}", Noon));

        Assert.Equal("""{"a":1}""", await Store.ReadModel.FindDagVersionAsync("v1", None));
        Assert.Equal("{}", await Store.ReadModel.FindDagVersionAsync("v2", None));
        Assert.Null(await Store.ReadModel.FindDagVersionAsync("v3", None));
    }

    [Fact]
    public async Task A_replaced_version_stays_only_when_a_run_or_a_dag_has_it()
    {
        DagVersionRow Version(string version, string? replaces) => new(version, Dag, "{}", Noon, replaces);
        DagRow At(string version) => new() { Id = Dag, File = "a.cs", Version = version, Schedule = "none" };

        // No run ever had v1.
        await WriteAsync(At("v1"), Version("v1", null));
        await WriteAsync(At("v2"), Version("v2", "v1"));
        Assert.Equal([("v2", 0L)], await UsesAsync());

        // A run has v2.
        await WriteAsync(Run(1, 1) with { Facts = Run(1, 1).Facts with { Version = "v2" } });
        await WriteAsync(At("v3"), Version("v3", "v2"));
        Assert.Equal([("v2", 1L), ("v3", 0L)], await UsesAsync());

        // There and back in one group.
        await WriteAsync(At("v4"), Version("v4", "v3"), At("v3"), Version("v3", "v4"));
        Assert.Equal([("v2", 1L), ("v3", 0L)], await UsesAsync());

        async Task<IEnumerable<(string, long)>> UsesAsync() =>
            (await Store.ReadModel.ListDagVersionsAsync(Dag, None)).Select(use => (use.Version, use.Runs)).Order();
    }

    [Fact]
    public async Task What_a_run_remembers_is_kept_apart()
    {
        await WriteAsync(Run(1, 5) with { Memory = "{\"a\":1}" }, Run(2, 6));
        Assert.Equal(("{\"a\":1}", null, null), (await Store.ReadModel.FindRunMemoryAsync(1, None), await Store.ReadModel.FindRunMemoryAsync(2, None), await Store.ReadModel.FindRunMemoryAsync(3, None)));

        await WriteAsync(Run(1, 5));
        Assert.Null(await Store.ReadModel.FindRunMemoryAsync(1, None));
    }

    [Fact]
    public async Task A_run_comes_back_with_its_deadlines()
    {
        RunDeadline[] deadlines =
        [
            new() { Name = "값 \"by six\"", Due = Day(3), MissedAt = Day(4).AddTicks(7) }, new() { Name = "b", Due = Day(2), From = Day(1) }, new() { Name = "c", Due = Day(2), MetAt = Day(1) },
        ];
        await WriteAsync(Run(1, 5) with { Deadlines = deadlines }, Run(2, 6) with { Deadlines = [] });

        Assert.Equal(deadlines, (await Store.ReadModel.FindRunAsync(1, None))!.Deadlines);
        Assert.Null((await Store.ReadModel.FindRunAsync(2, None))!.Deadlines);
        await WriteAsync(Run(1, 5) with { Deadlines = [deadlines[1]] });
        Assert.Equal([deadlines[1]], Assert.Single(await Store.ReadModel.ListRunsAsync(new() { Dag = Dag, Before = Day(6) }, None)).Deadlines!);
    }

    [Fact]
    public async Task Backfills_are_upserted_and_listed_latest_first()
    {
        var first = Backfill("a", Day(1));
        var second = Backfill("b", Day(2)) with
        {
            State = "success",
            Intervals = 12,
            Active = 1,
            Succeeded = 8,
            Failed = 2,
            EndedAt = Noon.ToUniversalTime(),
            Options = new()
            {
                MaxActiveRuns = 7, Order = BackfillOrder.Newest, Reprocess = Reprocess.Completed, Conf = """{"k":"값"}""", Connections = """{"a":"b"}""", Version = BackfillOptions.OriginalVersion,
            },
            Made = new("ann", Day(2), "why"),
            Changed = new("bob", Day(3), "because"),
            Pace = new(Day(2), 9),
        };
        await WriteAsync(first, second with { State = "running", Succeeded = 0, EndedAt = null }, Backfill("c", Day(3)) with { Dag = new("other") });
        await WriteAsync(second);

        Assert.Equal([second, first], await Store.ReadModel.ListBackfillsAsync(Dag, None));
        Assert.Equal(3, (await Store.ReadModel.ListBackfillsAsync(null, None)).Count);
    }

    [Fact]
    public async Task An_import_error_stays_until_it_is_removed()
    {
        await WriteAsync(new ImportErrorRow("b.cs", "first", Day(1)), new ImportErrorRow("a.cs", "bad", Day(1)), new ImportErrorRow("b.cs", "second", Day(2)));
        Assert.Equal([new("a.cs", "bad", Day(1)), new("b.cs", "second", Day(2))], await Store.ReadModel.ListImportErrorsAsync(None));

        await WriteAsync(new ImportErrorRow("b.cs", "third", Day(3)), new ImportErrorRow("a.cs", "again", Day(3)), new ImportErrorRow("a.cs", null, Day(3)));
        Assert.Equal([new("b.cs", "third", Day(3))], await Store.ReadModel.ListImportErrorsAsync(None));
    }

    [Fact]
    public async Task Pools_are_set_again_and_removed()
    {
        PoolRow db = new("db", 4, false, "at most four readers", Day(1)), api = new("api", -1, true, null, Day(1));
        await WriteAsync(db, api);
        Assert.Equal([api, db], await Store.ReadModel.ListPoolsAsync(None));

        await WriteAsync(db with { Slots = 2 }, api with { Slots = null }, db with { Slots = 0, IncludeDeferred = true, At = Day(2) });
        Assert.Equal([db with { Slots = 0, IncludeDeferred = true, At = Day(2) }], await Store.ReadModel.ListPoolsAsync(None));
    }

    [Fact]
    public async Task The_audit_log_keeps_every_line_latest_first()
    {
        var line = new AuditRow(Day(1), "root", "trigger", "weather", "{}");
        await WriteAsync(line, line, line with { Action = "pause" });

        Assert.Equal([line with { Action = "pause" }, line], await Store.ReadModel.ListAuditAsync(2, None));
        Assert.Equal(3, (await Store.ReadModel.ListAuditAsync(100, None)).Count);
    }

    private static DagRow NewDag(string id) => new() { Id = new(id), File = "f.cs", Version = "v1", Schedule = "none" };

    private static DateTimeOffset Day(int day) => new(2021, 2, day, 0, 0, 0, TimeSpan.Zero);

    private static TaskInstanceRow Task(long run, string task) => new()
    {
        Run = run,
        Task = new(task),
        Token = 1,
        TryNumber = 1,
        State = TaskState.Success,
        Worker = "worker-1",
        QueuedAt = Noon,
        StartedAt = Noon.AddSeconds(1),
        EndedAt = Noon.AddSeconds(2),
        DueAt = Noon.AddSeconds(3),
        Error = "none",
    };

    private static DagRunRow Run(long key, int day, string? dag = null) => new()
    {
        Facts = new RunFacts
        {
            Key = key,
            Dag = dag is null ? Dag : new(dag),
            Id = new($"run{day}"),
            Type = RunType.Backfill,
            Interval = new(Day(day), Day(day + 1)),
            Version = "v1",
            CreatedAt = Noon.ToUniversalTime(),
        },
        State = RunState.Queued,
    };

    private static BackfillRow Backfill(string id, DateTimeOffset created) => new()
    {
        Id = id, Dag = Dag, Range = new(Day(1), Day(11)), Options = new() { MaxActiveRuns = 3 }, State = "running", Total = 10, Made = new("ann", created),
    };

    private async Task WriteAsync(params ReadModelChange[] changes)
    {
        var batch = new JournalBatch();
        batch.Changes.AddRange(changes);
        await Store.Journal.AppendAsync(_epoch, batch, None);
    }
}
