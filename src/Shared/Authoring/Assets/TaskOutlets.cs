using Sluice.Authoring.Dags;
using Sluice.Core.Assets;

namespace Sluice.Authoring.Assets;

/// <summary>Assets that tasks update.</summary>
public static class TaskOutlets
{
    /// <summary>The task has updated these assets when it succeeds: Dags that are scheduled on them hear of it.</summary>
    /// <param name="task">The task.</param>
    /// <param name="assets">Assets; an alias stands for assets that the task names when it runs (<see cref="OutletEvents"/>).</param>
    /// <returns>The task itself.</returns>
    public static T Outlets<T>(this T task, params ReadOnlySpan<NamedAsset> assets)
        where T : TaskNode
    {
        task.OutletAssets.AddRange(assets);
        return task;
    }

    /// <summary>The task may look at the events of these assets: <c>ctx.InletEventsAsync(orders)</c>, <c>inlet_events</c> in templates. It waits for none.</summary>
    /// <param name="task">The task.</param>
    /// <param name="assets">Assets and aliases.</param>
    /// <returns>The task itself.</returns>
    public static T Inlets<T>(this T task, params ReadOnlySpan<NamedAsset> assets)
        where T : TaskNode
    {
        task.InletAssets.AddRange(assets);
        return task;
    }
}
