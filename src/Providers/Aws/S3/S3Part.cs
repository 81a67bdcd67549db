using System.Buffers;

namespace Sluice.Providers.Aws.S3;

/// <summary>Bytes of one part in a rented buffer.</summary>
/// <param name="size">So many at most.</param>
/// <param name="buffers">Lends the buffer.</param>
internal sealed class S3Part(int size, ArrayPool<byte> buffers) : IDisposable
{
    private byte[]? _buffer;

    internal int Length { get; private set; }

    internal bool IsFull => Length == size;

    /// <summary>Takes as many bytes as fit.</summary>
    internal int Append(ReadOnlySpan<byte> bytes)
    {
        _buffer ??= buffers.Rent(size);
        var taken = bytes[..Math.Min(bytes.Length, size - Length)];
        taken.CopyTo(_buffer.AsSpan(Length));
        Length += taken.Length;
        return taken.Length;
    }

    /// <summary>Base64, as Content-MD5 wants it: the store refuses bytes that were damaged on the way.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It is the protocol's checksum, not a secret's.")]
    internal string Md5() => Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(_buffer.AsSpan(0, Length)));

    internal MemoryStream AsStream() => new(_buffer ?? [], 0, Length, writable: false);

    public void Dispose()
    {
        if (_buffer is { } rented)
        {
            _buffer = null;
            buffers.Return(rented);
        }
    }
}
