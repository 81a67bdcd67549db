using System.Buffers.Binary;
using System.Net.Sockets;

namespace Sluice.Runner.Protocol;

/// <summary>Frames over a connected Unix domain socket. Blocking on purpose: a thread that waits in the kernel is woken
/// with one context switch, while the asynchronous road costs two more thread hops for each tiny task.</summary>
internal sealed class FrameChannel(Socket socket) : IDisposable
{
    private const int LargestFrame = 512 << 20;
    private readonly Lock _sending = new();
    private readonly FrameWriter _writer = new();
    private byte[] _received = new byte[16 << 10];
    private int _from;
    private int _to;

    /// <summary>Waits for the next frame. The payload is valid until the next call.</summary>
    /// <returns>False when the other end is gone.</returns>
    public bool TryReceive(out FrameKind kind, out FrameReader payload)
    {
        kind = default;
        payload = default;
        if (!Fill(4))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(_received.AsSpan(_from));
        if (length is < 1 or > LargestFrame)
        {
            throw new InvalidDataException($"A frame of {length} bytes is not part of the runner protocol.");
        }

        if (!Fill(4 + length))
        {
            return false;
        }

        kind = (FrameKind)_received[_from + 4];
        payload = new(_received.AsSpan(_from + 5, length - 1));
        _from += 4 + length;
        return true;
    }

    /// <summary>Queues a frame that goes out with the next <see cref="Send"/>.</summary>
    public void Post<T>(in T frame)
        where T : IFrame
    {
        lock (_sending)
        {
            Write(frame);
        }
    }

    /// <summary>Sends a frame, after those that were posted.</summary>
    /// <exception cref="SocketException">The other end is gone.</exception>
    public void Send<T>(in T frame)
        where T : IFrame
    {
        lock (_sending)
        {
            Write(frame);
            var rest = _writer.Written;
            while (!rest.IsEmpty)
            {
                rest = rest[socket.Send(rest)..];
            }

            _writer.Clear();
        }
    }

    public void Dispose() => socket.Dispose();

    /// <summary>Wakes a thread that is blocked in <see cref="TryReceive"/>; it returns false.</summary>
    public void Shutdown()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone, which is what was asked for.
        }
    }

    private void Write<T>(in T frame)
        where T : IFrame
    {
        _writer.Begin(T.Kind);
        frame.WriteTo(_writer);
        _writer.End();
    }

    private bool Fill(int count)
    {
        while (_to - _from < count)
        {
            if (_from > 0)
            {
                _received.AsSpan(_from, _to - _from).CopyTo(_received);
                (_from, _to) = (0, _to - _from);
            }

            if (count > _received.Length)
            {
                Array.Resize(ref _received, Math.Max(count, _received.Length * 2));
            }

            int read;
            try
            {
                read = socket.Receive(_received.AsSpan(_to));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }

            if (read == 0)
            {
                return false;
            }

            _to += read;
        }

        return true;
    }
}
