using System.Collections;
using Sluice.Authoring.Connections;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Cli.Dags;

/// <summary>Has Dag files compiled and checked as the scheduler does, with variables from the environment.</summary>
/// <param name="files">Those that will be read; null when that is not known.</param>
internal sealed class DagFileReader(DagFiles? files = null) : IAsyncDisposable
{
    private const string Prefix = "SLUICE_VAR_";

    private readonly DagProcessorClient _processor = new(new() { WarmsUp = files?.Names.Any(name => name.EndsWith(".cs", StringComparison.OrdinalIgnoreCase)) ?? true });

    /// <summary>Values of variables that definitions have read so far.</summary>
    public Dictionary<string, string> Variables { get; } = InEnvironment();

    public async Task<ProcessedFile> ReadAsync(string folder, string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            var processed = await _processor.ProcessAsync(folder, name, Variables, cancellationToken);

            // The environment does not know how names are spelt; what was asked for tells.
            if (!processed.VariablesRead.Aggregate(false, (found, variable) => Learn(variable) || found))
            {
                return processed;
            }
        }
    }

    public ValueTask DisposeAsync() => _processor.DisposeAsync();

    private bool Learn(string variable) =>
        EnvironmentSecrets.FindVariable(variable) is { } value && Variables.TryAdd(variable, value);

    private static Dictionary<string, string> InEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Where(entry => ((string)entry.Key).StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(entry => ((string)entry.Key)[Prefix.Length..].ToLowerInvariant(), entry => (string)entry.Value!, StringComparer.Ordinal);
}
