using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Rows;

/// <summary>The bytes of rows on their way into a stream, compressed or not.</summary>
/// <remarks>
/// Two buffers: while one is compressed and written, the next rows gather in the other. The destination is asked for when the first bytes
/// are due, and stays open. Not thread-safe.
/// </remarks>
/// <param name="open">Gives the destination.</param>
/// <param name="gzip">Compresses on the way.</param>
internal sealed class RowOutput(Func<CancellationToken, ValueTask<Stream>> open, bool gzip) : IAsyncDisposable
{
    private const int FlushAt = 256 * 1024;

    // What ordinary rows add beyond the mark; a buffer that a large value blew up is given back.
    private const int OrdinarySize = FlushAt + (64 * 1024);

    private byte[] _filling = ArrayPool<byte>.Shared.Rent(OrdinarySize);
    private byte[] _draining = ArrayPool<byte>.Shared.Rent(OrdinarySize);
    private Task _drain = Task.CompletedTask;
    private Stream? _output;
    private int _length;
    private bool _disposed;

    /// <summary>Bytes taken so far, before compression.</summary>
    internal long Taken { get; private set; }

    /// <summary>True when enough has gathered that it should be handed on before the next row.</summary>
    internal bool IsDue => _length >= FlushAt;

    /// <summary>Room for so many bytes at least; <see cref="Advance"/> says how many were used.</summary>
    /// <exception cref="TaskFailedException">It is more than any value may have.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Span<byte> Reserve(long bytes)
    {
        if (_filling.Length - _length < bytes)
        {
            Grow(bytes);
        }

        return _filling.AsSpan(_length);
    }

    /// <summary>Takes what was written into the reserved room.</summary>
    internal void Advance(int bytes) => _length += bytes;

    /// <summary>Hands on what has gathered, waiting for what was handed on before.</summary>
    internal async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _drain;
        if (_length == 0)
        {
            return;
        }

        _output ??= await OpenAsync(cancellationToken);
        (_filling, _draining) = (_draining, _filling);
        if (_filling.Length > 4 * OrdinarySize)
        {
            ArrayPool<byte>.Shared.Return(_filling);
            _filling = ArrayPool<byte>.Shared.Rent(OrdinarySize);
        }

        var full = _draining.AsMemory(0, _length);
        Taken += _length;
        _length = 0;
        _drain = Task.Run(() => _output.WriteAsync(full, cancellationToken).AsTask(), cancellationToken);
    }

    /// <summary>Writes what is left and ends the compressed stream.</summary>
    internal async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await _drain;
        _output ??= await OpenAsync(cancellationToken);
        if (_output is GZipStream compressed)
        {
            await compressed.DisposeAsync();
        }
    }

    /// <summary>Waits until nothing writes to the destination any more, so that it can be thrown away.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _drain.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ArrayPool<byte>.Shared.Return(_filling);
        ArrayPool<byte>.Shared.Return(_draining);
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var destination = await open(cancellationToken);
        return gzip ? new GZipStream(destination, CompressionLevel.Fastest, leaveOpen: true) : destination;
    }

    private void Grow(long more)
    {
        // Quoted and escaped, a value may take six times its size.
        if (more > (6L * RowLimits.LargestValue) + 1024)
        {
            throw new TaskFailedException($"A value is larger than {RowLimits.LargestValue / 1024 / 1024} MiB, the most that can be extracted; leave the column out, or cut it in the query.");
        }

        var larger = ArrayPool<byte>.Shared.Rent(checked((int)Math.Min(Array.MaxLength, Math.Max(2L * _filling.Length, _length + more))));
        _filling.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = larger;
    }
}
