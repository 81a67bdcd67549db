using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Transport;

/// <summary>Messages of one link that wait to be sent, already as JSON, gathered into frames: while one is on its way the next fills up.</summary>
internal sealed class SendQueue(long maxBytes) : IDisposable
{
    // A frame is closed at this size: large enough to cost nothing, small enough not to hold up what comes behind it.
    private const int FrameBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<ArrayBufferWriter<byte>> _full = new();
    private readonly SemaphoreSlim _signal = new(0);

    // Bodies are JSON inside JSON: a quote must not become six bytes. Nothing here ends up in HTML.
    private readonly Utf8JsonWriter _writer = new(
        Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    private ArrayBufferWriter<byte> _filling = new(4096);
    private ArrayBufferWriter<byte>? _spare;
    private long _queued;
    private bool _waiting;
    private bool _completed;

    public enum Result
    {
        Queued,
        TooLarge,
        Full,
    }

    public Result Add(Message message)
    {
        lock (_gate)
        {
            if (_completed || _queued > maxBytes)
                return Result.Full;

            var before = _filling.WrittenCount;
            _filling.Write(before == 0 ? "["u8 : ","u8);
            try
            {
                _writer.Reset(_filling);
                Frames.Write(_writer, message);
                _writer.Flush();
            }
            catch
            {
                Undo(before); // half a message would spoil the whole frame
                throw;
            }

            var size = _filling.WrittenCount - before;
            if (size + 1 > Frames.MaxBytes)
            {
                Undo(before);
                return Result.TooLarge;
            }

            if (before + size + 1 > Frames.MaxBytes)
                Split(before);
            _queued += size;
            if (_filling.WrittenCount >= FrameBytes)
                Close();
            Wake();
            return Result.Queued;
        }
    }

    /// <summary>Takes no more; what waits can still be taken.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Wake();
        }
    }

    /// <summary>The next frame, when there is one; null after the last one. Give it back with <see cref="Recycle"/>.</summary>
    public async ValueTask<ArrayBufferWriter<byte>?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_full.Count == 0 && _filling.WrittenCount > 0)
                    Close();
                if (_full.TryDequeue(out var frame))
                {
                    _queued -= frame.WrittenCount - 1;
                    return frame;
                }

                if (_completed)
                    return null;
                _waiting = true;
            }

            await _signal.WaitAsync(cancellationToken);
        }
    }

    public void Recycle(ArrayBufferWriter<byte> frame)
    {
        if (frame.Capacity > 4 * FrameBytes)
            return;
        frame.ResetWrittenCount();
        lock (_gate)
            _spare ??= frame;
    }

    /// <summary>Whoever still holds the link may go on calling: it takes no more, and says so.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _completed = true;
            _waiting = false;
            _writer.Dispose();
            _signal.Dispose();
        }
    }

    private void Wake()
    {
        if (!_waiting)
            return;
        _waiting = false;
        _signal.Release();
    }

    private void Close()
    {
        _filling.Write("]"u8);
        _full.Enqueue(_filling);
        _filling = _spare ?? new ArrayBufferWriter<byte>(4096);
        _spare = null;
    }

    private void Undo(int length)
    {
        var kept = new ArrayBufferWriter<byte>(Math.Max(4096, length));
        kept.Write(_filling.WrittenSpan[..length]);
        _filling = kept;
    }

    /// <summary>The last message does not fit behind the others: it begins a frame of its own.</summary>
    private void Split(int length)
    {
        var whole = _filling;
        Undo(length);
        Close();
        _filling.Write("["u8);
        _filling.Write(whole.WrittenSpan[(length + 1)..]);
    }
}
