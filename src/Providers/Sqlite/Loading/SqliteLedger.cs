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

        var entries = new List<LedgerEntry>();
        using var select = session.Command(LoadLedger.Select(_name), values);
        using var reader = select.ExecuteReader();
        while (reader.Read())
        {
            entries.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4), reader.GetInt64(5), reader.GetInt32(6), reader.GetString(7),
                reader.GetInt64(8), reader.GetString(9), reader.GetString(10)));
        }

        return LoadLedger.Decide(load, content, entries);
    }

    internal void Remember(LoadResult result)
    {
        using var update = session.Command(LoadLedger.Update(_name), LoadLedger.Values(load, content, result.RowsInTable, DateTimeOffset.UtcNow));
        update.ExecuteNonQuery();
    }
}
