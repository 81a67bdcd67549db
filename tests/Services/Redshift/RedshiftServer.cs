using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Sluice.Services.Redshift.Wire;

namespace Sluice.Services.Redshift;

/// <summary>A Redshift for tests on a free port of 127.0.0.1: PostgreSQL's protocol in front of a real PostgreSQL, with Redshift's COPY and UNLOAD from a real S3 server.</summary>
/// <remarks>
/// What it cannot do it refuses. Keys are not enforced, names are folded, a backslash escapes, TRUNCATE commits, the first statement of a
/// transaction fixes its snapshot: as in Redshift. Lives in the test process; sessions of other processes may come, too.
/// </remarks>
public sealed class RedshiftServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(int Pid, int Key), RedshiftSession> _sessions = [];
    private readonly ConcurrentQueue<string> _statements = [];
    private readonly PostgresServer _postgres;
    private readonly LoopbackListener _listener;
    private int _query = 1000;

    private RedshiftServer(PostgresServer postgres, S3Server s3)
    {
        _postgres = postgres;
        S3 = s3;
        SystemTables = new(postgres);
        _listener = new(ServeAsync);
    }

    /// <summary>The port it listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>Region, roles, buckets.</summary>
    public RedshiftSettings Settings { get; } = new();

    /// <summary>What is to go wrong.</summary>
    public RedshiftFaults Faults { get; } = new();

    /// <summary>Statements that clients ran, as they wrote them, in order.</summary>
    public IReadOnlyList<string> Statements => [.. _statements];

    internal S3Server S3 { get; }

    internal SystemTables SystemTables { get; }

    /// <summary>Starts one on the shared PostgreSQL and S3 servers of this test process. Takes no time.</summary>
    public static async Task<RedshiftServer> StartAsync() => new(await PostgresServer.StartSharedAsync(), await S3Server.StartSharedAsync());

    /// <summary>Creates an empty database.</summary>
    /// <returns>Npgsql's connection string to it, past this server: straight into PostgreSQL.</returns>
    public Task<string> CreateDatabaseAsync() => _postgres.CreateDatabaseAsync();

    /// <summary>A connection as Sluice writes it.</summary>
    /// <param name="connectionString">Of a database of <see cref="CreateDatabaseAsync"/>.</param>
    /// <param name="settings">Such as <c>iam_role=arn:aws:iam::123:role/load</c>; not encoded.</param>
    public string Uri(string connectionString, params IEnumerable<string> settings)
    {
        var database = new Npgsql.NpgsqlConnectionStringBuilder(connectionString).Database!;
        var query = string.Join('&', settings.Select(setting => setting.Split('=', 2)).Select(setting => $"{setting[0]}={System.Uri.EscapeDataString(setting[1])}"));
        return $"redshift://{_postgres.User}:{System.Uri.EscapeDataString(_postgres.Password)}@127.0.0.1:{Port}/{database}{(query.Length == 0 ? "" : "?")}{query}";
    }

    /// <summary>Npgsql's connection string through this server.</summary>
    public string ConnectionString(string connectionString) =>
        new Npgsql.NpgsqlConnectionStringBuilder(connectionString) { Port = Port, Pooling = false, IncludeErrorDetail = true }.ToString();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    internal int NextQuery() => Interlocked.Increment(ref _query);

    internal void Note(string sql) => _statements.Enqueue(sql);

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var backend = new TcpClient { NoDelay = true };
        try
        {
            await backend.ConnectAsync(IPAddress.Loopback, _postgres.Port, cancellationToken);
            await ServeAsync(new WireStream(client.GetStream()), new WireStream(backend.GetStream()), backend, cancellationToken);
        }
        catch (DroppedException)
        {
            // A client sees a reset, not an end in order.
            client.LingerState = new(true, 0);
        }
    }

    private async Task ServeAsync(WireStream client, WireStream server, TcpClient backendConnection, CancellationToken cancellationToken)
    {
        var start = await client.ReadStartAsync(cancellationToken);
        while (start is not null && new WireReader(start).Int32() is Startup.SslRequest or Startup.GssRequest)
        {
            client.AddByte('N');
            await client.FlushAsync(cancellationToken);
            start = await client.ReadStartAsync(cancellationToken);
        }

        if (start is null)
        {
            return;
        }

        var reader = new WireReader(start);
        if (reader.Int32() == Startup.CancelRequest)
        {
            await CancelAsync((reader.Int32(), reader.Int32()), server, start, backendConnection, cancellationToken);
            return;
        }

        var parameters = Startup.Read(start);
        var user = parameters["user"];
        var database = parameters.GetValueOrDefault("database", user);
        server.AddStart(Startup.Write(parameters));
        await server.FlushAsync(cancellationToken);
        if (await LogInAsync(client, server, cancellationToken) is not { } key)
        {
            return;
        }

        await SystemTables.PrepareAsync(database);
        var session = new RedshiftSession(this, client, new Backend(server), database, user, key.Pid);
        _sessions[key] = session;
        try
        {
            client.Add(WireMessage.Ready('I'));
            await client.FlushAsync(cancellationToken);
            await session.RunAsync(cancellationToken);
        }
        finally
        {
            _sessions.TryRemove(key, out var _);
        }
    }

    /// <returns>Null when PostgreSQL refused the client.</returns>
    private static async Task<(int Pid, int Key)?> LogInAsync(WireStream client, WireStream server, CancellationToken cancellationToken)
    {
        (int, int)? key = null;
        while (await server.ReadAsync(cancellationToken) is { } message && message.Type != 'Z')
        {
            var reader = new WireReader(message.Body);
            if (message.Type == 'K')
            {
                key = (reader.Int32(), reader.Int32());
            }

            if ((message.Type == 'S' ? Startup.ForClient(message) : message) is { } shown)
            {
                client.Add(shown);
            }

            if (message.Type == 'R' && reader.Int32() is not (0 or 12))
            {
                await client.FlushAsync(cancellationToken);
                if (await client.ReadAsync(cancellationToken) is not { } answer)
                {
                    return null;
                }

                server.Add(answer);
                await server.FlushAsync(cancellationToken);
            }
        }

        await client.FlushAsync(cancellationToken);
        return key;
    }

    private async Task CancelAsync((int, int) key, WireStream server, byte[] request, TcpClient backendConnection, CancellationToken cancellationToken)
    {
        if (_sessions.TryGetValue(key, out var session))
        {
            session.Cancel();
        }

        server.AddStart(request);
        await server.FlushAsync(cancellationToken);
        backendConnection.Client.Shutdown(SocketShutdown.Send);
        await server.ReadAsync(cancellationToken); // PostgreSQL closes when it is done
    }
}
