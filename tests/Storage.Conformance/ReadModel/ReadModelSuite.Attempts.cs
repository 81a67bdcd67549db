using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

/// <content>XComs, rendered templates, evidence and watermarks of attempts.</content>
public abstract partial class ReadModelSuite
{
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
    public async Task Remote_jobs_of_a_run_are_listed_by_task_and_attempt()
    {
        RemoteJobRow Row(long run, string task, int token, RemoteJob job) => new(run, new(task), token, token, job, Day(token));
        var (query, job) = (new RemoteJob("athena", "둘") { ConnectionId = "lake" }, new RemoteJob("glue", "jr_1") { Name = "nightly" });
        await WriteAsync(Row(1, "b", 1, query), Row(1, "a", 2, query), Row(1, "a", 1, query), Row(2, "a", 1, query));
        await WriteAsync(Row(1, "a", 1, job));

        Assert.Equal([Row(1, "a", 1, job), Row(1, "a", 2, query), Row(1, "b", 1, query)], await Store.ReadModel.ListRemoteJobsAsync(1, None));
        Assert.Empty(await Store.ReadModel.ListRemoteJobsAsync(3, None));
    }

    [Fact]
    public async Task Evidence_of_a_Dag_is_the_latest_of_each_instance_the_latest_runs_first()
    {
        await WriteAsync(Run(1, 1, "d"), Run(2, 2, "d"), Run(3, 2, "other"));
        foreach (var (run, task, token) in ((long, string, int)[])[(1, "load", 1), (1, "load", 2), (1, "load", 3), (2, "load", 1), (2, "extract", 1), (3, "load", 1)])
        {
            await WriteAsync(Task(run, task) with { Token = token, TryNumber = token }, new EvidenceRow(run, new(task), token, $$"""{"of":"{{run}} {{token}}"}"""));
        }

        await WriteAsync(Task(1, "load") with { Token = 4, TryNumber = 4 }); // took none

        Assert.Equal([(2, "extract", 1), (2, "load", 1), (1, "load", 3)], await ListAsync(new() { Dag = new("d"), Limit = 10 }));
        Assert.Equal([(2, "extract", 1), (2, "load", 1)], await ListAsync(new() { Dag = new("d"), Limit = 2 }));
        Assert.Equal([(1, "load", 3)], await ListAsync(new() { Dag = new("d"), Run = 1, Limit = 10 }));
        Assert.Equal([(2, "load", 1), (1, "load", 3)], await ListAsync(new() { Dag = new("d"), Task = new("load"), Limit = 10 }));
        Assert.Empty(await ListAsync(new() { Dag = new("nosuch"), Limit = 10 }));

        async Task<IEnumerable<(long, string, int)>> ListAsync(EvidenceQuery query)
        {
            var found = await Store.ReadModel.ListEvidenceAsync(query, None);
            Assert.All(found, one => Assert.Equal((one.Row.Token, TaskState.Success, $$"""{"of":"{{one.Row.Run}} {{one.Row.Token}}"}"""), (one.TryNumber, one.State, one.Row.Seen)));
            Assert.All(found, one => Assert.Equal(($"run{one.Row.Run}", Day((int)one.Row.Run)), (one.RunId.Value, one.LogicalDate)));
            return found.Select(one => (one.Row.Run, one.Row.Task.Value, one.Row.Token));
        }
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
}
