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

    private readonly ConcurrentQueue<string> _statements = [];
    private readonly Lock _gate = new();
    private readonly PostgresServer _server;
    private readonly LoopbackListener _listener;
    private Func<string, bool>? _which;
    private PostgresPause? _pause;

    private PostgresProxy(PostgresServer server) => (_server, _listener) = (server, new(ServeAsync));

    /// <summary>Statements of clients in the order in which they came; the rows of a COPY are "rows" and their end "end of rows".</summary>
    public IReadOnlyList<string> Statements => [.. _statements];

    /// <summary>Starts one before the shared server of this test process. Takes no time.</summary>
    public static async Task<PostgresProxy> StartAsync() => new(await PostgresServer.StartSharedAsync());

    /// <summary>A connection as Sluice writes it.</summary>
    /// <param name="connectionString">Of a database of the shared server.</param>
    public string Uri(string connectionString) =>
        $"postgres://{_server.User}:{System.Uri.EscapeDataString(_server.Password)}@127.0.0.1:{_listener.Port}/{new NpgsqlConnectionStringBuilder(connectionString).Database}";

    /// <summary>The next such statement waits, unheard by the server, until the test lets it go.</summary>
    public PostgresPause Pause(Func<string, bool> which)
    {
        var pause = new PostgresPause();
        lock (_gate)
        {
            (_pause, _which) = (pause, which);
        }

        return pause;
    }

    /// <summary>The connection breaks at the next such statement.</summary>
    /// <param name="which">Is asked of each statement.</param>
    /// <param name="isHeard">The server gets it, and the client no answer.</param>
    public void Cut(Func<string, bool> which, bool isHeard) => Pause(which).End(isHeard ? PostgresPauseEnd.Cut : PostgresPauseEnd.CutUnheard);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using var server = new TcpClient { NoDelay = true };
        await server.ConnectAsync(IPAddress.Loopback, _server.Port, cancellationToken);
        var answering = AnswerAsync(server.GetStream(), client, cancellationToken);
        await AskAsync(new WireStream(client.GetStream()), new WireStream(server.GetStream()), client, cancellationToken);
        client.Close();

        // What it has got it does; then it sees that its client is gone.
        server.Client.Shutdown(SocketShutdown.Send);
        await answering;
    }

    private static async Task AnswerAsync(NetworkStream server, TcpClient client, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (await server.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            try
            {
                await client.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellationToken);
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
            if (end == PostgresPauseEnd.Cut)
            {
                connection.Close(); // before the server can answer
            }

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
        // Several connections may come at once; one of them is taken.
        lock (_gate)
        {
            if (_which?.Invoke(statement) != true)
            {
                return null;
            }

            (_which, var taken) = (null, _pause);
            return taken;
        }
    }
}
