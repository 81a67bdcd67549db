using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Providers.MySql;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

/// <summary>A fresh database on the real MariaDB of this test process.</summary>
internal sealed record MySqlDatabase(MariaDbServer Server, string Uri)
{
    public string Name => new Uri(Uri).AbsolutePath.Trim('/');

    public string ConnectionString =>
        $"Server={Server.Host};Port={Server.Port};User ID={Server.User};Password={Server.Password};Database={Name}";

    public static async Task<MySqlDatabase> CreateAsync()
    {
        var server = await MariaDbServer.StartSharedAsync();
        return new(server, await server.CreateDatabaseAsync());
    }

    public ISqlHook Open(string extras = "") => OpenUri(Uri + extras);

    public static ISqlHook OpenUri(string uri) => new ProviderCatalog().Add(new MySqlProvider()).OpenSql(ConnectionUri.Parse("prod", uri));

    public async Task<RowList> ExtractAsync(string sql, IReadOnlyDictionary<string, object?>? parameters = null, string extras = "")
    {
        await using var hook = Open(extras);
        var rows = new RowList();
        await hook.ExtractAsync(sql, parameters, rows, CancellationToken.None);
        return rows;
    }

    /// <summary>Waits until the server lists, or no longer lists, a statement with this text.</summary>
    public Task WaitForStatementAsync(string part, bool running) => Until.TrueAsync(
        async () =>
        {
            var found = await Server.QueryAsync(
                $"SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND info LIKE '%{part}%'");
            return found.Trim() == "0" != running;
        },
        $"'{part}' is {(running ? "" : "not ")}running");
}
