using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>The bytes of an object; where they break off, the error says of which.</summary>
internal sealed class ReadStream(Stream body, Uri uri) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => body.Length;

    public override long Position
    {
        get => body.Position;
        set => throw new NotSupportedException("An object is read from its beginning to its end.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException || S3Errors.IsOfSdk(e))
        {
            throw BrokenOff(e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return body.Read(buffer, offset, count);
        }
        catch (Exception e) when (e is IOException || S3Errors.IsOfSdk(e))
        {
            throw BrokenOff(e);
        }
    }

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An object is read from its beginning to its end.");

    public override void SetLength(long value) => throw new NotSupportedException("An object that is read keeps its length.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("An object that is read cannot be written.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
        }

        base.Dispose(disposing);
    }

    private TaskErrorException BrokenOff(Exception e) => new($"{ObjectUri.Text(uri)} broke off while it was read: {e.Message}", e);
}
