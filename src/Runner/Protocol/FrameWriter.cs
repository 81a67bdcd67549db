using System.Buffers.Binary;
using System.Text;

namespace Sluice.Runner.Protocol;

/// <summary>Gathers frames: a length of four bytes (little-endian, of what follows it), a kind, a payload.</summary>
internal sealed class FrameWriter
{
    private const int KeptCapacity = 1 << 20;
    private byte[] _buffer = new byte[4096];
    private int _length;
    private int _start;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public void Begin(FrameKind kind)
    {
        _start = _length;
        Take(4);
        WriteByte((byte)kind);
    }

    public void End() => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_start), _length - _start - 4);

    public void Clear()
    {
        _length = 0;
        if (_buffer.Length > KeptCapacity)
        {
            _buffer = new byte[4096];
        }
    }

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>UTC to the tick.</summary>
    public void WriteTime(DateTimeOffset value) => WriteInt64(value.UtcTicks);

    public void WriteTime(DateTimeOffset? value) => WriteInt64(value?.UtcTicks ?? -1);

    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteInt32(-1);
            return;
        }

        var bytes = Encoding.UTF8.GetByteCount(value);
        WriteInt32(bytes);
        Encoding.UTF8.GetBytes(value, Take(bytes));
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteInt32(value.Length);
        value.CopyTo(Take(value.Length));
    }

    private Span<byte> Take(int count)
    {
        if (_length + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }

        var taken = _buffer.AsSpan(_length, count);
        _length += count;
        return taken;
    }
}
