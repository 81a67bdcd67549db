namespace Sluice.Core.Connections;

/// <summary>Names of the environment variables that give connections and variables.</summary>
public static class SecretVariables
{
    /// <summary>Prefix of a connection's: <c>SLUICE_CONN_MY_DB</c> holds the URI of <c>my_db</c>.</summary>
    public const string ConnectionPrefix = "SLUICE_CONN_";

    /// <summary>Prefix of a variable's: <c>SLUICE_VAR_MY_VAR</c> holds the value of <c>my_var</c>.</summary>
    public const string VariablePrefix = "SLUICE_VAR_";

    /// <summary>The environment variable for a name: upper case, with an underscore for whatever a shell does not allow.</summary>
    public static string NameOf(string prefix, string name) =>
        prefix + string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_'));
}
