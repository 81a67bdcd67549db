using System.Net.WebSockets;
using System.Text.Json;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>One proven link: a loop that sends what has gathered, and one that receives.</summary>
internal sealed class WebSocketLink(WebSocket socket, NodeInfo peer, bool dialled, long maxQueuedBytes) : IDisposable
{
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(2);

    private readonly SendQueue _queue = new(maxQueuedBytes);
    private readonly CancellationTokenSource _ended = new();
    private readonly FrameReader _reader = new(socket, Frames.MaxBytes);
    private string? _reason;
    private volatile bool _closing;

    public NodeInfo Peer { get; } = peer;

    /// <summary>True when this node dialled.</summary>
    public bool Dialled { get; } = dialled;

    public SendQueue.Result Send(Message message)
    {
        if (_closing || _ended.IsCancellationRequested)
            return SendQueue.Result.Full;
        var result = _queue.Add(message);
        if (result == SendQueue.Result.Full && !_closing)
            End($"it did not take what it was sent: more than {maxQueuedBytes / (1024 * 1024)} MiB were waiting");
        return result;
    }

    /// <summary>Ends the link once what waits has been sent, if that does not take long.</summary>
    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);
        _closing = true;
        _queue.Complete();
        try
        {
            _ended.CancelAfter(CloseWithin);
        }
        catch (ObjectDisposedException)
        {
            // The link ended by itself just now.
        }
    }

    /// <summary>Ends the link at once.</summary>
    public void End(string reason)
    {
        Interlocked.CompareExchange(ref _reason, reason, null);

        try
        {
            // Callbacks of the token must not run inside of whoever ends the link.
            _ = _ended.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The link ended by itself just now.
        }
    }

    /// <summary>Until the link ends.</summary>
    /// <returns>Why it ended.</returns>
    public async Task<string> RunAsync(Action<Message> received)
    {
        var sending = SendAsync();
        try
        {
            while (await _reader.ReadAsync(_ended.Token) is { } frame)
            {
                foreach (var message in Frames.Read(frame.Span))
                    received(message);
            }

            End("the other side closed it");
        }
        catch (Exception failure)
        {
            End(Explain(failure));
        }

        await sending;
        await CloseAsync();
        return _reason!;
    }

    public void Dispose()
    {
        _queue.Dispose();
        _ended.Dispose();
        socket.Dispose();
    }

    private static string Explain(Exception failure) => failure switch
    {
        JsonException or NotSupportedException => $"it sent something unreadable ({failure.Message})",
        FrameTooLongException => failure.Message,
        WebSocketException { InnerException: { } inner } => inner.Message,
        _ => failure.Message,
    };

    private async Task SendAsync()
    {
        try
        {
            while (await _queue.TakeAsync(_ended.Token) is { } frame)
            {
                await socket.SendAsync(frame.WrittenMemory, WebSocketMessageType.Text, endOfMessage: true, _ended.Token);
                _queue.Recycle(frame);
            }

            // The other side answers, and the receiving loop ends by it.
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _ended.Token);
        }
        catch (Exception failure)
        {
            End(Explain(failure));
        }
    }

    private async Task CloseAsync()
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // It is gone already, which is what was wanted.
        }
    }
}
