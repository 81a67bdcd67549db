using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Looks up which rows a COPY of a session could not load.</summary>
internal static class RedshiftLoadErrors
{
    private const int LongestValue = 100;

    /// <summary>True when the answer says that Redshift's tables know more.</summary>
    internal static bool AreBehind(SqlHookException refused) => refused.Message.Contains("load_error", StringComparison.OrdinalIgnoreCase);

    /// <summary>The rows that the session's last failing COPY stumbled over, as one line.</summary>
    /// <param name="connection">Asked over a session of its own: the failed one is of no use.</param>
    /// <param name="session">Process number of the session that ran COPY.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>Null when the tables tell nothing, or may not be read.</returns>
    internal static async ValueTask<string?> TellAsync(Connection connection, long session, CancellationToken cancellationToken)
    {
        // STL shows the value and is not there in Redshift Serverless; SYS is everywhere and shows none.
        foreach (var table in (Func<long, string>[])[Stl, Sys])
        {
            try
            {
                await using var hook = new PostgresHook(connection, PostgresHook.Redshift);
                if (await hook.QueryAsync(table(session), null, 2, cancellationToken) is { Count: > 0 } rows)
                {
                    return Describe(rows[0]) + (rows.Count > 1 ? " (and further rows)" : "");
                }
            }
            catch (SqlHookException)
            {
                // The user may not read it.
            }
        }

        return null;
    }

    /// <summary>Rows that MAXERROR let pass in the session's last COPY.</summary>
    internal static async ValueTask<long> CountAsync(ISqlHook hook, CancellationToken cancellationToken)
    {
        var copy = (await hook.QueryAsync("SELECT pg_last_copy_id()", null, 1, cancellationToken))[0][0];
        return Convert.ToInt64((await hook.QueryAsync($"SELECT COUNT(*) FROM sys_load_error_detail WHERE query_id = {copy}", null, 1, cancellationToken))[0][0]);
    }

    private static string Stl(long session) =>
        $"""
         SELECT TRIM(filename), line_number, TRIM(colname), TRIM(type), TRIM(col_length), TRIM(raw_field_value), err_code, TRIM(err_reason)
         FROM stl_load_errors
         WHERE session = {session} AND starttime > GETDATE() - INTERVAL '1 day' AND query = (SELECT MAX(query) FROM stl_load_errors WHERE session = {session})
         ORDER BY filename, line_number LIMIT 2
         """;

    private static string Sys(long session) =>
        $"""
         SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(column_type), TRIM(column_length), NULL, error_code, TRIM(error_message)
         FROM sys_load_error_detail
         WHERE session_id = {session} AND start_time > GETDATE() - INTERVAL '1 day' AND query_id = (SELECT MAX(query_id) FROM sys_load_error_detail WHERE session_id = {session})
         ORDER BY file_name, line_number LIMIT 2
         """;

    private static string Describe(IReadOnlyList<object?> row)
    {
        var column = row[2] is string { Length: > 0 } name
            ? $", column '{name}' ({row[3]}{(row[4] is string { Length: > 0 } length ? $" {length}" : "")})"
            : "";
        var value = row[5] is string { Length: > 0 } raw ? $", value '{Cut(raw)}'" : "";
        return $"{row[0]}, line {row[1]}{column}{value}: {row[7]} (error {row[6]})";
    }

    private static string Cut(string value)
    {
        var line = string.Concat(value.Select(one => char.IsControl(one) ? ' ' : one));
        return line.Length <= LongestValue ? line : line[..LongestValue] + "...";
    }
}
