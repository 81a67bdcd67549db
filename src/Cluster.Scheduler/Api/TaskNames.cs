using Sluice.Core.Dags;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <summary>Names that tasks had before: others may go by them still.</summary>
internal static class TaskNames
{
    /// <summary>The name that a task or an instance of it has now; null when it never had another.</summary>
    public static async ValueTask<string?> FindNowAsync(this IReadModel readModel, DagId dag, string name, CancellationToken cancellationToken) =>
        Find(await readModel.ListTaskRenamesAsync(dag, cancellationToken), name)?.Now;

    /// <inheritdoc cref="FindNowAsync"/>
    public static (string Now, DateTimeOffset Since)? Find(IReadOnlyList<FormerTask> renames, string name)
    {
        var (task, index) = Split(name);
        return renames.FirstOrDefault(former => former.From.Value == task) is { } found ? (found.To.Value + index, found.At) : null;
    }

    /// <summary>The names that a task or an instance of it had before.</summary>
    public static List<string> Former(IReadOnlyList<FormerTask> renames, string name)
    {
        var (task, index) = Split(name);
        return [.. renames.Where(former => former.To.Value == task).Select(former => former.From.Value + index)];
    }

    private static (string Task, string Index) Split(string name) => name.LastIndexOf('[') is > 0 and var at ? (name[..at], name[at..]) : (name, "");
}
