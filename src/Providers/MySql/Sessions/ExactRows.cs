namespace Sluice.Providers.MySql.Sessions;

/// <summary>Runs a query so that no value loses digits on the wire.</summary>
/// <remarks>
/// As text MySQL sends six digits of a FLOAT, whatever it holds; the rows of a prepared statement carry its four bytes. So every query is prepared, which
/// tells its columns; one without a FLOAT then runs as text, whose values need no more than to be copied.
/// </remarks>
internal static class ExactRows
{
    private const int NotPreparable = 1295;
    private const int UnknownCommand = 1047; // of a proxy
    private const int TooManyPrepared = 1461;

    internal static MySqlRows Of(MySqlSession session, ReadOnlySpan<byte> sql)
    {
        if (TryPrepare(session, sql) is { } statement)
        {
            // What a procedure selects is not known before it runs.
            if (statement.Columns.Length == 0 || statement.Columns.Any(MySqlStatementRows.IsFloat))
            {
                return Run(statement);
            }

            statement.Dispose();
        }

        session.Query(sql);
        var rows = session.UseResult() ?? throw NoRows();
        if (rows.Columns.FirstOrDefault(MySqlStatementRows.IsFloat) is { } inexact)
        {
            rows.Dispose();
            throw new MySqlException(
                $"Column '{inexact.Name}' is a FLOAT, of which MySQL gives six digits only where it cannot prepare the statement; select CAST({inexact.Name} AS DOUBLE) instead.", 0, "HY000");
        }

        return rows;
    }

    private static MySqlRows Run(MySqlStatement statement)
    {
        try
        {
            return statement.Execute() ?? throw NoRows();
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    // Any other error is the query's own, and would come again.
    private static MySqlStatement? TryPrepare(MySqlSession session, ReadOnlySpan<byte> sql)
    {
        try
        {
            return session.Prepare(sql);
        }
        catch (MySqlException e) when (e.Number is NotPreparable or UnknownCommand or TooManyPrepared)
        {
            return null;
        }
    }

    private static MySqlException NoRows() => new("The statement returns no rows: an extract needs a query.", 0, "HY000");
}
