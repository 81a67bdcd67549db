using Sluice.Authoring.Hooks;
using Sluice.Providers.Sqlite.Hooks;
using Sluice.Providers.Sqlite.Loading;

namespace Sluice.Providers.Sqlite;

/// <summary>SQLite database files: connections of type <c>sqlite</c>.</summary>
public sealed class SqliteProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddSql("sqlite", connection => new SqliteHook(connection));
        catalog.AddLoader("sqlite", connection => new SqliteTableLoader(connection));
    }
}
