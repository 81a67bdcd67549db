using System.Globalization;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Extraction;

/// <summary>The statements of an extract. Pure.</summary>
internal static class ExtractQueries
{
    // Readers that are done early take another part; more parts than readers even out keys that are not spread evenly.
    private const int PartsPerReader = 4;

    /// <summary>The query whose rows are extracted.</summary>
    /// <exception cref="TaskFailedException">Neither a query nor a table is given, or both.</exception>
    internal static string Whole(ExtractRequest request, string dialect)
    {
        if (string.IsNullOrWhiteSpace(request.Query) == string.IsNullOrEmpty(request.Table))
        {
            throw new TaskFailedException("An extract needs either Query or Table.");
        }

        if (string.IsNullOrEmpty(request.Table) && (request.Columns.Count > 0 || request.Schema is not null))
        {
            throw new TaskFailedException("Columns and Schema are of a Table; an extract by Query names its own, so leave them out.");
        }

        var columns = request.Columns.Count == 0 ? "*" : SqlNames.Join(request.Columns, dialect);
        return request.Window is { } window
            ? $"SELECT {(string.IsNullOrEmpty(request.Table) ? "*" : columns)} FROM {Source(request, dialect)} WHERE {window}"
            : string.IsNullOrEmpty(request.Table) ? request.Query! : $"SELECT {columns} FROM {Source(request, dialect)}";
    }

    /// <summary>What stands behind FROM where any column may be asked for: the table with all its columns, or the query.</summary>
    internal static string Source(ExtractRequest request, string dialect) => string.IsNullOrEmpty(request.Table)
        ? Around(request.Query!, dialect)
        : SqlNames.Quote(request.Schema, request.Table, dialect);

    /// <summary>Asks for the least and the greatest value of the column that splits.</summary>
    internal static string Bounds(ExtractRequest request, string dialect)
    {
        var column = SqlNames.Quote(request.PartitionBy!, dialect);
        return $"SELECT MIN({column}), MAX({column}) FROM {From(request, dialect)}";
    }

    /// <summary>Asks the source for what it says of its rows itself: rows, then values, least and greatest of each column.</summary>
    /// <param name="request">The extract.</param>
    /// <param name="dialect">The source's.</param>
    /// <param name="columns">Columns to ask for.</param>
    internal static string Counts(ExtractRequest request, string dialect, IReadOnlyList<ColumnEvidence> columns) =>
        CountedEvidence.Query(From(request, dialect), dialect, columns);

    /// <summary>Splits a range of whole numbers. No value is in two parts, none between them; NULLs are in the first.</summary>
    internal static IReadOnlyList<string> Ranges(ExtractRequest request, string dialect, Int128? least, Int128? greatest)
    {
        var whole = Whole(request, dialect);
        if (least is not { } from || greatest is not { } to || from == to)
        {
            return [whole];
        }

        var column = SqlNames.Quote(request.PartitionBy!, dialect);
        var parts = (int)Int128.Min(to - from + 1, PartsPerReader * request.Readers);
        var width = (to - from + 1) / parts;
        var queries = new List<string>(parts);
        for (var i = 0; i < parts; i++)
        {
            var low = from + (width * i);
            var condition = (i == 0, i == parts - 1) switch
            {
                (true, _) => $"{column} < {Number(low + width)} OR {column} IS NULL",
                (_, true) => $"{column} >= {Number(low)}",
                _ => $"{column} >= {Number(low)} AND {column} < {Number(low + width)}",
            };
            queries.Add($"SELECT * FROM {From(request, dialect)} WHERE {condition}");
        }

        return queries;
    }

    /// <summary>Splits by remainder; NULLs are in the first part, and what has no whole remainder in the last.</summary>
    internal static IReadOnlyList<string> Remainders(ExtractRequest request, string dialect)
    {
        var column = SqlNames.Quote(request.PartitionBy!, dialect);
        var remainder = $"ABS({column} % {request.Readers})";
        var last = request.Readers - 1;
        return
        [
            .. Enumerable.Range(0, last).Select(i => $"SELECT * FROM {From(request, dialect)} WHERE {remainder} = {i}{(i == 0 ? $" OR {column} IS NULL" : "")}"),
            last == 0 ? Whole(request, dialect) : $"SELECT * FROM {From(request, dialect)} WHERE {remainder} NOT IN ({string.Join(", ", Enumerable.Range(0, last))})",
        ];
    }

    // A table is read as it is: not every database sees through a query around it.
    private static string From(ExtractRequest request, string dialect) =>
        request is { Table.Length: > 0, Columns.Count: 0, Window: null } ? Source(request, dialect) : Around(Whole(request, dialect), dialect);

    /// <summary>A query as what stands behind FROM.</summary>
    internal static string Around(string query, string dialect) =>
        $"(\n{query.TrimEnd(' ', '\t', '\r', '\n', ';')}\n) AS {SqlNames.Quote("q", dialect)}"; // a line end ends a comment in the query's last line

    private static string Number(Int128 value) => value.ToString(CultureInfo.InvariantCulture);
}
