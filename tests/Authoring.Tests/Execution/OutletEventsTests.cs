using Sluice.Authoring.Assets;
using Sluice.Authoring.Operators;
using Sluice.Core.Assets;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Tests.Execution;

public sealed class OutletEventsTests
{
    private static readonly Asset Orders = new("orders", "s3://lake/orders");
    private static readonly AssetAlias Files = new("files");
    private static readonly TaskSpec Task = new() { Id = new("load"), Operator = "Code", Outlets = [Orders, Files] };

    [Fact]
    public void What_is_said_of_outlets_is_written_as_updates()
    {
        var events = new OutletEvents(Task);
        Assert.Null(events.Write());

        events[Orders].Extra["rows"] = 12;
        events["orders"].Extra["고객"] = new[] { 1, 2 };
        events[Files].Extra["day"] = "monday";
        events[Files].Add(new("a"));
        events["files"].Add(new("b"), new Dictionary<string, object?> { ["n"] = null });
        events[Files].Add(new("b"), new Dictionary<string, object?> { ["n"] = 2 });

        Assert.Equal(
            [new("orders", null, """{"rows":12,"고객":[1,2]}"""), new("a", "files", """{"day":"monday"}"""), new("b", "files", """{"n":2}""")],
            events.Write());
    }

    [Fact]
    public void What_cannot_be_said_fails_the_task_with_one_sentence()
    {
        (Action<OutletEvents> Say, string Problem)[] rows =
        [
            (events => events["nosuch"].Extra["x"] = 1, "Task 'load' has no outlet 'nosuch'; add it"),
            (events => events[new AssetAlias("orders")].Extra["x"] = 1, "Task 'load' has no outlet 'orders'; add it"),
            (events => events[Orders].Add(new("a")), "Outlet 'orders' is an asset; only to an alias"),
            (events => events[Files].Add(new("")), "Asset '' has no name"),
            (events => events[Orders].Extra["x"] = new string('x', 20_000), "The extra of asset 'orders' has 20008 characters as JSON"),
            (events => events[Orders].Extra["x"] = (Action)(() => { }), "cannot be written as JSON"),
        ];
        Assert.All(rows, row =>
        {
            var events = new OutletEvents(Task);
            var failure = Assert.Throws<TaskFailedException>(() =>
            {
                row.Say(events);
                events.Write();
            });
            Assert.Contains(row.Problem, failure.Message, StringComparison.Ordinal);
        });
    }
}
