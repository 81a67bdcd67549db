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
    public async Task WaitForStatementAsync(string part, bool running)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            var found = await Server.QueryAsync(
                $"SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND info LIKE '%{part}%'");
            if (found.Trim() == "0" != running)
            {
                return;
            }

            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(120), $"'{part}' is {(running ? "not " : "still ")}running.");
            await Task.Delay(20);
        }
    }
}
