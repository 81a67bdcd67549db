using System.Buffers.Binary;

namespace Sluice.Services.Redshift.Wire;

/// <summary>Messages over a connection. Writes gather until they are flushed. One reader and one writer at a time.</summary>
internal sealed class WireStream(Stream stream)
{
    private const int FlushAt = 256 * 1024;

    private readonly MemoryStream _gathered = new();
    private readonly BufferedStream _input = new(stream, 64 * 1024);

    /// <returns>Null when the other side has gone.</returns>
    public async ValueTask<WireMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[5];
        try
        {
            await _input.ReadExactlyAsync(head, cancellationToken);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
            await _input.ReadExactlyAsync(body, cancellationToken);
            return new((char)head[0], body);
        }
        catch (IOException)
        {
            return null; // the end of the stream is one, too
        }
    }

    /// <summary>The first message of a client, which has no type.</summary>
    /// <returns>Null when the other side has gone.</returns>
    public async ValueTask<byte[]?> ReadStartAsync(CancellationToken cancellationToken)
    {
        var head = new byte[4];
        try
        {
            await _input.ReadExactlyAsync(head, cancellationToken);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - 4];
            await _input.ReadExactlyAsync(body, cancellationToken);
            return body;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Add(WireMessage message)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)message.Type;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], message.Body.Length + 4);
        _gathered.Write(head);
        _gathered.Write(message.Body);
    }

    /// <summary>A message without a type: what a client begins with.</summary>
    public void AddStart(byte[] body)
    {
        Span<byte> head = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(head, body.Length + 4);
        _gathered.Write(head);
        _gathered.Write(body);
    }

    public void AddByte(char value) => _gathered.WriteByte((byte)value);

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_gathered.GetBuffer().AsMemory(0, (int)_gathered.Length), cancellationToken);
        _gathered.SetLength(0);
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>Adds, and flushes once much has gathered.</summary>
    public ValueTask SendAsync(WireMessage message, CancellationToken cancellationToken)
    {
        Add(message);
        return _gathered.Length >= FlushAt ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;
    }
}
