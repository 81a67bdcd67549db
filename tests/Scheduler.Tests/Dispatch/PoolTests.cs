using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.Dags;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dispatch;

/// <summary>Pools as people set them, over the life of more than one scheduler.</summary>
public sealed class PoolTests
{
    private readonly SimulatedScheduler _cluster = new();
    private readonly DagSpec _dag = Manual("reads") with
    {
        Tasks = [.. Enumerable.Range(0, 4).Select(i => Task($"read{i}") with { Pool = "db" })],
    };

    [Fact]
    public void A_pool_is_made_resized_and_deleted_while_tasks_wait_for_it_and_outlives_its_scheduler()
    {
        _cluster.Define(_dag);
        var worker = _cluster.AddWorker(slots: 8);
        _cluster.Trigger(_dag, "one");
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(worker.Held);
        Assert.Equal(new("db", null, false, 0, 0, 4, null), Pool("db"));
        Assert.Equal((128, 0), (Pool("default_pool")!.Slots, Pool("default_pool")!.Used));

        Assert.True(Set(new("db", 1, false, "the replica")));
        Assert.False(Set(new("db", 1, false, "the replica")));
        Assert.Single(worker.Held);

        _cluster.TakeOver();
        worker.Join();
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(new("db", 1, false, 1, 0, 3, "the replica"), Pool("db"));
        Assert.Single(worker.Held);

        Assert.True(Set(new("db", 3, false, "the replica")));
        Assert.Equal(3, worker.Held.Count);

        Assert.True(Delete("db"));
        Assert.False(Delete("db"));
        worker.End(worker.Held[0]);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(2, worker.Held.Count);
        Assert.Equal(new("db", null, false, 2, 0, 1, null), Pool("db"));

        Assert.True(Set(new("db", -1, false, null)));
        Assert.Equal(3, worker.Held.Count);
    }

    [Fact]
    public void The_default_pool_may_be_resized_and_gets_its_own_size_back()
    {
        var dag = _dag with { Tasks = [.. _dag.Tasks.Select(task => task with { Pool = Core.Queues.DispatchQueue.DefaultPool })] };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 8);
        Assert.True(Set(new("default_pool", 1, false, null)));
        _cluster.Trigger(dag, "one");
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.Single(worker.Held);

        Assert.True(Delete("default_pool"));
        Assert.Equal(4, worker.Held.Count);
        var refused = _cluster.Call(Operations.DeletePool, new PoolName("default_pool"));
        Assert.Equal(409, refused.Code);
        Assert.Contains("sluice pools set default_pool SLOTS", refused.Error);
    }

    [Fact]
    public void What_makes_no_sense_is_one_sentence()
    {
        foreach (var (request, said) in new (PoolRequest Request, string Said)[]
        {
            (new("", 1, false, null), "1 to 250 characters"),
            (new(new('x', 251), 1, false, null), "1 to 250 characters"),
            (new("a\nb", 1, false, null), "control character"),
            (new("db", -2, false, null), "A pool of -2 slots cannot be"),
        })
        {
            var answer = _cluster.Call(Operations.SetPool, request);
            Assert.Equal(400, answer.Code);
            Assert.Contains(said, answer.Error);
        }
    }

    private bool Set(PoolRequest request) => Changes(Operations.SetPool, request);

    private bool Delete(string name) => Changes(Operations.DeletePool, new PoolName(name));

    private bool Changes<T>(string operation, T request)
    {
        var answer = _cluster.Call(operation, request);
        Assert.True(answer.Code == 200, answer.Body);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        return ApiJson.Deserialize<Changed>(answer.Body!).Yes;
    }

    private PoolSummary? Pool(string name) =>
        ApiJson.Deserialize<IReadOnlyList<PoolSummary>>(_cluster.Call(Operations.ListPools, new Nothing()).Body!).SingleOrDefault(pool => pool.Name == name);
}
