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
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<(int Pid, int Key), RedshiftSession> _sessions = [];
    private readonly ConcurrentQueue<string> _statements = [];
    private readonly PostgresServer _postgres;
    private readonly Task _accepting;
    private int _query = 1000;

    private RedshiftServer(PostgresServer postgres, S3Server s3)
    {
        _postgres = postgres;
        S3 = s3;
        SystemTables = new(postgres);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

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
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    internal int NextQuery() => Interlocked.Increment(ref _query);

    internal void Note(string sql) => _statements.Enqueue(sql);

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        try
        {
            while (true)
            {
                sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(sessions);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await Task.Yield();
        using var _ = client;
        client.NoDelay = true;
        using var backend = new TcpClient { NoDelay = true };
        try
        {
            await backend.ConnectAsync(IPAddress.Loopback, _postgres.Port, _stopping.Token);
            await ServeAsync(new WireStream(client.GetStream()), new WireStream(backend.GetStream()), backend);
        }
        catch (DroppedException)
        {
            // A client sees a reset, not an end in order.
            client.LingerState = new(true, 0);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // One side has gone; the other goes with it.
        }
    }

    private async Task ServeAsync(WireStream client, WireStream server, TcpClient backendConnection)
    {
        var start = await client.ReadStartAsync(_stopping.Token);
        while (start is not null && new WireReader(start).Int32() is Startup.SslRequest or Startup.GssRequest)
        {
            client.AddByte('N');
            await client.FlushAsync(_stopping.Token);
            start = await client.ReadStartAsync(_stopping.Token);
        }

        if (start is null)
        {
            return;
        }

        var reader = new WireReader(start);
        if (reader.Int32() == Startup.CancelRequest)
        {
            await CancelAsync((reader.Int32(), reader.Int32()), server, start, backendConnection);
            return;
        }

        var parameters = Startup.Read(start);
        var user = parameters["user"];
        var database = parameters.GetValueOrDefault("database", user);
        server.AddStart(Startup.Write(parameters));
        await server.FlushAsync(_stopping.Token);
        if (await LogInAsync(client, server) is not { } key)
        {
            return;
        }

        await SystemTables.PrepareAsync(database);
        var session = new RedshiftSession(this, client, new Backend(server), database, user, key.Pid);
        _sessions[key] = session;
        try
        {
            client.Add(WireMessage.Ready('I'));
            await client.FlushAsync(_stopping.Token);
            await session.RunAsync(_stopping.Token);
        }
        finally
        {
            _sessions.TryRemove(key, out var _);
        }
    }

    /// <returns>Null when PostgreSQL refused the client.</returns>
    private async Task<(int Pid, int Key)?> LogInAsync(WireStream client, WireStream server)
    {
        (int, int)? key = null;
        while (await server.ReadAsync(_stopping.Token) is { } message && message.Type != 'Z')
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
                await client.FlushAsync(_stopping.Token);
                if (await client.ReadAsync(_stopping.Token) is not { } answer)
                {
                    return null;
                }

                server.Add(answer);
                await server.FlushAsync(_stopping.Token);
            }
        }

        await client.FlushAsync(_stopping.Token);
        return key;
    }

    private async Task CancelAsync((int, int) key, WireStream server, byte[] request, TcpClient backendConnection)
    {
        if (_sessions.TryGetValue(key, out var session))
        {
            session.Cancel();
        }

        server.AddStart(request);
        await server.FlushAsync(_stopping.Token);
        backendConnection.Client.Shutdown(SocketShutdown.Send);
        await server.ReadAsync(_stopping.Token); // PostgreSQL closes when it is done
    }
}
