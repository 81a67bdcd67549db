using System.Globalization;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Operators;

/// <summary>Fails unless every cell of a query's first row is something: not NULL, false, 0, <c>0</c> or empty. No row fails too.</summary>
public sealed class SqlCheckOperator : Operator
{
    /// <summary>The query, such as <c>SELECT COUNT(*), SUM(amount) &gt; 0 FROM nps WHERE …</c>.</summary>
    [Templated(".sql")]
    public string Sql { get; set; } = "";

    /// <summary>Where it runs.</summary>
    [Templated]
    public string ConnectionId { get; set; } = "";

    /// <summary>Values for <c>@name</c> placeholders, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var row = await SqlChecks.FirstRowAsync(context, ConnectionId, Sql, Parameters, cancellationToken);
        context.Log($"The first row is {SqlChecks.Text(row)}.");
        return row.All(SqlTruth.IsTruthy)
            ? null
            : throw new TaskErrorException($"The check failed: the first row is {SqlChecks.Text(row)}, and each of its cells must be neither NULL, false, 0 nor empty.");
    }
}

/// <summary>Fails unless every cell of a query's first row is a given value, for numbers within a tolerance.</summary>
public sealed class SqlValueCheckOperator : Operator
{
    /// <summary>The query.</summary>
    [Templated(".sql")]
    public string Sql { get; set; } = "";

    /// <summary>Where it runs.</summary>
    [Templated]
    public string ConnectionId { get; set; } = "";

    /// <summary>Values for <c>@name</c> placeholders, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <summary>What each cell must be. A number is compared as such.</summary>
    [Templated]
    public string PassValue { get; set; } = "";

    /// <summary>For numbers: by which share of <see cref="PassValue"/> a cell may be off; 0.1 is a tenth. Default: 0.</summary>
    public double Tolerance { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (Tolerance is < 0 or > 1 || double.IsNaN(Tolerance))
        {
            throw new TaskFailedException($"Tolerance is a share from 0 to 1, and is {Tolerance.ToString(CultureInfo.InvariantCulture)}.");
        }

        var row = await SqlChecks.FirstRowAsync(context, ConnectionId, Sql, Parameters, cancellationToken);
        context.Log($"The first row is {SqlChecks.Text(row)}.");
        return row.All(Passes)
            ? null
            : throw new TaskErrorException(
                $"The check failed: the first row is {SqlChecks.Text(row)}, and each of its cells must be {PassValue}{(Tolerance > 0 ? $", give or take {Tolerance.ToString("P0", CultureInfo.InvariantCulture)}" : "")}.");
    }

    private bool Passes(object? cell)
    {
        var text = SqlChecks.Text(cell);
        if (!decimal.TryParse(PassValue, NumberStyles.Float, CultureInfo.InvariantCulture, out var wanted)
            || !decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var found))
        {
            return text == PassValue;
        }

        return Math.Abs(found - wanted) <= Math.Abs(wanted) * (decimal)Tolerance;
    }
}

/// <summary>What the checks share.</summary>
internal static class SqlChecks
{
    /// <exception cref="TaskErrorException">There is no row.</exception>
    internal static async ValueTask<IReadOnlyList<object?>> FirstRowAsync(
        TaskContext context, string connectionId, string query, Dictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        await using var sql = await context.SqlAsync(connectionId, cancellationToken);
        var rows = await sql.QueryAsync(query, SqlParameters.From(parameters), limit: 1, cancellationToken);
        return rows.Count > 0 ? rows[0] : throw new TaskErrorException("The check failed: the query returned no row.");
    }

    internal static string Text(IReadOnlyList<object?> row) => $"({string.Join(", ", row.Select(Text))})";

    internal static string Text(object? cell) => cell is null ? "NULL" : Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "";
}
