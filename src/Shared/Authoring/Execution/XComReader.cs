using System.Globalization;
using Sluice.Authoring.Operators;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>Reads what tasks pushed, with regard to mapped ones.</summary>
internal static class XComReader
{
    /// <summary>JSON of a value; of a mapped task the list of its instances' values, or in the same mapped group the value of the same index.</summary>
    public static ValueTask<string?> ReadAsync(TaskContext context, string taskId, string key, CancellationToken cancellationToken) =>
        context.Services.GetXComAsync(NameFor(context, taskId), key, cancellationToken);

    /// <summary>Some elements of a list, as <see cref="ReadAsync"/> would read it; null when there is none.</summary>
    /// <exception cref="TaskFailedException">It is no list.</exception>
    public static ValueTask<XComItems?> ReadItemsAsync(TaskContext context, string taskId, string key, XComSlice slice, CancellationToken cancellationToken) =>
        context.Services.GetXComItemsAsync(NameFor(context, taskId), key, slice, cancellationToken);

    /// <summary>Cuts a value that should be a list.</summary>
    /// <exception cref="TaskFailedException">It is none.</exception>
    public static JsonItems Cut(string json, string taskId, string key) =>
        JsonItems.Of(json) ?? throw new TaskFailedException(NoList(taskId, key));

    /// <summary>What is said of a value that should be a list.</summary>
    public static string NoList(string taskId, string key) => $"XCom '{key}' of task '{taskId}' is neither a list nor an object: it has no elements.";

    private static string NameFor(TaskContext context, string taskId)
    {
        if (context.Map is { } map && context.Task.Map?.Group is { } group)
        {
            foreach (var other in context.Dag.Tasks)
            {
                if (other.Id.Value == taskId && other.Map?.Group == group)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{taskId}[{map.Index}]");
                }
            }
        }

        return taskId;
    }
}
