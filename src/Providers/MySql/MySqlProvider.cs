using Sluice.Authoring.Hooks;
using Sluice.Providers.MySql.Hooks;

namespace Sluice.Providers.MySql;

/// <summary>MySQL and MariaDB, through libmariadb.</summary>
public sealed class MySqlProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddSql("mysql", connection => new MySqlHook(connection));
        catalog.AddSql("mariadb", connection => new MySqlHook(connection));
    }
}
