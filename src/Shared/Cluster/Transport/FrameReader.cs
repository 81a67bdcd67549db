using System.Net.WebSockets;

namespace Sluice.Cluster.Transport;

/// <summary>The other side sent more than a frame may hold.</summary>
internal sealed class FrameTooLongException(int limit) : Exception($"it sent a frame of more than {limit} bytes");

/// <summary>Reads whole messages off a WebSocket into one buffer, which it reuses.</summary>
internal sealed class FrameReader(WebSocket socket, int limit)
{
    private const int KeptBytes = 1024 * 1024;

    private byte[] _buffer = new byte[16 * 1024];

    /// <returns>Valid until the next call; null when the other side closed.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_buffer.Length > KeptBytes)
            _buffer = new byte[16 * 1024];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(_buffer.AsMemory(length), cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            length += result.Count;
            if (length > limit)
                throw new FrameTooLongException(limit);
            if (result.EndOfMessage)
                return _buffer.AsMemory(0, length);
            if (length == _buffer.Length)
                Array.Resize(ref _buffer, (int)Math.Min(_buffer.Length * 2L, limit + 1L));
        }
    }
}
