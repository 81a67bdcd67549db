using System.Text;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.Hooks;

/// <summary>
/// Where the columns of queries come from: a prepared statement names table and column. What it names may be a view, or the alias of a query in
/// the query: views are described in turn, and of the rest nobody knows.
/// </summary>
/// <param name="session">A session that does nothing else.</param>
internal sealed partial class MySqlOrigins(MySqlSession session)
{
    private const int MostViews = 32;
    private const string Own = "'mysql', 'information_schema', 'performance_schema', 'sys'";

    private readonly Dictionary<(string Schema, string Table), (HashSet<string> Columns, string? View)> _known = [];

    /// <summary>Null where the statement is no query: what a procedure selects is not known before it runs.</summary>
    internal QueryOrigins? Find(string sql, IReadOnlyDictionary<string, object?>? parameters)
    {
        if (!Query().IsMatch(sql))
        {
            return null;
        }

        var columns = Columns(MySqlText.Bind(session, sql, parameters).Span, 0);
        return new(columns, columns.Exists(column => column.IsComputed) ? SqlMentions.Definitions(sql, Definitions()) : "");
    }

    private List<ColumnOrigins> Columns(ReadOnlySpan<byte> sql, int depth) => [.. session.Describe(sql).Select(column => Column(column, depth))];

    private ColumnOrigins Column(MySqlColumn column, int depth)
    {
        if (column.Origin is not var (schema, table, name))
        {
            return new(column.Name, [], IsComputed: true);
        }

        var (columns, view) = Look(schema, table);
        if (!columns.Contains(name))
        {
            return new(column.Name, [], IsComputed: true);
        }

        if (view is null)
        {
            return new(column.Name, [new(schema, table, name)], IsComputed: false);
        }

        var own = depth < MostViews ? TryColumns(view, depth + 1)?.Find(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase)) : null;
        return new(column.Name, [new(schema, table, name), .. own?.From ?? []], IsComputed: own?.IsComputed ?? true);
    }

    // What a view reads this user may not be allowed to read; MySQL then shows no text either.
    private List<ColumnOrigins>? TryColumns(string view, int depth)
    {
        try
        {
            return view.Length == 0 ? null : Columns(Encoding.UTF8.GetBytes(view), depth);
        }
        catch (MySqlException)
        {
            return null;
        }
    }

    private (HashSet<string> Columns, string? View) Look(string schema, string table)
    {
        if (!_known.TryGetValue((schema, table), out var known))
        {
            var names = new Dictionary<string, object?> { ["schema"] = schema, ["table"] = table };
            var columns = Read("SELECT column_name FROM information_schema.columns WHERE table_schema = @schema AND table_name = @table", names);
            var views = Read("SELECT view_definition FROM information_schema.views WHERE table_schema = @schema AND table_name = @table", names);
            known = (new(columns.Select(row => row[0]), StringComparer.OrdinalIgnoreCase), views is [var view] ? view[0] : null);
            _known.Add((schema, table), known);
        }

        return known;
    }

    private List<(string Name, string Definition)> Definitions() =>
    [
        .. Read(
            $"SELECT table_name, view_definition FROM information_schema.views WHERE table_schema NOT IN ({Own}) "
            + $"UNION ALL SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema NOT IN ({Own})",
            null).Select(row => (row[0], row[1])),
    ];

    private List<string[]> Read(string sql, IReadOnlyDictionary<string, object?>? parameters)
    {
        session.Query(MySqlText.Bind(session, sql, parameters).Span);
        using var rows = session.UseResult()!;
        var found = new List<string[]>();
        while (rows.Read())
        {
            found.Add([.. rows.Columns.Select((_, i) => rows.IsNull(i) ? "" : Encoding.UTF8.GetString(rows.Value(i)))]);
        }

        return found;
    }

    [GeneratedRegex(@"\A(\s|--\s[^\n]*(\n|\z)|\#[^\n]*(\n|\z)|/\*(?!!).*?\*/|\()*(SELECT|WITH|VALUES|TABLE)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Query();
}
