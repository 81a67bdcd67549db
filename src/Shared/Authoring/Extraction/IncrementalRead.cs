using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;
using Sluice.Authoring.Watermarks;
using Sluice.Core.Watermarks;

namespace Sluice.Authoring.Extraction;

/// <summary>Reads only what is new since the mark that the engine keeps.</summary>
/// <param name="By">The column, and how.</param>
/// <param name="Owner">Names the run for good: objects of another must not be replaced.</param>
/// <param name="OpenAsync">Asks the engine for the window; what is given looks for its end, above the mark.</param>
public sealed record IncrementalRead(
    IncrementalColumn By, string Owner, Func<Func<string?, CancellationToken, ValueTask<string?>>, CancellationToken, ValueTask<WatermarkWindow>> OpenAsync)
{
    private const string From = "sluice_from";
    private const string To = "sluice_to";

    /// <summary>Opens the window, and narrows the request down to it. All within the session's snapshot.</summary>
    /// <exception cref="TaskFailedException">The column cannot be used, or holds NULLs.</exception>
    internal async ValueTask<ExtractRequest> NarrowAsync(ExtractRequest request, ISqlHook session, CancellationToken cancellationToken)
    {
        var column = await LookAtColumnAsync(request, session, cancellationToken);
        var sql = new IncrementalSql(SqlNames.Quote(By.Column, session.Dialect), column, session.Dialect);
        if (By.Nulls == IncrementalNulls.Fail)
        {
            await RefuseNullsAsync(request, session, sql, cancellationToken);
        }

        var window = await OpenAsync((from, cancel) => FindEndAsync(request, session, sql, from, cancel), cancellationToken);
        var values = Values(request);
        var conditions = new List<string>();
        if (window.To is null)
        {
            conditions.Add("1 = 0");
        }
        else
        {
            AddLower(conditions, values, sql, window.From is { } from && By.Overlap is { Length: > 0 } overlap
                ? window with { From = WatermarkValue.Less(Checked(from, sql.Kind), overlap, sql.Kind) }
                : window);
            values[To] = sql.Bind(Checked(window.To, sql.Kind));
            conditions.Add($"{sql.Name} <= {sql.Place(To)}");
        }

        var condition = string.Join(" AND ", conditions);
        request.Log?.Invoke(window.IsEmpty
            ? $"Nothing is new: {By.Column} has no value above {window.From ?? By.Start ?? "the beginning"}{(window.From == window.To ? "" : $" up to {window.To}")}."
            : $"Reading {By.Column} above {window.From ?? By.Start ?? "the beginning"} up to {window.To}{(By.Overlap is { Length: > 0 } ? $", and {By.Overlap} before that again" : "")}.");
        return request with
        {
            Window = By.Nulls == IncrementalNulls.Include ? $"({condition}) OR {sql.Name} IS NULL" : condition,
            Opened = window,
            Parameters = values.Count == 0 ? null : values,
        };
    }

    private async ValueTask<string?> FindEndAsync(ExtractRequest request, ISqlHook session, IncrementalSql sql, string? from, CancellationToken cancellationToken)
    {
        var values = Values(request);
        var conditions = new List<string>();
        AddLower(conditions, values, sql, new(from, null));
        var greatest = new SingleRow();
        var where = conditions.Count == 0 ? "" : $" WHERE {conditions[0]}";
        await session.ExtractAsync(
            $"SELECT MAX({sql.Name}) FROM {ExtractQueries.Source(request, session.Dialect)}{where}", values.Count == 0 ? null : values, greatest, cancellationToken);
        return greatest.Values[0] is { } text ? WatermarkValue.Check(text, sql.Kind, $"The greatest value of {By.Column}") : null;
    }

    private void AddLower(List<string> conditions, Dictionary<string, object?> values, IncrementalSql sql, WatermarkWindow window)
    {
        if (window.From is { } from)
        {
            values[From] = sql.Bind(Checked(from, sql.Kind));
            conditions.Add($"{sql.Name} > {sql.Place(From)}");
        }
        else if (By.Start is { Length: > 0 } start)
        {
            // As far as the first run is concerned, it begins with the start itself.
            values[From] = sql.Bind(WatermarkValue.Check(start, sql.Kind, "Start"));
            conditions.Add($"{sql.Name} >= {sql.Place(From)}");
        }
    }

    private async ValueTask<SqlColumn> LookAtColumnAsync(ExtractRequest request, ISqlHook session, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(By.Column))
        {
            throw new TaskFailedException("Incremental needs Column: one whose values only grow, such as id or updated_at.");
        }

        if (request.Policy.Mask.Keys.Contains(By.Column, StringComparer.OrdinalIgnoreCase))
        {
            throw new TaskFailedException($"Column {By.Column} is masked, and its values are kept by the engine as the watermark; read by another column.");
        }

        // A personal column does not leave either.
        var first = new ResultColumns();
        var name = SqlNames.Quote(By.Column, session.Dialect);
        var query = $"SELECT {name} FROM {ExtractQueries.Source(request, session.Dialect)} WHERE 1 = 0";
        var text = await request.DescribeAsync(query, session, cancellationToken);
        var guard = new PolicySink(first, request.Policy with { Exclude = [], Mask = new Dictionary<string, string>() }, text);
        await session.ExtractAsync(query, request.Parameters, guard, cancellationToken);
        return first.Columns[0] is { Kind: SqlColumnKind.Integer or SqlColumnKind.Decimal or SqlColumnKind.Date or SqlColumnKind.Timestamp } column
            ? column
            : throw new TaskFailedException(
                $"Incremental cannot read by column {By.Column} of type {first.Columns[0].Type}; its values must be whole numbers, decimals, dates or timestamps, whose order is the same everywhere.");
    }

    private async ValueTask RefuseNullsAsync(ExtractRequest request, ISqlHook session, IncrementalSql sql, CancellationToken cancellationToken)
    {
        var found = new SingleRow();
        var rows = await session.ExtractAsync(
            $"SELECT 1 FROM {ExtractQueries.Source(request, session.Dialect)} WHERE {sql.Name} IS NULL LIMIT 1", request.Parameters, found, cancellationToken);
        if (rows > 0)
        {
            throw new TaskFailedException(
                $"Column {By.Column} has NULLs, which no watermark reaches: give these rows a value, or set Nulls of Incremental to skip, or to include, which reads them each time.");
        }
    }

    private string Checked(string mark, SqlColumnKind kind) => WatermarkValue.Check(mark, kind, $"The mark of {By.Column}");

    private static Dictionary<string, object?> Values(ExtractRequest request) => request.Parameters?.Keys.FirstOrDefault(name => name is From or To) is { } taken
        ? throw new TaskFailedException($"Parameter {taken} has a name that Incremental needs; call it something else.")
        : new(request.Parameters ?? new Dictionary<string, object?>(), StringComparer.Ordinal);
}
