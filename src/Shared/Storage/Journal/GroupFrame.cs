using System.Buffers;
using System.Text;

namespace Sluice.Storage.Journal;

/// <summary>The payload of one journal row: all entries of a group, each stream's name written once.</summary>
/// <remarks>
/// Layout: format byte 1; count of names; names (length, UTF-8); count of entries; entries (index of the name, length, bytes). Numbers are LEB128.
/// The streams that ended are framed apart (<see cref="EncodeNames"/>), so that recovery learns of them without reading payloads.
/// </remarks>
internal static class GroupFrame
{
    private const byte Format = 1;

    public static byte[] Encode(List<JournalEntry> entries)
    {
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var size = 16;
        foreach (var entry in entries)
        {
            names.TryAdd(entry.Stream, names.Count);
            size += entry.Payload.Length + 8;
        }

        var output = new ArrayBufferWriter<byte>(size + (names.Count * 24));
        output.Write([Format]);
        WriteNumber(output, names.Count);
        foreach (var name in names.Keys)
        {
            WriteName(output, name);
        }

        WriteNumber(output, entries.Count);
        foreach (var entry in entries)
        {
            WriteNumber(output, names[entry.Stream]);
            WriteNumber(output, entry.Payload.Length);
            output.Write(entry.Payload.Span);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Entries in the order in which they were appended; their payloads are slices of <paramref name="frame"/>.</summary>
    /// <exception cref="StoreException"><c>journal.damaged</c>: the bytes are not a frame.</exception>
    public static List<JournalEntry> Decode(ReadOnlyMemory<byte> frame)
    {
        try
        {
            var rest = frame;
            if (rest.Span[0] != Format)
            {
                throw Damaged(null);
            }

            rest = rest[1..];
            var names = ReadNames(ref rest);
            var entries = new List<JournalEntry>(ReadCount(ref rest));
            for (var left = entries.Capacity; left > 0; left--)
            {
                var stream = names[ReadNumber(ref rest)];
                var length = ReadNumber(ref rest);
                entries.Add(new(stream, rest[..length]));
                rest = rest[length..];
            }

            return entries;
        }
        catch (Exception broken) when (broken is ArgumentException or IndexOutOfRangeException)
        {
            throw Damaged(broken);
        }
    }

    public static byte[] EncodeNames(IReadOnlyCollection<string> names)
    {
        var output = new ArrayBufferWriter<byte>(16 + (names.Count * 24));
        WriteNumber(output, names.Count);
        foreach (var name in names)
        {
            WriteName(output, name);
        }

        return output.WrittenSpan.ToArray();
    }

    public static string[] DecodeNames(ReadOnlyMemory<byte> framed)
    {
        try
        {
            return ReadNames(ref framed);
        }
        catch (Exception broken) when (broken is ArgumentException or IndexOutOfRangeException)
        {
            throw Damaged(broken);
        }
    }

    private static string[] ReadNames(ref ReadOnlyMemory<byte> rest)
    {
        var names = new string[ReadCount(ref rest)];
        for (var i = 0; i < names.Length; i++)
        {
            var length = ReadNumber(ref rest);
            names[i] = Encoding.UTF8.GetString(rest.Span[..length]);
            rest = rest[length..];
        }

        return names;
    }

    private static void WriteName(ArrayBufferWriter<byte> output, string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        WriteNumber(output, length);
        Encoding.UTF8.GetBytes(name, output.GetSpan(length));
        output.Advance(length);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, int value)
    {
        var bytes = output.GetSpan(5);
        var used = 0;
        for (var left = (uint)value; ; left >>= 7)
        {
            if (left < 0x80)
            {
                bytes[used++] = (byte)left;
                break;
            }

            bytes[used++] = (byte)(left | 0x80);
        }

        output.Advance(used);
    }

    private static int ReadNumber(ref ReadOnlyMemory<byte> rest)
    {
        var bytes = rest.Span;
        uint value = 0;
        for (var i = 0; i < 5; i++)
        {
            value |= (uint)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return (int)value;
            }
        }

        throw new ArgumentException("A number is longer than five bytes.");
    }

    // Nothing takes less than a byte, so no count is greater than what is left: damage must not ask for all memory.
    private static int ReadCount(ref ReadOnlyMemory<byte> rest) =>
        ReadNumber(ref rest) is var count && count >= 0 && count <= rest.Length ? count : throw new ArgumentException("A count is too large.");

    private static StoreException Damaged(Exception? inner) =>
        new("journal.damaged", "A group of the journal cannot be read: its bytes are not what was written. Restore the database from a backup.", inner: inner);
}
