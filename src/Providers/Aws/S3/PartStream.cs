namespace Sluice.Providers.Aws.S3;

/// <summary>Cuts what is written into parts, and hands on each full one as soon as there are bytes for the next.</summary>
/// <param name="take">Takes a full part.</param>
/// <param name="buffers">For the parts.</param>
internal sealed class PartStream(Func<S3Part, CancellationToken, ValueTask> take, S3PartBuffers buffers) : Stream
{
    private long _length;

    /// <summary>Size of the parts that are begun from now on.</summary>
    internal int NextSize { get; set; } = S3PartPlan.Unit;

    /// <summary>What was not handed on.</summary>
    internal S3Part Rest { get; private set; } = new(S3PartPlan.Unit, buffers);

    /// <summary>Bytes written so far.</summary>
    public override long Length => _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException("An object is written from its beginning to its end.");
    }

    /// <summary>The last part, which need not be full.</summary>
    internal S3Part TakeRest()
    {
        var rest = Rest;
        Rest = new(NextSize, buffers);
        return rest;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            if (Rest.IsFull)
            {
                await take(TakeRest(), cancellationToken);
            }

            var taken = Rest.Append(buffer.Span);
            buffer = buffer[taken..];
            _length += taken;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // A part that is not full cannot be sent.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An object being written cannot be read.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An object is written from its beginning to its end.");

    public override void SetLength(long value) => throw new NotSupportedException("An object is as long as what was written.");

    protected override void Dispose(bool disposing)
    {
        Rest.Dispose();
        base.Dispose(disposing);
    }
}
