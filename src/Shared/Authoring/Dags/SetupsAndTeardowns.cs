using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Dags;

/// <summary>Tasks that make what others need, and tasks that take it away again.</summary>
public static class SetupsAndTeardowns
{
    /// <summary>Makes it a setup: the tasks between it and its teardowns need it, also those that do not come directly after it.</summary>
    /// <returns>The task itself.</returns>
    public static T AsSetup<T>(this T task)
        where T : TaskNode
    {
        task.Kind = TaskKind.Setup;
        return task;
    }

    /// <summary>Makes it a teardown of these setups: it runs when the work before it is done, however that ended, if a setup succeeded.</summary>
    /// <param name="task">The task. How it ends does not count for the run, unless <see cref="TaskNode.OnFailureFailDagRun"/> is set.</param>
    /// <param name="setups">They become setups, and the teardown comes after them.</param>
    /// <returns>The task itself.</returns>
    public static T AsTeardown<T>(this T task, params IEnumerable<TaskNode> setups)
        where T : TaskNode
    {
        task.Kind = TaskKind.Teardown;
        task.TriggerRule = TriggerRule.AllDoneSetupSuccess;
        foreach (var setup in setups)
        {
            setup.AsSetup().Then(task);
        }

        return task;
    }
}
