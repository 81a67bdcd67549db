using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Cli.CommandLine;

namespace Sluice.Cli.Backfills;

/// <summary>What is typed as <c>NAME=VALUE</c>.</summary>
internal static class BackfillInput
{
    /// <summary>The conf with params laid over it.</summary>
    /// <exception cref="UsageException">No name, or a conf that is no object.</exception>
    public static string? Conf(string? conf, IReadOnlyList<string> parameters)
    {
        if (parameters.Count == 0)
        {
            return conf; // the scheduler says what is wrong with it
        }

        if (Parse(conf ?? "{}") is not JsonObject merged)
        {
            throw new UsageException("--conf must be a JSON object, like {\"table\": \"nps\"}.");
        }

        foreach (var (name, value) in parameters.Select(text => Split(text, "--param")))
        {
            merged[name] = TryParse(value, out var node) ? node : value;
        }

        return merged.ToJsonString();
    }

    /// <exception cref="UsageException">A part is missing, or one id is given twice.</exception>
    public static IReadOnlyDictionary<string, string>? Connections(IReadOnlyList<string> connections)
    {
        var overrides = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (id, other) in connections.Select(text => Split(text, "--connection")))
        {
            if (!overrides.TryAdd(id, other))
            {
                throw new UsageException($"--connection names '{id}' twice.");
            }
        }

        return overrides.Count == 0 ? null : overrides;
    }

    private static (string Name, string Value) Split(string text, string option)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && (at < text.Length - 1 || option == "--param")
            ? (text[..at], text[(at + 1)..])
            : throw new UsageException($"{option} is '{text}'; write it as {(option == "--param" ? "NAME=VALUE" : "ID=OTHER")}.");
    }

    private static JsonNode? Parse(string json) => TryParse(json, out var node) ? node : null;

    private static bool TryParse(string json, out JsonNode? node)
    {
        try
        {
            node = JsonNode.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            node = null;
            return false;
        }
    }
}
