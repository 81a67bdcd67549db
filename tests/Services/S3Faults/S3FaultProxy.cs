using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Services.S3Faults;

/// <summary>Stands on a free port of 127.0.0.1 before a real S3 server and lets go wrong what a test asks for.</summary>
/// <remarks>Adds what S3 does and that server does not: conditional writes, and the end of uploads. One request a connection.</remarks>
public sealed class S3FaultProxy : IAsyncDisposable
{
    private readonly ConcurrentQueue<S3Request> _requests = [];
    private readonly SemaphoreSlim _writing = new(1);
    private readonly S3Server _server;
    private readonly S3Rules _rules;
    private readonly LoopbackListener _listener;

    private S3FaultProxy(S3Server server)
    {
        _server = server;
        _rules = new(Path.Combine(server.Folder, "buckets"));
        _listener = new(ServeAsync);
    }

    /// <summary>What is to go wrong.</summary>
    public S3FaultList Faults { get; } = new();

    /// <summary>Requests so far, in the order in which they came.</summary>
    public IReadOnlyList<S3Request> Requests => [.. _requests];

    /// <summary>Keys of uploads that nobody has ended.</summary>
    public IReadOnlyList<string> Uploads => _rules.Uploads;

    /// <summary>Base address for clients.</summary>
    public Uri Endpoint => new($"http://127.0.0.1:{_listener.Port}");

    /// <summary>A connection as Sluice writes it.</summary>
    public string Uri => $"s3://{_server.AccessKey}:{_server.SecretKey}@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A{_listener.Port}&region={_server.Region}";

    /// <summary>Starts one before the shared server of this test process. Takes no time.</summary>
    public static async Task<S3FaultProxy> StartAsync() => new(await S3Server.StartSharedAsync());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        _writing.Dispose();
    }

    private async Task ServeAsync(TcpClient client, CancellationToken cancellationToken)
    {
        var stream = client.GetStream();
        if (await S3Request.ReadAsync(stream, cancellationToken) is not { } request)
        {
            return;
        }

        _requests.Enqueue(request);
        var fault = Faults.Take(request);
        if (fault?.Kind == S3FaultKind.Pause)
        {
            await fault.Pause!.WaitAsync(cancellationToken);
        }

        if (await ReadBodyAsync(stream, request, fault, cancellationToken) is not { } body)
        {
            client.LingerState = new(true, 0); // a reset, not an end in order
            return;
        }

        var answer = fault?.Kind == S3FaultKind.Refuse ? Refusal(request, fault.Status, fault.Code) : await AnswerAsync(request, body, cancellationToken);
        if (fault?.Kind == S3FaultKind.PauseAnswer)
        {
            await fault.Pause!.WaitAsync(cancellationToken);
        }

        var length = fault?.Kind switch { S3FaultKind.SwallowAnswer => 0, S3FaultKind.ResetInAnswer => answer.Length / 2, _ => answer.Length };
        await stream.WriteAsync(answer.AsMemory(0, length), cancellationToken);
        if (length < answer.Length)
        {
            client.LingerState = new(true, 0);
        }
    }

    /// <returns>Null when the connection is to be reset.</returns>
    private static async Task<byte[]?> ReadBodyAsync(NetworkStream stream, S3Request request, S3Fault? fault, CancellationToken cancellationToken)
    {
        if (request.WantsContinue)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        }

        var isCut = fault?.Kind == S3FaultKind.ResetInBody;
        var body = new byte[isCut ? request.Length / 2 : request.Length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return isCut ? null : body;
    }

    private async Task<byte[]> AnswerAsync(S3Request request, byte[] body, CancellationToken cancellationToken)
    {
        // What is there must not change between looking and writing.
        var isWrite = request.Operation is S3Operation.Put or S3Operation.CompleteUpload;
        if (isWrite)
        {
            await _writing.WaitAsync(cancellationToken);
        }

        try
        {
            if (_rules.Answer(request) is var (status, code))
            {
                return Refusal(request, status, code);
            }

            var answer = await AskAsync(request, body, cancellationToken);
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

    private async Task<byte[]> AskAsync(S3Request request, byte[] body, CancellationToken cancellationToken)
    {
        using var server = new TcpClient { NoDelay = true };
        await server.ConnectAsync(IPAddress.Loopback, _server.Endpoint.Port, cancellationToken);
        var stream = server.GetStream();
        await stream.WriteAsync(request.ForServer(), cancellationToken);
        await stream.WriteAsync(body, cancellationToken);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, cancellationToken);
        return answer.ToArray();
    }

    private static byte[] Refusal(S3Request request, int status, string code)
    {
        var body = code.Length == 0 || request.Operation == S3Operation.Head ? "" : $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>Made up by a test.</Message></Error>";
        return Encoding.UTF8.GetBytes($"HTTP/1.1 {status} Made-Up\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
