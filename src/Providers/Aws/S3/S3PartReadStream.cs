namespace Sluice.Providers.Aws.S3;

/// <summary>The bytes of a part as the SDK reads them: once for the signature, once for each try.</summary>
/// <param name="buffers">Of <see cref="S3PartPlan.Unit"/> bytes each.</param>
/// <param name="length">Of the part.</param>
internal sealed class S3PartReadStream(IReadOnlyList<byte[]> buffers, int length) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _at;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _at = (int)Math.Min(value, length);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        var from = _at % S3PartPlan.Unit;
        var count = Math.Min(buffer.Length, Math.Min(length - _at, S3PartPlan.Unit - from));
        if (count > 0)
        {
            buffers[_at / S3PartPlan.Unit].AsSpan(from, count).CopyTo(buffer);
            _at += count;
        }

        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _at + offset,
        _ => length + offset,
    };

    public override void Flush()
    {
        // Nothing is written.
    }

    public override void SetLength(long value) => throw new NotSupportedException("A part is read.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A part is read.");
}
