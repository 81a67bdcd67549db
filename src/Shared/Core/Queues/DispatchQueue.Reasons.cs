using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Core.Queues;

/// <content>Why a task waits here.</content>
public sealed partial class DispatchQueue
{
    private const int MostNamed = 3;

    /// <summary>Everything that is in the way of a task that asks for a slot, what weighs most first; at least one reason.</summary>
    public IReadOnlyList<TaskReason> Reasons(ReadyTask task)
    {
        var reasons = new List<TaskReason>();
        if (QuotaOf((task.Dag, 0, AllTasks)).Pauses(task))
        {
            reasons.Add(new("paused", "the Dag is paused"));
        }

        foreach (var quota in QuotasOf(task).Where(quota => quota.IsFull))
        {
            reasons.Add(new("limit", $"{quota.Name} is at its limit of {quota.Limit} active tasks"));
        }

        var pool = PoolOf(task.Pool);
        if (pool.Slots is not { } slots)
        {
            reasons.Add(new("pool", $"there is no pool '{task.Pool}'; make it: sluice pools set {task.Pool} SLOTS"));
        }
        else if (pool.Takes(task) && !pool.MayEverFit(task.PoolSlots))
        {
            reasons.Add(new("pool", $"the task needs {task.PoolSlots} slots of pool '{task.Pool}', which has {slots} in all"));
        }
        else if (pool.Takes(task) && !pool.Fits(task.PoolSlots))
        {
            var holders = Holders(holding => pool.Takes(holding.Task) && holding.Task.Pool == task.Pool, holding => holding.Task.PoolSlots);
            reasons.Add(new("pool", $"pool '{task.Pool}' has {Math.Max(0, slots - pool.Taken)} of {slots} slots free; the task needs {task.PoolSlots}; {holders} hold them"));
        }

        if (!_workers.Values.Any(worker => worker.Queues.Contains(task.Queue)))
        {
            reasons.Add(new("queue", $"no worker serves queue '{task.Queue}'"));
        }
        else if (Freest(task.Queue, task.NeedsSlot) is null)
        {
            var serving = _workers.Values.Where(worker => worker.Queues.Contains(task.Queue)).ToList();
            var ids = serving.Select(worker => worker.Id).ToHashSet(StringComparer.Ordinal);
            var holders = Holders(holding => holding.Task.NeedsSlot && ids.Contains(holding.Worker), _ => 1);
            reasons.Add(new("slots", $"all {serving.Sum(worker => worker.Slots)} slots of the workers of queue '{task.Queue}' are taken; {holders} hold them"));
        }

        if (_lanes.TryGetValue((task.Pool, task.Queue), out var lane) && lane.CountBefore(task) is > 0 and var before)
        {
            reasons.Add(new("priority", $"{before} {(before == 1 ? "task goes" : "tasks go")} before it for pool '{task.Pool}' and queue '{task.Queue}' (its priority is {task.Priority}{(task.IsBackfill ? ", and backfills go after live work" : "")})"));
        }

        if (reasons.Count == 0)
        {
            reasons.Add(new("dispatch", "nothing is in its way: it is given to a worker at this moment"));
        }

        return reasons;
    }

    /// <summary>Who holds what, by Dag: those that hold most come first.</summary>
    private string Holders(Func<Holding, bool> where, Func<Holding, int> slots)
    {
        var byDag = _holdings.Values.Where(where).GroupBy(holding => holding.Task.Dag)
            .Select(ofDag => (Dag: ofDag.Key, Tasks: ofDag.Count(), Slots: ofDag.Sum(slots)))
            .OrderByDescending(holder => holder.Slots).ThenBy(holder => holder.Dag.Value, StringComparer.Ordinal).ToList();
        var named = byDag.Take(MostNamed).Select(holder => $"{holder.Tasks} {(holder.Tasks == 1 ? "task" : "tasks")} of Dag '{holder.Dag}'");
        var more = byDag.Skip(MostNamed).Sum(holder => holder.Tasks);
        return byDag.Count == 0 ? "tasks that end now" : string.Join(", ", named) + (more > 0 ? $" and {more} of others" : "");
    }
}
