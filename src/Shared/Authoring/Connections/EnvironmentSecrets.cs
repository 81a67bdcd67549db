using Sluice.Core.Connections;

namespace Sluice.Authoring.Connections;

/// <summary>Connections and variables given by the environment: <c>SLUICE_CONN_X</c> holds the URI of connection <c>x</c>, <c>SLUICE_VAR_X</c> the value of variable <c>x</c>.</summary>
public static class EnvironmentSecrets
{
    /// <summary>A variable's value; null when the environment has none.</summary>
    public static string? FindVariable(string name) => Environment.GetEnvironmentVariable(SecretVariables.NameOf(SecretVariables.VariablePrefix, name));

    /// <summary>A connection; null when the environment has none.</summary>
    /// <exception cref="FormatException">The environment holds something that is no URI.</exception>
    public static Connection? FindConnection(string id) =>
        Environment.GetEnvironmentVariable(SecretVariables.NameOf(SecretVariables.ConnectionPrefix, id)) is { } uri ? ConnectionUri.Parse(id, uri) : null;
}
