using Sluice.Core.Dags;
using Sluice.Core.Queues;

namespace Sluice.Core.Tests.Queues;

/// <summary>Why a ready task waits, and who has what it waits for.</summary>
public sealed class ReasonsTests
{
    private readonly DispatchQueue _queue = new();
    private int _next;

    [Fact]
    public void Everything_that_is_in_the_way_is_named_with_its_holders()
    {
        var task = Ready("mine") with { Pool = "db", PoolSlots = 2, Limits = new(0, 1, null, null) };
        Assert.Equal(["pool: there is no pool 'db'", "queue: no worker serves queue 'default'"], Shown(task).Select(text => text.Split(';')[0]));

        _queue.SetPool("db", 1);
        _queue.AddWorker("gpu", 5, ["gpu"]);
        Assert.Equal(["pool: the task needs 2 slots of pool 'db', which has 1 in all", "queue: no worker serves queue 'default'"], Shown(task));

        _queue.SetPool("db", 3);
        _queue.AddWorker("w", 3, ["default"]);
        Assert.Equal(["dispatch: nothing is in its way: it is given to a worker at this moment"], Shown(task));

        _queue.Offer(task);
        _queue.Offer(Ready("other") with { Pool = "db" });
        _queue.Offer(Ready("another"));
        Assert.Equal(3, _queue.Assign().Count);
        Assert.Equal(
            [
                "limit: the run is at its limit of 1 active tasks",
                "pool: pool 'db' has 0 of 3 slots free; the task needs 2; 1 task of Dag 'mine', 1 task of Dag 'other' hold them",
                "slots: all 3 slots of the workers of queue 'default' are taken; 1 task of Dag 'another', 1 task of Dag 'mine', 1 task of Dag 'other' hold them",
            ],
            Shown(task with { Key = new(1, 77) }));

        _queue.SetDagLimit(new("mine"), 1, paused: true);
        Assert.Equal(["paused: the Dag is paused", "limit: the Dag is at its limit of 1 active tasks"], Shown(task with { Key = new(1, 77) }).Take(2));
        Assert.Equal(["limit", "limit", "pool", "slots"], Shown(task with { Key = new(1, 77), IsBackfill = true }).Select(text => text.Split(':')[0]));
    }

    [Fact]
    public void Those_that_go_before_it_are_counted()
    {
        _queue.AddWorker("w", 1, ["default"]);
        _queue.Offer(Ready("dag"));
        _queue.Assign();
        var (low, high, backfill) = (Ready("dag"), Ready("dag") with { Priority = 5 }, Ready("dag") with { IsBackfill = true, Priority = 9 });
        foreach (var task in new[] { backfill, low, Ready("dag"), high })
        {
            _queue.Offer(task);
        }

        Assert.DoesNotContain(Shown(high), text => text.StartsWith("priority", StringComparison.Ordinal));
        Assert.Contains("priority: 1 task goes before it for pool 'default_pool' and queue 'default' (its priority is 1)", Shown(low));
        Assert.Contains("priority: 3 tasks go before it for pool 'default_pool' and queue 'default' (its priority is 9, and backfills go after live work)", Shown(backfill));
    }

    private List<string> Shown(ReadyTask task) => [.. _queue.Reasons(task).Select(reason => $"{reason.Kind}: {reason.Text}")];

    private ReadyTask Ready(string dag) => new(new(1, _next++), new DagId(dag), DispatchQueue.DefaultPool, 1, "default", 1, false, true);
}
