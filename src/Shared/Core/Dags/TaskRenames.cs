namespace Sluice.Core.Dags;

/// <summary>Versions of a Dag in which tasks have got other ids. Pure.</summary>
public static class TaskRenames
{
    /// <summary>The same Dag under other ids of tasks: everything else of it, and the order of its tasks, stays. Its code still knows them by the ids that it was written with.</summary>
    /// <param name="dag">The Dag.</param>
    /// <param name="names">New ids, by the id until now; what the Dag has not is passed over.</param>
    /// <returns>Null when it has none of them.</returns>
    public static DagSpec? Apply(DagSpec dag, IReadOnlyDictionary<TaskId, TaskId> names)
    {
        if (!dag.Tasks.Any(task => names.ContainsKey(task.Id)))
        {
            return null;
        }

        return dag with
        {
            Tasks = [.. dag.Tasks.Select(task => names.TryGetValue(task.Id, out var name)
                ? task with { Id = name, RenamedFrom = null, CodeId = CodeIdOf(task) == name ? null : CodeIdOf(task) }
                : task)],
        };
    }

    /// <summary>What the tasks of a Dag say they were before, by that.</summary>
    public static IReadOnlyDictionary<TaskId, TaskId> DeclaredBy(DagSpec dag) =>
        dag.Tasks.Where(task => task.RenamedFrom is not null).ToDictionary(task => task.RenamedFrom!.Value, task => task.Id);

    /// <summary>Whether a name is that of the task or of an instance of it, by its id or by that in its code.</summary>
    public static bool IsNamed(TaskSpec task, string name) => IsOf(task.Id, name) || IsOf(CodeIdOf(task), name);

    /// <summary>The name of the task or instance by the task's id.</summary>
    public static string NameNow(TaskSpec task, string name) => IsOf(task.Id, name) ? name : task.Id.Value + name[CodeIdOf(task).Value.Length..];

    /// <summary>The name of the task or instance by the id in its code.</summary>
    public static string NameInCode(TaskSpec task, string name) => IsOf(task.Id, name) ? CodeIdOf(task).Value + name[task.Id.Value.Length..] : name;

    private static bool IsOf(TaskId task, string name) =>
        name.StartsWith(task.Value, StringComparison.Ordinal) && (name.Length == task.Value.Length || name[task.Value.Length] == '[');

    /// <summary>The id by which the code of its version knows a task.</summary>
    public static TaskId CodeIdOf(TaskSpec task) => task.CodeId ?? task.Id;
}
