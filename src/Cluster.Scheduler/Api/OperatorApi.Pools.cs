using Sluice.Cluster.Api;
using Sluice.Core.Queues;
using Sluice.Scheduler.Dispatch;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <summary>Pools: how many slots there are, and who holds them.</summary>
internal sealed partial class OperatorApi
{
    private async Task<IReadOnlyList<PoolSummary>> ListPoolsAsync(CancellationToken cancel)
    {
        var set = (await store.ReadModel.ListPoolsAsync(cancel)).ToDictionary(pool => pool.Name, StringComparer.Ordinal);
        set.TryAdd(DispatchQueue.DefaultPool, new PoolRow(DispatchQueue.DefaultPool, DispatchQueue.DefaultPoolSlots, false, null, default));
        var uses = (await LeaderAsync<PoolUses>(PoolsQuestion.Instance, cancel)).Pools;
        return
        [
            .. set.Keys.Union(uses.Keys).Order(StringComparer.Ordinal).Select(name =>
            {
                var use = uses.GetValueOrDefault(name);
                var pool = set.GetValueOrDefault(name);
                return new PoolSummary(name, pool?.Slots, pool is { IncludeDeferred: true }, use.Used, use.Deferred, use.Waiting, pool?.Description);
            }),
        ];
    }

    private async Task<Changed> SetPoolAsync(PoolRequest request, string who, CancellationToken cancel)
    {
        if (request.Name.Length is 0 or > 250 || request.Name.Any(char.IsControl))
        {
            throw new ApiException(400, "The name of a pool has 1 to 250 characters, none of them a control character.");
        }

        if (request.Slots < -1)
        {
            throw new ApiException(400, $"A pool of {request.Slots} slots cannot be; give 0 or more, or -1 for no limit.");
        }

        var before = (await store.ReadModel.ListPoolsAsync(cancel)).FirstOrDefault(pool => pool.Name == request.Name);
        if (before is not null && (before.Slots, before.IncludeDeferred, before.Description) == (request.Slots, request.IncludeDeferred, request.Description))
        {
            return new(false);
        }

        await LeaderAsync<object>(new SetPool(request.Name, request.Slots, request.IncludeDeferred, request.Description), cancel);
        Audit(true, who, Operations.SetPool, request.Name, $"{before?.Slots?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"} -> {request.Slots}{(request.IncludeDeferred ? ", with deferred" : "")}");
        return new(true);
    }

    private async Task<Changed> DeletePoolAsync(PoolName name, string who, CancellationToken cancel)
    {
        if ((await store.ReadModel.ListPoolsAsync(cancel)).All(pool => pool.Name != name.Name))
        {
            return name.Name == DispatchQueue.DefaultPool
                ? throw new ApiException(409, $"{DispatchQueue.DefaultPool} is always there: tasks that name no pool are in it. Resize it: sluice pools set {DispatchQueue.DefaultPool} SLOTS")
                : new(false);
        }

        // The default pool gets its own size back; tasks of another wait until it is made again.
        int? afterwards = name.Name == DispatchQueue.DefaultPool ? DispatchQueue.DefaultPoolSlots : null;
        await LeaderAsync<object>(new SetPool(name.Name, null, false, null, afterwards), cancel);
        Audit(true, who, Operations.DeletePool, name.Name, "");
        return new(true);
    }
}
