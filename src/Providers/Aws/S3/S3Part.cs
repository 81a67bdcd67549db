using System.Security.Cryptography;

namespace Sluice.Providers.Aws.S3;

/// <summary>Bytes of one part in buffers that are rented as it fills.</summary>
/// <param name="size">So many at most.</param>
/// <param name="buffers">Lends them.</param>
internal sealed class S3Part(int size, S3PartBuffers buffers) : IDisposable
{
    private readonly List<byte[]> _buffers = [];

    internal int Size => size;

    internal int Length { get; private set; }

    internal bool IsFull => Length == size;

    /// <summary>Takes as many bytes as fit, at most to the end of a buffer.</summary>
    internal int Append(ReadOnlySpan<byte> bytes)
    {
        var at = Length % S3PartPlan.Unit;
        if (at == 0 && Length / S3PartPlan.Unit == _buffers.Count)
        {
            _buffers.Add(buffers.Rent());
        }

        var taken = bytes[..Math.Min(bytes.Length, Math.Min(size - Length, S3PartPlan.Unit - at))];
        taken.CopyTo(_buffers[^1].AsSpan(at));
        Length += taken.Length;
        return taken.Length;
    }

    /// <summary>Base64, as Content-MD5 wants it: the store refuses bytes that were damaged on the way.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It is the protocol's checksum, not a secret's.")]
    internal string Md5()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        for (var at = 0; at < Length; at += S3PartPlan.Unit)
        {
            hash.AppendData(_buffers[at / S3PartPlan.Unit].AsSpan(0, Math.Min(S3PartPlan.Unit, Length - at)));
        }

        return Convert.ToBase64String(hash.GetHashAndReset());
    }

    internal Stream AsStream() => new S3PartReadStream(_buffers, Length);

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffers.Return(buffer);
        }

        _buffers.Clear();
    }
}
