using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Looks up which rows a COPY of a session could not load.</summary>
internal static class RedshiftLoadErrors
{
    private const string StlColumns = "TRIM(filename), line_number, TRIM(colname), TRIM(type), TRIM(col_length), TRIM(raw_field_value), err_code, TRIM(err_reason), TRIM(raw_line)";

    private const string SysColumns = "TRIM(file_name), line_number, TRIM(column_name), TRIM(column_type), TRIM(column_length), NULL, error_code, TRIM(error_message), ''";

    /// <summary>True when the answer says that Redshift's tables know more.</summary>
    internal static bool AreBehind(SqlHookException refused) => refused.Message.Contains("load_error", StringComparison.OrdinalIgnoreCase);

    /// <summary>The rows that the session's last failing COPY stumbled over.</summary>
    /// <param name="connection">Asked over a session of its own: the failed one is of no use.</param>
    /// <param name="session">Process number of the session that ran COPY.</param>
    /// <param name="cancellationToken">Cancels the asking.</param>
    /// <returns>None when the tables tell nothing, or may not be read.</returns>
    internal static async ValueTask<IReadOnlyList<RedshiftLoadError>> OfSessionAsync(Connection connection, long session, CancellationToken cancellationToken)
    {
        // STL shows the value and is not there in Redshift Serverless; SYS is everywhere and shows none.
        foreach (var table in (Func<long, string>[])[Stl, Sys])
        {
            try
            {
                await using var hook = new PostgresHook(connection, PostgresHook.Redshift);
                if (await hook.QueryAsync(table(session), null, RedshiftSql.MostErrors, cancellationToken) is { Count: > 0 } rows)
                {
                    return [.. rows.Select(RedshiftLoadError.Read)];
                }
            }
            catch (SqlHookException)
            {
                // The user may not read it.
            }
        }

        return [];
    }

    /// <summary>Rows that MAXERROR let pass in the session's last COPY.</summary>
    internal static async ValueTask<long> CountAsync(ISqlHook hook, CancellationToken cancellationToken) => Convert.ToInt64(
        (await hook.QueryAsync($"SELECT COUNT(*) FROM sys_load_error_detail WHERE query_id = {await LastCopyAsync(hook, cancellationToken)}", null, 1, cancellationToken))[0][0]);

    /// <summary>The same rows, whole.</summary>
    /// <exception cref="SqlHookException">There are no STL tables, as in Serverless.</exception>
    internal static async ValueTask<IReadOnlyList<RedshiftLoadError>> OfLastCopyAsync(ISqlHook hook, CancellationToken cancellationToken)
    {
        var sql = $"SELECT {StlColumns} FROM stl_load_errors WHERE query = {await LastCopyAsync(hook, cancellationToken)} ORDER BY filename, line_number";
        return [.. (await hook.QueryAsync(sql, null, int.MaxValue, cancellationToken)).Select(RedshiftLoadError.Read)];
    }

    // A function of the leader alone, which a query of other tables may not call.
    private static async ValueTask<long> LastCopyAsync(ISqlHook hook, CancellationToken cancellationToken) =>
        Convert.ToInt64((await hook.QueryAsync("SELECT pg_last_copy_id()", null, 1, cancellationToken))[0][0]);

    private static string Stl(long session) =>
        $"""
         SELECT {StlColumns} FROM stl_load_errors
         WHERE session = {session} AND starttime > GETDATE() - INTERVAL '1 day' AND query = (SELECT MAX(query) FROM stl_load_errors WHERE session = {session})
         ORDER BY filename, line_number
         """;

    private static string Sys(long session) =>
        $"""
         SELECT {SysColumns} FROM sys_load_error_detail
         WHERE session_id = {session} AND start_time > GETDATE() - INTERVAL '1 day' AND query_id = (SELECT MAX(query_id) FROM sys_load_error_detail WHERE session_id = {session})
         ORDER BY file_name, line_number
         """;
}

/// <summary>A row that did not fit.</summary>
/// <param name="Object">Where it stands.</param>
/// <param name="Line">On which line, counted from 1, a header included.</param>
/// <param name="Column">Null when the row itself is wrong.</param>
/// <param name="Value">Null when Redshift does not show it.</param>
/// <param name="Reason">Redshift's words and number.</param>
/// <param name="RawLine">At most 1024 bytes of it; empty when Redshift does not show it.</param>
internal sealed record RedshiftLoadError(string Object, long Line, string? Column, string? Value, string Reason, string RawLine)
{
    private const int LongestValue = 100;

    internal static RedshiftLoadError Read(IReadOnlyList<object?> row) => new(
        (string)row[0]!,
        Convert.ToInt64(row[1]),
        row[2] is string { Length: > 0 } name ? $"column '{name}' ({row[3]}{(row[4] is string { Length: > 0 } length ? $" {length}" : "")})" : null,
        row[5] is string { Length: > 0 } raw ? Cut(raw) : null,
        $"{row[7]} (error {row[6]})",
        (string)row[8]!);

    /// <inheritdoc/>
    public override string ToString() => $"{Object}, line {Line}{(Column is null ? "" : $", {Column}")}{(Value is null ? "" : $", value '{Value}'")}: {Reason}";

    private static string Cut(string value)
    {
        var line = string.Concat(value.Select(one => char.IsControl(one) ? ' ' : one));
        return line.Length <= LongestValue ? line : line[..LongestValue] + "...";
    }
}
