namespace Sluice.Services;

/// <summary>A real MariaDB on a free port of 127.0.0.1. Ends with the test process.</summary>
public sealed class MariaDbServer : IAsyncDisposable
{
    private const string Secret = "s3cret/@my";

    private static readonly Lazy<Task<MariaDbServer>> Shared = new(() => StartAsync());
    private static int _databases;

    private readonly SupervisedServer _server;

    private MariaDbServer(SupervisedServer server) => _server = server;

    /// <summary>Always 127.0.0.1.</summary>
    public string Host => "127.0.0.1";

    /// <summary>The port it listens on.</summary>
    public int Port => _server.Port;

    /// <summary>May do everything.</summary>
    public string User => "root";

    /// <summary>Holds characters that a URI must encode.</summary>
    public string Password => Secret;

    /// <summary>What the server has logged so far.</summary>
    public string Log => _server.ReadLog();

    /// <summary>The one server of this test process; started by the first who asks. Take a database each; never stop it.</summary>
    public static Task<MariaDbServer> StartSharedAsync() => Shared.Value;

    /// <summary>Starts a server for one test alone, which may stop and kill it. Takes some seconds.</summary>
    /// <param name="settings">Further options of the server, such as <c>--ssl-cert=...</c>.</param>
    public static async Task<MariaDbServer> StartAsync(params IEnumerable<string> settings)
    {
        var install = Programs.Find("mariadb-install-db", "mariadb-server");
        var mariadbd = Programs.Find("mariadbd", "mariadb-server");
        var folder = SupervisedServer.CreateFolder("mariadb");
        var data = Path.Combine(folder, "data");
        string[] asUser = Environment.IsPrivilegedProcess ? ["--user=root"] : [];

        // A server that starts removes all temporary tables that it finds, also those of others that start at that moment.
        await Programs.RunAsync(
            new Dictionary<string, string> { ["TMPDIR"] = folder },
            [install, "--no-defaults", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", .. asUser]);
        var init = Path.Combine(folder, "init.sql");

        // A statement a line. The accounts that the installation leaves would match before root@'%'.
        await File.WriteAllLinesAsync(
            init,
            [
                $"CREATE OR REPLACE USER root@'%' IDENTIFIED BY '{Secret}';",
                "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
                "DELETE FROM mysql.global_priv WHERE User IN ('', 'root') AND Host <> '%';",
                "FLUSH PRIVILEGES;",
            ]);

        string[] all =
        [
            "--bind-address=127.0.0.1", $"--socket={Path.Combine(folder, "socket")}", $"--tmpdir={folder}", "--skip-name-resolve", "--max-connections=300",
            "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
            "--performance-schema=off", .. asUser, .. settings,
        ];
        var supervised = await SupervisedServer.StartAsync(
            "MariaDB",
            folder,
            "TERM",
            port => [mariadbd, "--no-defaults", $"--datadir={data}", $"--port={port}", $"--init-file={init}", .. all],
            IsReadyAsync);
        return new(supervised);
    }

    /// <summary>Creates an empty database (utf8mb4).</summary>
    /// <returns>Its <c>mysql://</c> URI.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await QueryAsync($"CREATE DATABASE {name}");
        return Uri(name);
    }

    /// <summary>A connection as Sluice writes it.</summary>
    public string Uri(string database, string scheme = "mysql") =>
        $"{scheme}://{User}:{System.Uri.EscapeDataString(Password)}@{Host}:{Port}/{database}";

    /// <summary>Runs SQL through the server's own client, so that a test need not trust our provider.</summary>
    /// <param name="sql">Statements, separated by semicolons.</param>
    /// <param name="database">The default database; null for none.</param>
    /// <returns>Rows as lines, values separated by tabs, without headings.</returns>
    public Task<string> QueryAsync(string sql, string? database = null) => QueryAsync(Port, sql, database);

    /// <summary>Ends the server in order.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>Ends the server as a crash would (SIGKILL).</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Keeps its connections open but stops it from doing anything (SIGSTOP), as a network that drops everything would.</summary>
    public void Freeze() => _server.Signal("STOP");

    /// <summary>Ends <see cref="Freeze"/>.</summary>
    public void Thaw() => _server.Signal("CONT");

    /// <summary>Starts it again on the same port and data.</summary>
    public Task StartAgainAsync() => _server.StartAgainAsync(IsReadyAsync);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<bool> IsReadyAsync(int port) => (await QueryAsync(port, "SELECT 1", null)).Trim() == "1";

    private static Task<string> QueryAsync(int port, string sql, string? database) => Programs.RunAsync(
        new Dictionary<string, string> { ["MYSQL_PWD"] = Secret },
        [
            Programs.Find("mariadb", "mariadb-client"), "--no-defaults", "--host=127.0.0.1", $"--port={port}", "--protocol=TCP", "--user=root",
            "--default-character-set=utf8mb4", "--batch", "--skip-column-names", .. database is null ? Array.Empty<string>() : [$"--database={database}"],
            $"--execute={sql}",
        ]);
}
