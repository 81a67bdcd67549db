namespace Sluice.Services.Redshift;

/// <summary>What the server answers instead of a result.</summary>
/// <param name="message">In Redshift's words.</param>
/// <param name="sqlState">Redshift gives XX000 for most of what goes wrong outside of SQL itself.</param>
/// <param name="detail">The block that Redshift's clients show under the message; null for none.</param>
public sealed class RedshiftException(string message, string sqlState = "XX000", string? detail = null) : Exception(message)
{
    /// <summary>Five characters.</summary>
    public string SqlState { get; } = sqlState;

    /// <summary>Null for none.</summary>
    public string? Detail { get; } = detail;

    internal static RedshiftException Syntax(string near) => new($"syntax error at or near \"{near}\"", "42601");

    /// <summary>Redshift could do it, this server cannot.</summary>
    internal static RedshiftException Unsupported(string what) => new($"The Redshift of the tests cannot do this: {what}.", "0A000");

    /// <summary>Redshift could not do it either.</summary>
    internal static RedshiftException NotInRedshift(string what) => new($"{what} is not supported by Redshift", "0A000");

    /// <summary>As Redshift tells what befell its own processes.</summary>
    internal static RedshiftException Internal(string message, int code, string context, int query) => new(
        message,
        detail: $"""

             -----------------------------------------------
              error:  {message}
              code:      {code}
              context:   {context}
              query:     {query}
              location:  s3_utility.cpp:654
              process:   padbmaster [pid=1]
             -----------------------------------------------
            """);
}
