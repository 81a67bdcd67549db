using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Services.S3Faults;

/// <summary>Stands on a free port of 127.0.0.1 before a real S3 server and lets go wrong what a test asks for.</summary>
/// <remarks>Adds what S3 does and that server does not: conditional writes, and the end of uploads. One request a connection.</remarks>
public sealed class S3FaultProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<S3Request> _requests = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly S3Server _server;
    private readonly S3Rules _rules;
    private readonly Task _accepting;

    private S3FaultProxy(S3Server server)
    {
        _server = server;
        _rules = new(Path.Combine(server.Folder, "buckets"));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What is to go wrong.</summary>
    public S3FaultList Faults { get; } = new();

    /// <summary>Requests so far, in the order in which they came.</summary>
    public IReadOnlyList<S3Request> Requests => [.. _requests];

    /// <summary>Keys of uploads that nobody has ended.</summary>
    public IReadOnlyList<string> Uploads => _rules.Uploads;

    /// <summary>A connection as Sluice writes it.</summary>
    public string Uri => $"s3://{_server.AccessKey}:{_server.SecretKey}@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A{((IPEndPoint)_listener.LocalEndpoint).Port}&region={_server.Region}";

    /// <summary>Starts one before the shared server of this test process. Takes no time.</summary>
    public static async Task<S3FaultProxy> StartAsync() => new(await S3Server.StartSharedAsync());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
        _writing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await Task.Yield();
        using var _ = client;
        client.NoDelay = true;
        try
        {
            var stream = client.GetStream();
            if (await S3Request.ReadAsync(stream, _stopping.Token) is not { } request)
            {
                return;
            }

            _requests.Enqueue(request);
            var fault = Faults.Take(request);
            if (fault?.Kind == S3FaultKind.Pause)
            {
                await fault.Pause!.WaitAsync(_stopping.Token);
            }

            if (await ReadBodyAsync(stream, request, fault) is not { } body)
            {
                client.LingerState = new(true, 0); // a reset, not an end in order
                return;
            }

            var answer = fault?.Kind == S3FaultKind.Refuse ? Refusal(request, fault.Status, fault.Code) : await AnswerAsync(request, body);
            if (fault?.Kind == S3FaultKind.PauseAnswer)
            {
                await fault.Pause!.WaitAsync(_stopping.Token);
            }

            var length = fault?.Kind switch { S3FaultKind.SwallowAnswer => 0, S3FaultKind.ResetInAnswer => answer.Length / 2, _ => answer.Length };
            await stream.WriteAsync(answer.AsMemory(0, length), _stopping.Token);
            if (length < answer.Length)
            {
                client.LingerState = new(true, 0);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // One side has gone; the other goes with it.
        }
    }

    /// <returns>Null when the connection is to be reset.</returns>
    private async Task<byte[]?> ReadBodyAsync(NetworkStream stream, S3Request request, S3Fault? fault)
    {
        if (request.WantsContinue)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _stopping.Token);
        }

        var isCut = fault?.Kind == S3FaultKind.ResetInBody;
        var body = new byte[isCut ? request.Length / 2 : request.Length];
        await stream.ReadExactlyAsync(body, _stopping.Token);
        return isCut ? null : body;
    }

    private async Task<byte[]> AnswerAsync(S3Request request, byte[] body)
    {
        // What is there must not change between looking and writing.
        var isWrite = request.Operation is S3Operation.Put or S3Operation.CompleteUpload;
        if (isWrite)
        {
            await _writing.WaitAsync(_stopping.Token);
        }

        try
        {
            if (_rules.Answer(request) is var (status, code))
            {
                return Refusal(request, status, code);
            }

            var answer = await AskAsync(request, body);
            if (answer.AsSpan().StartsWith("HTTP/1.1 2"u8))
            {
                _rules.Note(request, Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 4096))));
            }

            return answer;
        }
        finally
        {
            if (isWrite)
            {
                _writing.Release();
            }
        }
    }

    private async Task<byte[]> AskAsync(S3Request request, byte[] body)
    {
        using var server = new TcpClient { NoDelay = true };
        await server.ConnectAsync(IPAddress.Loopback, _server.Endpoint.Port, _stopping.Token);
        var stream = server.GetStream();
        await stream.WriteAsync(request.ForServer(), _stopping.Token);
        await stream.WriteAsync(body, _stopping.Token);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, _stopping.Token);
        return answer.ToArray();
    }

    private static byte[] Refusal(S3Request request, int status, string code)
    {
        var body = code.Length == 0 || request.Operation == S3Operation.Head ? "" : $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Made up by a test.</Message></Error>";
        return Encoding.UTF8.GetBytes($"HTTP/1.1 {status} Made-Up\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
