using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;
using SQLitePCL;

namespace Sluice.Providers.Sqlite.Hooks;

/// <summary>Where the columns of queries come from: SQLite tells table and column itself, through views too.</summary>
internal static class SqliteOrigins
{
    // Of queries put together SQLite tells the origin by the first alone.
    private static readonly string[] Compounds = ["UNION", "INTERSECT", "EXCEPT"];

    internal static QueryOrigins Find(SqliteSession session, string sql)
    {
        var views = Views(session);
        var definitions = SqlMentions.Definitions(sql, views);
        var whole = $"{sql}\n{definitions}";
        var isCompound = Compounds.Any(word => SqlMentions.Of(whole, word));
        var named = views.Where(view => SqlMentions.Of(whole, view.Name))
            .SelectMany(view => Columns(session, $"SELECT * FROM {SqlNames.Quote(view.Name)}"), (view, column) => (Of: column.From, As: new TableColumn("main", view.Name, column.Name)))
            .ToList();
        var columns = Columns(session, sql).Select(column => column with
        {
            // Who tags a column of a view means it.
            From = [.. named.Where(one => column.From.Intersect(one.Of).Any()).Select(one => one.As), .. column.From],
            IsComputed = column.IsComputed || isCompound,
        });
        return new([.. columns], definitions);
    }

    private static List<ColumnOrigins> Columns(SqliteSession session, string sql)
    {
        session.Check(raw.sqlite3_prepare_v2(session.Handle, sql, out var statement));
        using (statement)
        {
            return [.. Enumerable.Range(0, raw.sqlite3_column_count(statement)).Select(i => Column(statement, i))];
        }
    }

    private static ColumnOrigins Column(sqlite3_stmt statement, int i)
    {
        var name = raw.sqlite3_column_name(statement, i).utf8_to_string();
        return raw.sqlite3_column_origin_name(statement, i).utf8_to_string() is { } column
            ? new(name, [new(raw.sqlite3_column_database_name(statement, i).utf8_to_string(), raw.sqlite3_column_table_name(statement, i).utf8_to_string(), column)], IsComputed: false)
            : new(name, [], IsComputed: true);
    }

    private static List<(string Name, string Definition)> Views(SqliteSession session)
    {
        var views = new List<(string, string)>();
        using var command = session.Command("SELECT name, sql FROM sqlite_master WHERE type = 'view'");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            views.Add((reader.GetString(0), reader.GetString(1)));
        }

        return views;
    }
}
