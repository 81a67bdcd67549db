using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws;
using Sluice.Providers.Files;
using Sluice.Providers.Http;
using Sluice.Providers.MySql;
using Sluice.Providers.Postgres;
using Sluice.Providers.Shell;
using Sluice.Providers.Sqlite;

namespace Sluice.Providers.All;

/// <summary>Everything that comes with Sluice.</summary>
public static class BuiltInProviders
{
    /// <summary>A catalog with all built-in operators, sensors, hooks, stores and loaders.</summary>
    public static ProviderCatalog Catalog() => new ProviderCatalog()
        .Add(new GeneralProvider())
        .Add(new FilesProvider())
        .Add(new HttpProvider())
        .Add(new MySqlProvider())
        .Add(new PostgresProvider())
        .Add(new ShellProvider())
        .Add(new SqliteProvider())
        .Add(new AwsProvider());
}
