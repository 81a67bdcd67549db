namespace Sluice.Authoring.Connections;

/// <summary>Connections and variables given by the environment: <c>SLUICE_CONN_X</c> holds the URI of connection <c>x</c>, <c>SLUICE_VAR_X</c> the value of variable <c>x</c>.</summary>
public static class EnvironmentSecrets
{
    /// <summary>A variable's value; null when the environment has none.</summary>
    public static string? FindVariable(string name) => Environment.GetEnvironmentVariable(NameOf("SLUICE_VAR_", name));

    /// <summary>A connection; null when the environment has none.</summary>
    /// <exception cref="FormatException">The environment holds something that is no URI.</exception>
    public static Connection? FindConnection(string id) =>
        Environment.GetEnvironmentVariable(NameOf("SLUICE_CONN_", id)) is { } uri ? ConnectionUri.Parse(id, uri) : null;

    // The shell allows letters, digits and underscores in names.
    private static string NameOf(string prefix, string name) =>
        prefix + string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
}
