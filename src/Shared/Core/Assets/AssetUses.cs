using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Assets;

/// <summary>How far a Dag is with the assets that it waits for.</summary>
/// <param name="Expression">For people: <c>orders &amp; customers</c>.</param>
/// <param name="Assets">In the order of the expression.</param>
public sealed record AssetUses(string Expression, IReadOnlyList<AssetWait> Assets)
{
    /// <summary>Null for a Dag that waits for no asset.</summary>
    public static AssetUses? Of(AssetExpression? expression, AssetQueue queue) => expression is null
        ? null
        : new(expression.ToString(), [.. expression.Names.Select(name => new AssetWait(name.Text(inside: true), queue.Events.Count(name.Has)))]);
}

/// <param name="Asset">Its name; an alias as <c>alias name</c>.</param>
/// <param name="Queued">Events of it that no run has used yet.</param>
public sealed record AssetWait(string Asset, int Queued);

/// <summary>What the success of a task tells of assets.</summary>
public static class AssetUpdates
{
    /// <summary>Every asset among the outlets is updated, with what the task said of it; an alias stands for the assets that the task named.</summary>
    public static IEnumerable<AssetUpdate> Of(TaskSpec task, TaskOutcome outcome)
    {
        foreach (var outlet in task.Outlets ?? [])
        {
            if (outlet is Asset)
            {
                yield return outcome.AssetUpdates?.FirstOrDefault(update => update.Alias is null && update.Asset == outlet.Name) ?? new(outlet.Name, null, "{}");
                continue;
            }

            foreach (var update in outcome.AssetUpdates ?? [])
            {
                if (update.Alias == outlet.Name && AssetRules.NameProblem(update.Asset) is null)
                {
                    yield return update;
                }
            }
        }
    }
}
