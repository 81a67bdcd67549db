using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

public abstract class ReadModelSuite(IEngine engine) : StoreSuite(engine)
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
    public async Task The_oldest_events_of_an_asset_are_deleted_but_for_the_latest_of_each_source()
    {
        AssetEventRow Event(string asset, string? dag, int n) => new(new() { Asset = asset, SourceDag = dag, At = DateTimeOffset.UnixEpoch.AddHours(n), Extra = $$"""{"n":{{n}}}""" });
        await WriteAsync(Event("a", "rare", 1), Event("a", "busy", 2), Event("b", "busy", 3), Event("a", null, 4), Event("a", "busy", 5), Event("a", "busy", 6));
        await WriteAsync(Event("a", "busy", 7), new AssetEventsTrimmed("a", 2), new AssetEventsTrimmed("b", 2), new AssetEventsTrimmed("none", 2), Event("a", "busy", 8));

        var left = await Store.ReadModel.ListAssetEventsAsync(new(), None);
        Assert.Equal([1, 3, 4, 7, 8], left.Select(one => one.At.Hour));
        var ofRare = await Store.ReadModel.ListAssetEventsAsync(new() { Of = [new Asset("a")], SourceDag = "rare", NewestFirst = true, Limit = 1 }, None);
        Assert.Equal(1, ofRare.Single().At.Hour);
        await WriteAsync(Event("a", "busy", 9));
        Assert.True((await Store.ReadModel.ListAssetEventsAsync(new() { After = left[^1].Id }, None)).Single().Id > left[^1].Id);
    }

    [Fact]
    public async Task Rendered_fields_are_listed_by_attempt()
    {
        await WriteAsync(new RenderedFieldsRow(1, new("a"), 2, """{"script":"둘"}"""), new RenderedFieldsRow(1, new("a"), 1, "{}"), new RenderedFieldsRow(1, new("a[0]"), 1, "{}"));
        await WriteAsync(new RenderedFieldsRow(2, new("a"), 1, "{}"), new RenderedFieldsRow(1, new("a"), 1, """{"x":1}"""));

        Assert.Equal([new(1, new("a"), 1, """{"x":1}"""), new(1, new("a"), 2, """{"script":"둘"}""")], await Store.ReadModel.ListRenderedFieldsAsync(1, new("a"), None));
        Assert.Empty(await Store.ReadModel.ListRenderedFieldsAsync(3, new("a"), None));
    }

    [Fact]
    public async Task Evidence_is_listed_by_attempt()
    {
        await WriteAsync(new EvidenceRow(1, new("a"), 2, """{"x":"둘"}"""), new EvidenceRow(1, new("a"), 1, "{}"), new EvidenceRow(1, new("a[0]"), 1, "{}"));
        await WriteAsync(new EvidenceRow(2, new("a"), 1, "{}"), new EvidenceRow(1, new("a"), 1, """{"x":1}"""));

        Assert.Equal([new(1, new("a"), 1, """{"x":1}"""), new(1, new("a"), 2, """{"x":"둘"}""")], await Store.ReadModel.ListEvidenceAsync(1, new("a"), None));
        Assert.Empty(await Store.ReadModel.ListEvidenceAsync(3, new("a"), None));
    }

    [Fact]
    public async Task Watermarks_are_found_before_and_after_a_run()
    {
        static DateTimeOffset Day(int day) => new(2021, 2, day, 0, 0, 0, TimeSpan.Zero);
        WatermarkRow Row(int day, long run, int token, string? from, string? to, bool isMark, string dag = "d", string task = "t") =>
            new(new(dag), new(task), Day(day), run, token, from, to, isMark, Day(day), null);
        WatermarkPlace At(int day, long run) => new(new("d"), new("t"), Day(day), run);
        await WriteAsync(
            Row(5, 1, 1, null, "10", true), Row(6, 2, 1, "10", "20", false), Row(6, 2, 2, "10", "21", false), Row(7, 3, 1, "10", null, true), Row(7, 4, 1, "10", "30", true),
            Row(9, 5, 1, "30", "40", false), Row(6, 9, 1, "x", "y", true, task: "other"), Row(6, 9, 1, "x", "y", true, dag: "other"));

        Assert.Null(await Store.ReadModel.FindWatermarkBeforeAsync(At(5, 1), None));
        Assert.Equal("10", (await Store.ReadModel.FindWatermarkBeforeAsync(At(7, 4), None))!.To); // the mark of run 3 says nothing, run 2 has not succeeded
        Assert.Equal("30", (await Store.ReadModel.FindWatermarkBeforeAsync(At(28, 1), None))!.To);
        Assert.Equal("30", (await Store.ReadModel.FindWatermarkBeforeAsync(new(new("d"), new("t"), DateTimeOffset.MaxValue.AddDays(-1), long.MaxValue), None))!.To);
        Assert.Equal(Row(6, 2, 2, "10", "21", false), await Store.ReadModel.FindWatermarkAfterAsync(At(5, 1), None));
        Assert.Equal(5, (await Store.ReadModel.FindWatermarkAfterAsync(At(7, 4), None))!.Run);
        Assert.Null(await Store.ReadModel.FindWatermarkAfterAsync(At(9, 5), None));
        Assert.Equal("21", (await Store.ReadModel.FindWatermarkAsync(At(6, 2), None))!.To);
        Assert.Null(await Store.ReadModel.FindWatermarkAsync(At(6, 3), None));

        await WriteAsync(Row(6, 2, 2, "10", "21", true) with { By = "ann" });
        Assert.Equal("ann", (await Store.ReadModel.FindWatermarkBeforeAsync(At(7, 1), None))!.By);
        Assert.Equal(["5 1", "4 1", "3 1", "2 2", "2 1", "1 1"], (await Store.ReadModel.ListWatermarksAsync(new() { Dag = new("d"), Task = new("t") }, None)).Select(one => $"{one.Row.Run} {one.Row.Token}"));
        Assert.Equal(["y", "30", "y"], (await Store.ReadModel.ListWatermarksAsync(new() { Latest = true }, None)).Select(one => one.Row.To));
        Assert.Equal(2, (await Store.ReadModel.ListWatermarksAsync(new() { Run = 2 }, None)).Count);

        await WriteAsync(new WatermarksForgotten(new("d"), new("t")), new WatermarkRow(new("d"), new("t"), new(1, 1, 2, 0, 0, 0, TimeSpan.Zero), 0, 0, null, "5", true, Day(1), "ann"));
        Assert.Equal("5", (await Store.ReadModel.FindWatermarkBeforeAsync(At(1, 1), None))!.To);
        await WriteAsync(new DagRenamedRow(new("d"), new("e"), Day(1), "ann", null));
        Assert.Equal(["e 5", "other y"], (await Store.ReadModel.ListWatermarksAsync(new() { Latest = true }, None)).Where(one => one.Row.Task.Value == "t").Select(one => $"{one.Row.Dag} {one.Row.To}"));
    }

    [Fact]
    public async Task XComs_are_found_by_key_and_listed_by_task()
    {
        await WriteAsync(new XComRow(1, new("b"), "rows", "1"), new XComRow(1, new("a"), "x", "null"), new XComRow(2, new("a"), "x", "[]"));
        await WriteAsync(new XComRow(1, new("b"), "rows", "\"둘\""), new XComRow(1, new("b"), "other", "0"));

        Assert.Equal("\"둘\"", (await Store.ReadModel.FindXComAsync(1, new("b"), "rows", None))!.Value);
        await WriteAsync(new XComRow(1, new("b"), "rows", "", "s3://bucket/1"));
        Assert.Equal(new(1, new("b"), "rows", "", "s3://bucket/1"), await Store.ReadModel.FindXComAsync(1, new("b"), "rows", None));
        Assert.Contains(new(1, new("b"), "rows", "", "s3://bucket/1"), await Store.ReadModel.ListXComsAsync(1, None));
        await WriteAsync(new XComRow(1, new("b"), "rows", "\"둘\""));
        Assert.Null(await Store.ReadModel.FindXComAsync(3, new("b"), "rows", None));
        Assert.Equal(
            [new(1, new("a"), "x", "null"), new(1, new("b"), "other", "0"), new(1, new("b"), "rows", "\"둘\"")],
            await Store.ReadModel.ListXComsAsync(1, None));
    }

    [Fact]
    public async Task XComs_of_a_run_are_cleared_before_those_of_the_same_group_are_written()
    {
        await WriteAsync(new XComRow(1, new("a"), "x", "1"), new XComRow(1, new("b"), "y", "2"), new XComRow(2, new("a"), "x", "3"));
        await WriteAsync(new XComsCleared(1), new XComRow(1, new("a"), "new", "4"));

        Assert.Equal([new(1, new("a"), "new", "4")], await Store.ReadModel.ListXComsAsync(1, None));
        Assert.Equal([new(2, new("a"), "x", "3")], await Store.ReadModel.ListXComsAsync(2, None));
    }

    [Fact]
    public async Task XComs_of_a_task_are_cleared_with_those_that_come_before_in_the_group()
    {
        await WriteAsync(new XComRow(1, new("a"), "x", "1"), new XComRow(1, new("a[0]"), "x", "2"), new XComRow(2, new("a"), "x", "3"));
        await WriteAsync(
            new XComRow(1, new("a"), "before", "4"), new XComRow(1, new("b"), "before", "5"), new XComsCleared(1, new("a")),
            new XComRow(1, new("b"), "before", "6"), new XComRow(1, new("a"), "after", "7"));

        Assert.Equal([new(1, new("a"), "after", "7"), new(1, new("a[0]"), "x", "2"), new(1, new("b"), "before", "6")], await Store.ReadModel.ListXComsAsync(1, None));
        Assert.Equal([new(2, new("a"), "x", "3")], await Store.ReadModel.ListXComsAsync(2, None));
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
    public async Task Questions_to_people_are_upserted_and_listed_oldest_first()
    {
        await WriteAsync(Run(1, 5), Run(2, 6, "other"));
        var open = new HumanQuestionRow
        {
            Run = 2,
            Task = new("ask"),
            Token = 1,
            State = QuestionState.Waiting,
            AskedAt = Day(1),
            DueAt = Day(9),
            Question = new()
            {
                Subject = "Publish?", Body = "12 rows", Options = ["Yes", "No"], Defaults = ["No"], Multiple = true, Params = """{"n":1}""", ParamsSchema = """{"n":{"type":"integer"}}""",
                Assignees = ["ann"], Timeout = TimeSpan.FromDays(8), OnTimeout = QuestionTimeout.Skip, Rejecting = "No", OnReject = Rejection.SkipAll,
            },
        };
        var later = open with { Run = 1, AskedAt = Day(2), DueAt = null };
        var answered = open with
        {
            State = QuestionState.Answered, Token = 2, AskedAt = Day(3), EndedAt = Day(4), Answer = new() { Options = ["Yes"], Params = """{"n":2}""", By = "ann", At = Day(4), Note = "fine" },
        };
        await WriteAsync(later, open with { State = QuestionState.Withdrawn }, open, answered with { State = QuestionState.Waiting });
        await WriteAsync(answered);

        async Task AssertAsync(QuestionQuery query, params HumanQuestionRow[] rows) => Assert.Equivalent(
            rows, (await Store.ReadModel.ListQuestionsAsync(query, None)).Select(asked => asked.Row), strict: true);
        await AssertAsync(new(), open, later, answered);
        await AssertAsync(new() { Waiting = true }, open, later);
        await AssertAsync(new() { Waiting = true, Limit = 1 }, open);
        await AssertAsync(new() { Dag = new("other") }, open, answered);
        await AssertAsync(new() { Run = 1 }, later);
        await WriteAsync(later with { State = QuestionState.TimedOut, EndedAt = Day(5) });
        await AssertAsync(new() { Waiting = true }, open);
        var asked = (await Store.ReadModel.ListQuestionsAsync(new() { Run = 2 }, None))[0];
        Assert.Equal(("other", Run(2, 6).Facts.Id, Run(2, 6).Facts.LogicalDate), (asked.Dag.Value, asked.Run, asked.LogicalDate));
    }

    [Fact]
    public async Task Callbacks_are_upserted_and_listed_by_run_in_the_order_of_their_keys()
    {
        var waiting = new CallbackRow { Key = 3, Run = 1, Event = "on_failure", Notifier = "Code", State = "waiting", RaisedAt = Day(1) };
        var ended = waiting with
        {
            Key = 2,
            Task = new("a[3]"),
            TryNumber = 2,
            Deadline = "by six",
            Why = "no",
            State = "failed",
            Worker = "w",
            HandedOut = 4,
            EndedAt = Day(2),
            Error = "broken",
        };
        await WriteAsync(waiting, waiting with { Key = 2, Task = new("a[3]") }, waiting with { Key = 4, Run = 2 });
        await WriteAsync(ended);

        Assert.Equal([ended, waiting], await Store.ReadModel.ListCallbacksAsync(1, None));
        Assert.Empty(await Store.ReadModel.ListCallbacksAsync(3, None));
    }

    [Fact]
    public async Task Callbacks_of_any_runs_are_found_by_what_is_asked_latest_first()
    {
        var row = new CallbackRow { Key = 11, Run = 1, Event = "on_failure", Notifier = "Code", State = "failed", RaisedAt = Day(1), Error = "no" };
        await WriteAsync(
            Run(1, 5), Run(2, 6), Run(3, 7, "other"),
            row, row with { Key = 12, Run = 2, State = "success" }, row with { Key = 13, Run = 3 }, row with { Key = 14, Run = 1, State = "waiting" });

        foreach (var (query, keys) in (IReadOnlyList<(CallbackQuery, long[])>)
        [
            (new(), [14, 13, 12, 11]), (new() { Limit = 2 }, [14, 13]), (new() { Dag = Dag }, [14, 12, 11]), (new() { Run = 1 }, [14, 11]),
            (new() { State = "failed" }, [13, 11]), (new() { State = "failed", Dag = Dag }, [11]), (new() { State = "waiting" }, [14]), (new() { Key = 12 }, [12]), (new() { Key = 15 }, []),
        ])
        {
            Assert.Equal(keys, (await Store.ReadModel.ListCallbacksAsync(query, None)).Select(callback => callback.Row.Key));
        }

        Assert.Equal(new RunCallback(Dag, new("run5"), row), Assert.Single(await Store.ReadModel.ListCallbacksAsync(new CallbackQuery { Key = 11 }, None)));
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
    public async Task Events_of_assets_get_ids_in_the_order_of_their_commits_and_are_found_by_asset_and_alias()
    {
        var bare = new AssetEvent { Asset = "orders", At = Day(1) };
        var whole = new AssetEvent
        {
            Asset = "고객/2021", Alias = "files", At = Noon, Extra = """{"rows":1}""", SourceDag = "weather", SourceRun = "r", SourceTask = "load[3]",
            SourceInterval = new(Day(1), Day(2)), By = "ann",
        };
        Assert.Equal(0, await Store.ReadModel.FindLatestAssetEventAsync(None));
        await WriteAsync(new AssetEventRow(bare), new AssetEventRow(whole));
        await WriteAsync(new AssetEventRow(bare with { At = Day(2) }));

        var all = await Store.ReadModel.ListAssetEventsAsync(new(), None);
        Assert.Equal([bare with { Id = all[0].Id }, whole with { Id = all[1].Id, At = Noon.ToUniversalTime() }, bare with { Id = all[2].Id, At = Day(2) }], all);
        Assert.True(0 < all[0].Id && all[0].Id < all[1].Id && all[1].Id < all[2].Id);
        Assert.Equal(all[2].Id, await Store.ReadModel.FindLatestAssetEventAsync(None));

        async Task AssertFindsAsync(AssetEventQuery query, params int[] found) =>
            Assert.Equal(found.Select(index => all[index]), await Store.ReadModel.ListAssetEventsAsync(query, None));
        await AssertFindsAsync(new() { Of = [new Asset("orders")] }, 0, 2);
        await AssertFindsAsync(new() { Of = [new Asset("orders")], After = all[0].Id }, 2);
        await AssertFindsAsync(new() { Of = [new AssetAlias("files")] }, 1);
        await AssertFindsAsync(new() { Of = [new Asset("orders"), new AssetAlias("files")], NewestFirst = true, Limit = 2 }, 2, 1);
        await AssertFindsAsync(new() { Of = [new Asset("files"), new AssetAlias("orders")] });
        await AssertFindsAsync(new() { Of = [] });
    }

    [Fact]
    public async Task The_audit_log_keeps_every_line_latest_first()
    {
        var line = new AuditRow(Day(1), "root", "trigger", "weather", "{}");
        await WriteAsync(line, line, line with { Action = "pause" });

        Assert.Equal([line with { Action = "pause" }, line], await Store.ReadModel.ListAuditAsync(2, None));
        Assert.Equal(3, (await Store.ReadModel.ListAuditAsync(100, None)).Count);
    }

    [Fact]
    public async Task A_dag_that_is_renamed_takes_all_its_rows_along_also_those_of_the_same_group()
    {
        var (old, other) = (NewDag("weather"), NewDag("other"));
        var updated = new AssetEvent { Asset = "a", At = Day(1), SourceDag = "weather", SourceRun = "r", SourceTask = "t" };
        await WriteAsync(
            old, other, Run(1, 5), Run(2, 6), Run(3, 6, "other"), Task(1, "t"), Backfill("bf", Day(1)), Backfill("bg", Day(1)) with { Dag = new("other") },
            new DagVersionRow("v1", Dag, "{}", Day(1)), new DagVersionRow("v9", new("other"), "{}", Day(1)), new AssetEventRow(updated), new AssetEventRow(updated with { SourceDag = "other" }));

        // The end of its last run may be in the same group.
        await WriteAsync(new DagRenamedRow(Dag, new("climate"), Noon, "ann", "a 'better' name"), Run(2, 6) with { State = RunState.Success }, Run(4, 7));

        Assert.Equal(["climate", "other"], (await Store.ReadModel.ListDagsAsync(None)).Select(dag => dag.Id.Value));
        Assert.Equivalent(old with { Id = new("climate") }, await Store.ReadModel.FindDagAsync(new("climate"), None));
        Assert.Equal([4, 2, 1], (await Store.ReadModel.ListRunsAsync(new() { Dag = new("climate") }, None)).Select(run => run.Facts.Key));
        Assert.Equal(RunState.Success, (await Store.ReadModel.FindRunAsync(new("climate"), new("run6"), None))!.State);
        Assert.Null(await Store.ReadModel.FindRunAsync(Dag, new("run6"), None));
        Assert.Equal([3], (await Store.ReadModel.ListRunsAsync(new() { Dag = new("other") }, None)).Select(run => run.Facts.Key));
        Assert.Single(await Store.ReadModel.ListTaskInstancesAsync(1, None));
        Assert.Equal([("v1", 3L)], (await Store.ReadModel.ListDagVersionsAsync(new("climate"), None)).Select(use => (use.Version, use.Runs)));
        Assert.Equal(["bf"], (await Store.ReadModel.ListBackfillsAsync(new("climate"), None)).Select(row => row.Id));
        Assert.Equal(["climate", "other"], (await Store.ReadModel.ListAssetEventsAsync(new(), None)).Select(one => one.SourceDag));
        Assert.Equal([new DagRenamedRow(Dag, new("climate"), Noon.ToUniversalTime(), "ann", "a 'better' name")], await Store.ReadModel.ListRenamesAsync(None));
    }

    [Fact]
    public async Task Former_names_lead_to_the_name_of_now_and_a_name_that_is_taken_again_is_none()
    {
        await WriteAsync(NewDag("a"), Run(1, 5, "a"));
        await WriteAsync(Renamed("a", "b"));
        await WriteAsync(Renamed("b", "c"));
        await AssertNamesAsync("a>c b>c");

        // Over one that is there: that one's row stays.
        await WriteAsync(NewDag("a") with { Schedule = "taken" });
        await WriteAsync(Renamed("c", "a"));
        await AssertNamesAsync("b>a c>a");
        Assert.Equal(("a", "taken"), Assert.Single((await Store.ReadModel.ListDagsAsync(None)).Select(dag => (dag.Id.Value, dag.Schedule))));
        Assert.Equal(1, (await Store.ReadModel.FindRunAsync(new("a"), new("run5"), None))!.Facts.Key);

        static DagRenamedRow Renamed(string from, string to) => new(new(from), new(to), Noon, "ann", null);

        async Task AssertNamesAsync(string expected) =>
            Assert.Equal(expected, string.Join(' ', (await Store.ReadModel.ListRenamesAsync(None)).Select(rename => $"{rename.From}>{rename.To}")));
    }

    [Fact]
    public async Task A_task_that_is_renamed_takes_all_its_rows_along_also_those_of_the_same_group()
    {
        var updated = new AssetEvent { Asset = "a", At = Day(1), SourceDag = "weather", SourceRun = "r", SourceTask = "load" };
        var asked = new HumanQuestionRow { Run = 1, Task = new("load"), Token = 1, State = QuestionState.Waiting, AskedAt = Noon, Question = new() { Subject = "?", Options = ["yes"] } };
        var called = new CallbackRow { Key = 1, Run = 1, Task = new("load[1]"), Event = "on_failure", Notifier = "Code", State = "waiting", RaisedAt = Noon };
        await WriteAsync(
            NewDag("weather"), NewDag("other") with { Version = "v9" }, Run(1, 5), Run(2, 6), Run(3, 6, "other"),
            Task(1, "load"), Task(1, "load[1]"), Task(1, "loads"), Task(1, "loads[1]"), Task(2, "load") with { Token = 2 }, Task(3, "load"),
            new XComRow(1, new("load"), "return_value", "1"), new XComRow(1, new("load[1]"), "return_value", "2"), new XComRow(3, new("load"), "return_value", "3"),
            new RenderedFieldsRow(1, new("load"), 1, "{}"), new EvidenceRow(1, new("load"), 1, "{}"), asked, called, new AssetEventRow(updated), new AssetEventRow(updated with { SourceDag = "other" }),
            new DagVersionRow("v1", Dag, "{}", Day(1)), new DagVersionRow("v9", new("other"), "{}", Day(1)));
        Assert.Equal(new(2, 3), await Store.ReadModel.FindTaskHistoryAsync(Dag, new("load"), None));

        // What belongs to the task may be in the same group.
        await WriteAsync(
            new DagVersionRow("v2", Dag, "{2}", Day(1)), new TasksRenamedRow(Dag, Names("load", "store"), new Dictionary<string, string> { ["v1"] = "v2" }, Noon, "ann", "a 'better' name"),
            Task(2, "load") with { Token = 3 });

        Assert.Equal(["loads 1", "loads[1] 1", "store 1", "store[1] 1"], await RowsAsync(1));
        Assert.Equal(["store 2", "store 3"], await RowsAsync(2));
        Assert.Equal(["load 1"], await RowsAsync(3));
        Assert.Equal([new(0, 0), new(2, 4)], new[] { await Store.ReadModel.FindTaskHistoryAsync(Dag, new("load"), None), await Store.ReadModel.FindTaskHistoryAsync(Dag, new("store"), None) });
        Assert.Equal(["store", "store[1]"], (await Store.ReadModel.ListXComsAsync(1, None)).Select(row => row.Task.Value).Order());
        Assert.Single(await Store.ReadModel.ListRenderedFieldsAsync(1, new("store"), None));
        Assert.Single(await Store.ReadModel.ListEvidenceAsync(1, new("store"), None));
        Assert.Equal("store", Assert.Single(await Store.ReadModel.ListQuestionsAsync(new() { Run = 1 }, None)).Row.Task.Value);
        Assert.Equal(["store", "load"], (await Store.ReadModel.ListAssetEventsAsync(new(), None)).Select(one => one.SourceTask));
        Assert.Equal(["v2", "v2", "v1"], new[] { 1, 2, 3 }.Select(key => Store.ReadModel.FindRunAsync(key, None).AsTask().Result!.Facts.Version));
        Assert.Equal("v2", (await Store.ReadModel.FindDagAsync(Dag, None))!.Version);
        Assert.Equal(("v2", "{}"), (await Store.ReadModel.FindVersionHeirAsync("v1", None), await Store.ReadModel.FindDagVersionAsync("v1", None)));
        Assert.Equal([("v2", 2L)], (await Store.ReadModel.ListDagVersionsAsync(Dag, None)).Select(use => (use.Version, use.Runs)));

        // A callback that waited meanwhile says what it was made with.
        await WriteAsync(called with { State = "success", EndedAt = Noon });
        Assert.Equal(("store[1]", "success"), ((await Store.ReadModel.ListCallbacksAsync(1, None))[0].Task!.Value.Value, (await Store.ReadModel.ListCallbacksAsync(1, None))[0].State));

        // Former names lead to the name of now, also of a Dag that is called otherwise; back again, they are none.
        await WriteAsync(new TasksRenamedRow(Dag, Names("store", "keep"), new Dictionary<string, string>(), Noon, "ann", null));
        await WriteAsync(new DagRenamedRow(Dag, new("climate"), Noon, "ann", null));
        Assert.Equal("load>keep store>keep", await FormerAsync("climate"));
        await WriteAsync(new TasksRenamedRow(new("climate"), Names("keep", "load"), new Dictionary<string, string> { ["v2"] = "v1" }, Noon, "ann", null));
        Assert.Equal("keep>load store>load", await FormerAsync("climate"));
        Assert.Null(await Store.ReadModel.FindVersionHeirAsync("v1", None));
        Assert.Equal([("v1", 2L)], (await Store.ReadModel.ListDagVersionsAsync(new("climate"), None)).Select(use => (use.Version, use.Runs)));

        static Dictionary<TaskId, TaskId> Names(string from, string to) => new() { [new(from)] = new(to) };

        async Task<IEnumerable<string>> RowsAsync(long run) => (await Store.ReadModel.ListTaskInstancesAsync(run, None)).Select(row => $"{row.Task} {row.Token}").Order(StringComparer.Ordinal);

        async Task<string> FormerAsync(string dag) =>
            string.Join(' ', (await Store.ReadModel.ListTaskRenamesAsync(new(dag), None)).Select(former => $"{former.From}>{former.To}"));
    }

    [Fact]
    public async Task Rendered_templates_are_old_by_the_runs_of_their_task()
    {
        await WriteAsync([.. Enumerable.Range(1, 6).Select(day => Run(day, day)), .. Enumerable.Range(11, 3).Select(day => Run(day, day, "other"))]);
        await WriteAsync(
        [
            .. Enumerable.Range(1, 5).Select(run => Rendered(run, "load", 1)), Rendered(4, "load", 2), Rendered(1, "seldom", 1), Rendered(6, "seldom", 1),
            .. Enumerable.Range(2, 3).SelectMany(run => new[] { Rendered(run, "m[0]", 1), Rendered(run, "m[12]", 1) }), Rendered(1, "m2", 1),
            .. Enumerable.Range(11, 3).Select(run => Rendered(run, "load", 1)),
        ]);

        Assert.Equal(["1 load 1", "2 load 1", "2 m[0] 1", "2 m[12] 1", "3 load 1", "11 load 1"], await OldAsync(2));
        Assert.Empty(await OldAsync(5));
        Assert.Equal(3, (await Store.ReadModel.ListOldRenderedFieldsAsync(1, 3, None)).Count);

        await WriteAsync(new RenderedFieldsDropped(await Store.ReadModel.ListOldRenderedFieldsAsync(2, 100, None)), Rendered(7, "load", 1));
        Assert.Empty(await OldAsync(2));
        Assert.Equal(["1 seldom 1", "3 m[0] 1", "3 m[12] 1"], (await OldAsync(1)).Where(key => !key.Contains("load", StringComparison.Ordinal)));
        Assert.Equal([1, 2], (await Store.ReadModel.ListRenderedFieldsAsync(4, new("load"), None)).Select(row => row.Token));

        static RenderedFieldsRow Rendered(long run, string task, int token) => new(run, new(task), token, "{}");

        async Task<IEnumerable<string>> OldAsync(int kept) => (await Store.ReadModel.ListOldRenderedFieldsAsync(kept, 100, None))
            .OrderBy(key => key.Run).ThenBy(key => key.Task, StringComparer.Ordinal).Select(key => $"{key.Run} {key.Task} {key.Token}");
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
