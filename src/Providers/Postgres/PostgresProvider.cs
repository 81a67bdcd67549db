using Sluice.Authoring.Hooks;
using Sluice.Providers.Postgres.Hooks;
using Sluice.Providers.Postgres.Loading;

namespace Sluice.Providers.Postgres;

/// <summary>PostgreSQL: connections of type <c>postgres</c> or <c>postgresql</c>.</summary>
public sealed class PostgresProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        foreach (var type in (string[])["postgres", "postgresql"])
        {
            catalog.AddSql(type, connection => new PostgresHook(connection));
            catalog.AddLoader(type, connection => new PostgresTableLoader(connection));
        }
    }
}
