using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.XComs;
using Xunit.Abstractions;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.XComs;

/// <summary>Elements of lists, as mapped instances ask for them.</summary>
public sealed class XComItemsTests(ITestOutputHelper output)
{
    private static readonly DagSpec Mapped = Manual("mapped") with
    {
        MaxMapLength = 10_000,
        Tasks = [Task("list"), Task("each", 0) with { Map = new() { Sources = [new() { Argument = "script", Task = 0 }] } }, Task("again", 1) with { Map = new() { Sources = [new() { Argument = "script", Task = 1 }] } }],
    };

    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void Ten_thousand_instances_are_sent_their_items_and_the_list_is_read_once()
    {
        const int Count = 10_000;
        var worker = Began(Count);
        var asking = worker.Held[0];
        var before = _cluster.Store.XComReads;

        var sent = 0L;
        foreach (var index in Enumerable.Range(0, 100).Select(step => step * 101))
        {
            var response = Items(asking, "list", new(index, 1));
            sent += response.Body!.Length;
            var items = WireJson.Read<XComItemParts>(response.Body);
            Assert.Equal((Count, $"\"item {index}\""), (items.Length, items.Parts.Single().Value));
        }

        var whole = _cluster.Request(Methods.GetXCom, WireJson.Write(new FetchXCom(asking, "list", "return_value"))).Body!.Length;
        output.WriteLine($"{Count} instances over a list of {Count}: {(long)whole * Count} characters when each fetches the list, {sent * Count / 100} when each fetches its item.");
        Assert.True(sent / 100 < 100, $"{sent / 100} characters an item");
        Assert.Equal(2, _cluster.Store.XComReads - before); // once for all items, once for the whole list
    }

    [Fact]
    public void What_is_cleared_and_pushed_again_is_what_is_sent()
    {
        var worker = Began(2);
        var asking = worker.Held[0];
        Assert.Equal("\"item 1\"", One(asking, "list", 1));

        // What mapped instances push is a list in the order of their indices.
        worker.Pushes[0] = new("return_value", "10");
        worker.End(worker.Held[0]);
        asking = worker.Held[0];
        Assert.Equal("10", One(asking, "each", 0));
        worker.Pushes[0] = new("return_value", "11");
        worker.End(asking);
        asking = worker.Held[0];
        Assert.Equal(("10", "11"), (One(asking, "each", 0), One(asking, "each", 3, wraps: true)));

        Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "mapped", RunId = "one", Tasks = ["list"], Downstream = true }).Code);
        worker.End(asking, OutcomeKind.Failed, "killed");
        Assert.True(_cluster.RunUntil(() => worker.Held.Any(held => held.Task == 0)));
        asking = worker.Held.Single(held => held.Task == 0);
        Assert.Equal((404, 404), (Items(asking, "list", new(0, 1)).Code, Items(asking, "each", new(0, 1)).Code));
        worker.Pushes[0] = new("return_value", "[\"new\"]");
        var before = worker.Held.ToHashSet();
        worker.End(asking);
        Assert.True(_cluster.RunUntil(() => worker.Held.Any(held => !before.Contains(held))));
        Assert.Equal("\"new\"", One(worker.Held.Last(), "list", 0));
    }

    [Fact]
    public async Task What_changes_while_it_is_read_is_not_kept()
    {
        var lists = new XComLists(_cluster.Store);
        var worker = Began(2);
        var run = worker.Held[0].Run;
        _cluster.Store.XComRead = () =>
        {
            _cluster.Store.XComRead = null;
            lists.OnWritten(new Storage.ReadModel.XComsCleared(run, new("list")));
        };

        var reads = _cluster.Store.XComReads;
        for (var asked = 0; asked < 3; asked++)
        {
            Assert.NotNull(await lists.TakeAsync(run, "list", "return_value", new(1, 1), CancellationToken.None));
        }

        Assert.Equal(2, _cluster.Store.XComReads - reads); // the first was not kept, the second was
        lists.Clear();
        await lists.TakeAsync(run, "list", "return_value", new(1, 1), CancellationToken.None);
        Assert.Equal(3, _cluster.Store.XComReads - reads);
    }

    [Fact]
    public void Elements_of_what_has_none_and_elements_for_attempts_of_the_past_are_refused()
    {
        var worker = Began(2);
        var asking = worker.Held[0];
        worker.Pushes[0] = new("return_value", "7");
        worker.End(asking);

        Assert.Equal((409, $"Attempt {asking} is not current; it gets nothing."), (Items(asking, "list", new(0, 1)).Code, Items(asking, "list", new(0, 1)).Error));
        var refused = Items(worker.Held[0], "each[0]", new(0, 1));
        Assert.Equal((400, "XCom 'return_value' of task 'each[0]' is neither a list nor an object: it has no elements."), (refused.Code, refused.Error));
    }

    [Fact]
    public void A_list_in_an_object_is_left_to_the_worker()
    {
        var worker = Began(2, new("return_value", "", new("s3://b/list.json", 2)));

        Assert.Equal("s3://b/list.json", WireJson.Read<XComItemParts>(Items(worker.Held[0], "list", new(1, 1)).Body!).Object);
    }

    private PlayedWorker Began(int count, XCom? list = null)
    {
        _cluster.Define(Mapped);
        var worker = _cluster.AddWorker();
        worker.Pushes.Add(list ?? new("return_value", $"[{string.Join(',', Enumerable.Range(0, count).Select(index => $"\"item {index}\""))}]"));
        Assert.Null(_cluster.Trigger(Mapped, "one").Refusal);
        worker.End(worker.Held.Single());
        Assert.True(_cluster.RunUntil(() => worker.Held.Count > 0 && worker.Held[0].Task > 0));
        return worker;
    }

    private string? One(AttemptId asking, string task, int index, bool wraps = false) =>
        Items(asking, task, new(index, 1, wraps)) is { Body: { } body } ? WireJson.Read<XComItemParts>(body).Parts.Single().Value : null;

    private Response Items(AttemptId asking, string task, XComSlice slice) =>
        _cluster.Request(Methods.GetXComItems, WireJson.Write(new FetchXComItems(asking, task, "return_value", slice)));
}
