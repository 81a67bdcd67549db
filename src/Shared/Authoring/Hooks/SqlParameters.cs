namespace Sluice.Authoring.Hooks;

/// <summary>Parameters of operators, which are text, as hooks take them.</summary>
public static class SqlParameters
{
    /// <summary>Null when there are none.</summary>
    public static IReadOnlyDictionary<string, object?>? From(IReadOnlyDictionary<string, string> parameters) =>
        parameters.Count == 0 ? null : parameters.ToDictionary(p => p.Key.TrimStart('@', ':'), p => (object?)p.Value, StringComparer.Ordinal);
}
