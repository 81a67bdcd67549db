using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Operators;

/// <summary>Runs SQL on a connection: MySQL, PostgreSQL, Redshift or SQLite.</summary>
/// <remarks>
/// Values belong into <see cref="Parameters"/>; what a template puts into <see cref="Sql"/> is spliced in as text. Statements that must stand
/// or fall together belong between BEGIN and COMMIT.
/// </remarks>
public sealed class SqlOperator : Operator
{
    private const int MostRows = 1000;

    /// <summary>Statements, separated by semicolons; with <see cref="ReturnRows"/> one query.</summary>
    [Templated(".sql")]
    public string Sql { get; set; } = "";

    /// <summary>Where it runs.</summary>
    [Templated]
    public string ConnectionId { get; set; } = "";

    /// <summary>Values for <c>@name</c> placeholders, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <summary>Returns the rows of the query as a list of lists; more than 1,000 fail the task. Default: false.</summary>
    public bool ReturnRows { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        await using var sql = await context.SqlAsync(ConnectionId, cancellationToken);
        if (!ReturnRows)
        {
            var affected = await sql.ExecuteAsync(Sql, SqlParameters.From(Parameters), cancellationToken);
            context.Log(affected < 0 ? "Done." : $"Done; the last statement affected {affected} rows.");
            return null;
        }

        var rows = await sql.QueryAsync(Sql, SqlParameters.From(Parameters), MostRows + 1, cancellationToken);
        return rows.Count <= MostRows
            ? rows
            : throw new TaskFailedException($"The query returns more than {MostRows} rows; bulk data goes by SqlToS3Operator, not by XCom.");
    }
}
