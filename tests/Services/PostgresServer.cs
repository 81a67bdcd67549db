using Npgsql;

namespace Sluice.Services;

/// <summary>A real PostgreSQL on a free port of 127.0.0.1. Ends with the test process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "sluice";
    private const string Secret = "s3cret/@pg";

    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => StartAsync());
    private static int _databases;

    private readonly SupervisedServer _server;

    private PostgresServer(SupervisedServer server) => _server = server;

    /// <summary>Always 127.0.0.1.</summary>
    public string Host => "127.0.0.1";

    /// <summary>The port it listens on.</summary>
    public int Port => _server.Port;

    /// <summary>A superuser.</summary>
    public string User => Superuser;

    /// <summary>Holds characters that a URI must encode.</summary>
    public string Password => Secret;

    /// <summary>What the server has logged so far.</summary>
    public string Log => _server.ReadLog();

    /// <summary>The one server of this test process; started by the first who asks. Take a database each; never stop it.</summary>
    public static Task<PostgresServer> StartSharedAsync() => Shared.Value;

    /// <summary>Starts a server for one test alone, which may stop and kill it. Takes about two seconds.</summary>
    /// <param name="durable">True: commits survive a crash of the machine (fsync on), as in production. Default: false, for speed.</param>
    /// <param name="settings">Further settings, such as <c>commit_delay=1000</c>.</param>
    public static async Task<PostgresServer> StartAsync(bool durable = false, params IEnumerable<string> settings)
    {
        var binaries = BinaryFolders();
        var initdb = Programs.Find("initdb", "postgresql", binaries);
        var postgres = Programs.Find("postgres", "postgresql", binaries);
        var folder = SupervisedServer.CreateFolder("postgres");
        var data = Path.Combine(folder, "data");

        // PostgreSQL refuses to run as root.
        IReadOnlyList<string> asUser = [];
        if (Environment.IsPrivilegedProcess)
        {
            asUser = [Programs.Find("setpriv", "util-linux"), "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--reset-env"];
            await Programs.RunAsync(NoEnvironment, "chown", "postgres:", folder);
        }

        var passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, Secret);
        await Programs.RunAsync(
            NoEnvironment,
            [.. asUser, initdb, "--pgdata", data, "--username", Superuser, "--pwfile", passwordFile, "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);

        string[] all =
        [
            "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "timezone=UTC", "shared_buffers=64MB",
            .. durable ? Array.Empty<string>() : ["fsync=off", "full_page_writes=off"],
            .. settings,
        ];
        var supervised = await SupervisedServer.StartAsync(
            "PostgreSQL",
            folder,
            "INT",
            port => [.. asUser, postgres, "-D", data, "-p", $"{port}", .. all.SelectMany(setting => new[] { "-c", setting })],
            IsReadyAsync);
        return new(supervised);
    }

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string for Npgsql.</returns>
    public async Task<string> CreateDatabaseAsync() => ConnectionString(await CreateNamedAsync());

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its <c>postgres://</c> URI.</returns>
    public async Task<string> CreateDatabaseUriAsync() => Uri(await CreateNamedAsync());

    /// <summary>Connection string for Npgsql.</summary>
    public string ConnectionString(string database) => ConnectionString(Port, database);

    /// <summary>A connection as Sluice writes it.</summary>
    public string Uri(string database, string scheme = "postgres") =>
        $"{scheme}://{User}:{System.Uri.EscapeDataString(Password)}@{Host}:{Port}/{database}";

    /// <summary>The URI of a database whose Npgsql connection string is known.</summary>
    public string UriOf(string connectionString, string scheme = "postgres") =>
        Uri(new NpgsqlConnectionStringBuilder(connectionString).Database!, scheme);

    /// <summary>Ends the server in order, breaking its sessions.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>Ends the server as a crash would (SIGKILL).</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it again on the same port and data.</summary>
    public Task StartAgainAsync() => _server.StartAgainAsync(IsReadyAsync);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static Dictionary<string, string> NoEnvironment { get; } = [];

    private static IEnumerable<string> BinaryFolders() =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];

    private static async Task<bool> IsReadyAsync(int port)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(port, "postgres") + ";Pooling=false;Timeout=5");
        await connection.OpenAsync();
        return true;
    }

    private static string ConnectionString(int port, string database) =>
        $"Host=127.0.0.1;Port={port};Username={Superuser};Password={Secret};Database={database};Include Error Detail=true";

    private async Task<string> CreateNamedAsync()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name} TEMPLATE template0";
        await command.ExecuteNonQueryAsync();
        return name;
    }
}
