using System.Globalization;
using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Cli.CommandLine;
using Sluice.Core.Dags;

namespace Sluice.Cli.Simulations;

/// <summary>How long attempts take in a simulation: what a file says, else a minute, a second for what does nothing.</summary>
/// <remarks>Each attempt is drawn between 0.8 and 1.2 times that, from the seed.</remarks>
internal sealed class TaskDurations
{
    public const string Rule = "a minute an attempt, a second for EmptyOperator, each between 0.8 and 1.2 times that";

    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan OfNothing = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, TimeSpan> _known;

    private TaskDurations(Dictionary<string, TimeSpan> known) => _known = known;

    public static TaskDurations Default { get; } = new([]);

    /// <summary>Reads <c>{"load/copy": "5m", "load": "30s", "*": "10s"}</c>: a task, all tasks of a Dag, everything else.</summary>
    /// <exception cref="UsageException">It is not like that; one sentence.</exception>
    public static TaskDurations Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UsageException($"The durations in '{file}' must be a JSON object, like {{\"dag/task\": \"5m\"}}.");
            }

            var known = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
            foreach (var entry in json.RootElement.EnumerateObject())
            {
                known[entry.Name] = entry.Value.ValueKind == JsonValueKind.String && Duration.TryParse(entry.Value.GetString()!, out var length) ? length
                    : entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetDouble(out var seconds) && seconds is >= 0 and < 1e8 ? TimeSpan.FromSeconds(seconds)
                    : throw new UsageException($"The duration of \"{entry.Name}\" in '{file}' is {entry.Value.GetRawText()}; it must be like \"90s\", \"5m\", \"1h30m\", or a number of seconds.");
            }

            return new(known);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The durations in '{file}' cannot be read: {e.Message}");
        }
        catch (JsonException e)
        {
            throw new UsageException($"The durations in '{file}' are not JSON (line {(e.LineNumber + 1)?.ToString(CultureInfo.InvariantCulture)}): {e.Message}");
        }
    }

    /// <param name="dag">The Dag.</param>
    /// <param name="task">Its task.</param>
    /// <param name="chance">From 0 to 1.</param>
    public TimeSpan Of(DagId dag, TaskSpec task, double chance) => Mean(dag, task) * (0.8 + (0.4 * chance));

    private TimeSpan Mean(DagId dag, TaskSpec task) =>
        _known.TryGetValue($"{dag}/{task.Id}", out var length) || _known.TryGetValue(dag.Value, out length) || _known.TryGetValue("*", out length) ? length
        : task.Operator == "EmptyOperator" ? OfNothing
        : Usual;
}
