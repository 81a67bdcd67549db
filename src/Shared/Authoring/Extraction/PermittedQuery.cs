using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Extraction;

/// <summary>An extract as one statement, for a database that writes the rows itself: what a policy does not let leave is not in them.</summary>
/// <param name="Sql">The query.</param>
/// <param name="Columns">Of its rows.</param>
public sealed record PermittedQuery(string Sql, IReadOnlyList<SqlColumn> Columns)
{
    // The one mask that any database can put on.
    private const string Nothing = "null";

    /// <summary>Asks the database for the columns, and lets the policy decide.</summary>
    /// <param name="request">What is to be read.</param>
    /// <param name="session">In the transaction in which the rows will be read.</param>
    /// <param name="cancellationToken">Cancels asking.</param>
    /// <exception cref="TaskFailedException">There is no query or two, the policy refuses it, or a mask needs the rows to pass the worker.</exception>
    public static async ValueTask<PermittedQuery> OfAsync(ExtractRequest request, ISqlHook session, CancellationToken cancellationToken)
    {
        var whole = ExtractQueries.Whole(request, session.Dialect);
        var policy = request.Policy;
        if (policy.Mask.FirstOrDefault(one => one.Value != Nothing) is { Key: { } column, Value: var mask })
        {
            throw new TaskFailedException(
                $"Column '{column}' cannot be masked by '{mask}' where the database writes the rows itself: mask it by null, exclude it, or let the rows pass the worker with SqlToS3Operator.");
        }

        var head = new ResultColumns();
        await session.ExtractAsync($"SELECT * FROM {ExtractQueries.Around(whole, session.Dialect)} WHERE 1 = 0", request.Parameters, head, cancellationToken);
        if (policy.IsEmpty)
        {
            return new(whole.TrimEnd(' ', '\t', '\r', '\n', ';'), head.Columns);
        }

        // All that leaves is named: a column that comes later is not in it.
        var rules = policy.Decide(head.Columns, await request.DescribeAsync(whole, session, cancellationToken));
        var left = head.Columns.Zip(rules, (column, rule) => (Column: column, rule.Excluded, IsMasked: rule.Mask is not null)).Where(one => !one.Excluded).ToList();
        var list = left.Select(one => one.IsMasked ? $"CAST(NULL AS varchar(1)) AS {Name(one.Column)}" : Name(one.Column));
        return new(
            $"SELECT {string.Join(", ", list)} FROM {ExtractQueries.Around(whole, session.Dialect)}",
            [.. left.Select(one => one.IsMasked ? one.Column with { Type = "text", Kind = SqlColumnKind.Text } : one.Column)]);

        string Name(SqlColumn column) => SqlNames.Quote(column.Name, session.Dialect);
    }

    /// <summary>Asks the database what it says of the rows itself.</summary>
    public async ValueTask<RowEvidence> CountAsync(ISqlHook session, CancellationToken cancellationToken)
    {
        var asked = Columns.Select(column => new ColumnEvidence(column.Name, column.Kind, 0, null, null)).ToList();
        var said = new SingleRow();
        await session.ExtractAsync(CountedEvidence.Query(ExtractQueries.Around(Sql, session.Dialect), session.Dialect, asked), null, said, cancellationToken);
        return CountedEvidence.Read(said.Values, asked);
    }
}
