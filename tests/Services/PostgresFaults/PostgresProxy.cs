using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;
using Sluice.Services.Redshift.Wire;

namespace Sluice.Services.PostgresFaults;

/// <summary>Stands on a free port of 127.0.0.1 before a real PostgreSQL and lets tests meet a client at one of its statements.</summary>
public sealed class PostgresProxy : IAsyncDisposable
{
    private const int SslRequest = 80877103;
    private const int GssRequest = 80877104;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _statements = [];
    private readonly PostgresServer _server;
    private readonly Task _accepting;
    private Func<string, bool>? _which;
    private PostgresPause? _pause;

    private PostgresProxy(PostgresServer server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Statements of clients in the order in which they came; the rows of a COPY are "rows" and their end "end of rows".</summary>
    public IReadOnlyList<string> Statements => [.. _statements];

    /// <summary>Starts one before the shared server of this test process. Takes no time.</summary>
    public static async Task<PostgresProxy> StartAsync() => new(await PostgresServer.StartSharedAsync());

    /// <summary>A connection as Sluice writes it.</summary>
    /// <param name="connectionString">Of a database of the shared server.</param>
    public string Uri(string connectionString) =>
        $"postgres://{_server.User}:{System.Uri.EscapeDataString(_server.Password)}@127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{new NpgsqlConnectionStringBuilder(connectionString).Database}";

    /// <summary>The next such statement waits, unheard by the server, until the test lets it go.</summary>
    public PostgresPause Pause(Func<string, bool> which)
    {
        var pause = new PostgresPause();
        (_pause, _which) = (pause, which);
        return pause;
    }

    /// <summary>The connection breaks at the next such statement.</summary>
    /// <param name="which">Is asked of each statement.</param>
    /// <param name="isHeard">The server gets it, and the client no answer.</param>
    public void Cut(Func<string, bool> which, bool isHeard) => Pause(which).End(isHeard ? PostgresPauseEnd.Cut : PostgresPauseEnd.CutUnheard);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

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
        using var server = new TcpClient { NoDelay = true };
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _server.Port, _stopping.Token);
            var answering = AnswerAsync(server.GetStream(), client);
            await AskAsync(new WireStream(client.GetStream()), new WireStream(server.GetStream()), client, _stopping.Token);
            client.Close();

            // What it has got it does; then it sees that its client is gone.
            server.Client.Shutdown(SocketShutdown.Send);
            await answering;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // One side has gone; the other goes with it.
        }
    }

    private async Task AnswerAsync(NetworkStream server, TcpClient client)
    {
        var buffer = new byte[64 * 1024];
        while (await server.ReadAsync(buffer, _stopping.Token) is var read and > 0)
        {
            try
            {
                await client.GetStream().WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // Nobody listens any more.
            }
        }

        if (client.Connected)
        {
            client.Client.Shutdown(SocketShutdown.Both);
        }
    }

    private async Task AskAsync(WireStream client, WireStream server, TcpClient connection, CancellationToken cancellationToken)
    {
        var start = await client.ReadStartAsync(cancellationToken);
        while (start is not null && new WireReader(start).Int32() is SslRequest or GssRequest)
        {
            await connection.GetStream().WriteAsync("N"u8.ToArray(), cancellationToken);
            start = await client.ReadStartAsync(cancellationToken);
        }

        if (start is null)
        {
            return;
        }

        server.AddStart(start);
        await server.FlushAsync(cancellationToken);
        var isInRows = false;
        while (await client.ReadAsync(cancellationToken) is { } message)
        {
            var statement = message.Type switch
            {
                'Q' => Encoding.UTF8.GetString(message.Body).TrimEnd('\0'),
                'P' => Encoding.UTF8.GetString(message.Body).Split('\0')[1],
                'd' when !isInRows => "rows",
                'c' => "end of rows",
                _ => null,
            };
            isInRows = message.Type == 'd';
            if (statement is not null)
            {
                _statements.Enqueue(statement);
            }

            var end = statement is not null && Take(statement) is { } pause ? await pause.WaitAsync(cancellationToken) : PostgresPauseEnd.GoOn;
            if (end != PostgresPauseEnd.CutUnheard)
            {
                server.Add(message);
                await server.FlushAsync(cancellationToken);
            }

            if (end != PostgresPauseEnd.GoOn)
            {
                return;
            }
        }
    }

    private PostgresPause? Take(string statement)
    {
        if (_which?.Invoke(statement) != true)
        {
            return null;
        }

        (_which, var taken) = (null, _pause);
        return taken;
    }
}
