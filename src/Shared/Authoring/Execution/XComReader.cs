using System.Globalization;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Execution;

/// <summary>Reads what tasks pushed, with regard to mapped ones.</summary>
internal static class XComReader
{
    /// <summary>JSON of a value; of a mapped task the list of its instances' values, or in the same mapped group the value of the same index.</summary>
    public static ValueTask<string?> ReadAsync(TaskContext context, string taskId, string key, CancellationToken cancellationToken) =>
        context.Services.GetXComAsync(NameFor(context, taskId), key, cancellationToken);

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
