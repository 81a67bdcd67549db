using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>What the target remembers of loads; see <see cref="LoadLedger"/>. The transaction holds the file's write lock, which locks the row too.</summary>
internal sealed class SqliteLedger(SqliteSession session, TableLoad load, string content)
{
    private readonly string _name = SqlNames.Quote(load.Schema, LoadLedger.Table, "sqlite");

    /// <summary>Makes sure of this load's row.</summary>
    /// <returns>Rows that were appended from the same objects before; null when they are to be loaded.</returns>
    internal long? Find()
    {
        session.Execute(LoadLedger.Create(_name));
        var values = LoadLedger.Values(load, content, 0, DateTimeOffset.UtcNow);
        using (var insert = session.Command(LoadLedger.Insert(_name), values))
        {
            insert.ExecuteNonQuery();
        }

        using var select = session.Command(LoadLedger.Select(_name, ""), values);
        using var reader = select.ExecuteReader();
        return LoadLedger.Decide(
            load,
            content,
            reader.Read() ? new(reader.GetInt64(0), reader.GetInt32(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4), reader.GetString(5)) : null);
    }

    internal void Remember(LoadResult result)
    {
        using var update = session.Command(LoadLedger.Update(_name), LoadLedger.Values(load, content, result.RowsInTable, DateTimeOffset.UtcNow));
        update.ExecuteNonQuery();
    }
}
