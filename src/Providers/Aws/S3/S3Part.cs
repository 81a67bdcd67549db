using System.Buffers;

namespace Sluice.Providers.Aws.S3;

/// <summary>Bytes of one part in a rented buffer.</summary>
internal sealed class S3Part(int size) : IDisposable
{
    private byte[]? _buffer;

    internal int Length { get; private set; }

    internal bool IsFull => Length == size;

    /// <summary>Takes as many bytes as fit.</summary>
    internal int Append(ReadOnlySpan<byte> bytes)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(size);
        var taken = bytes[..Math.Min(bytes.Length, size - Length)];
        taken.CopyTo(_buffer.AsSpan(Length));
        Length += taken.Length;
        return taken.Length;
    }

    internal MemoryStream AsStream() => new(_buffer ?? [], 0, Length, writable: false);

    public void Dispose()
    {
        if (_buffer is { } rented)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
