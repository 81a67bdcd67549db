using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.ReadModel;

/// <content>Callbacks.</content>
public abstract partial class ReadModelSuite
{
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
}
