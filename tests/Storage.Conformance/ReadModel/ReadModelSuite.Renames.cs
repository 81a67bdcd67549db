using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

/// <content>Dags and tasks get other names, and all that they have goes along.</content>
public abstract partial class ReadModelSuite
{
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
            new RenderedFieldsRow(1, new("load"), 1, "{}"), new EvidenceRow(1, new("load"), 1, "{}"), new RemoteJobRow(1, new("load[1]"), 1, 1, new("athena", "q"), Noon), asked, called, new AssetEventRow(updated), new AssetEventRow(updated with { SourceDag = "other" }),
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
        Assert.Equal("store[1]", Assert.Single(await Store.ReadModel.ListRemoteJobsAsync(1, None)).Task.Value);
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
}
