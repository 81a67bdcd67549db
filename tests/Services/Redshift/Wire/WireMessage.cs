using System.Buffers.Binary;
using System.Text;

namespace Sluice.Services.Redshift.Wire;

/// <summary>One message of PostgreSQL's protocol 3.0 (PostgreSQL, "Message Formats"): a type byte, a length, a body.</summary>
internal sealed record WireMessage(char Type, byte[] Body)
{
    public static WireMessage Empty(char type) => new(type, []);

    /// <summary>The server refuses: ErrorResponse.</summary>
    public static WireMessage Error(RedshiftException e) => Fields('E', "ERROR", e.SqlState, e.Message, e.Detail);

    /// <summary>The server remarks: NoticeResponse.</summary>
    public static WireMessage Info(string text) => Fields('N', "INFO", "00000", text, null);

    /// <summary>A statement is done: CommandComplete.</summary>
    public static WireMessage Complete(string tag) => new('C', new WireBody().Text(tag).ToArray());

    /// <summary>The server waits for the next statement: ReadyForQuery.</summary>
    /// <param name="status">I: no transaction; T: in one; E: in one that has failed.</param>
    public static WireMessage Ready(char status) => new('Z', [(byte)status]);

    public static WireMessage Query(string sql) => new('Q', new WireBody().Text(sql).ToArray());

    /// <summary>A field of an ErrorResponse, such as M for the message.</summary>
    public string? Field(char code)
    {
        var reader = new WireReader(Body);
        while (reader.More && reader.Byte() is var found and not 0)
        {
            var text = reader.Text();
            if (found == code)
            {
                return text;
            }
        }

        return null;
    }

    private static WireMessage Fields(char type, string severity, string sqlState, string text, string? detail)
    {
        var body = new WireBody().Byte('S').Text(severity).Byte('V').Text(severity).Byte('C').Text(sqlState).Byte('M').Text(text);
        if (detail is not null)
        {
            body.Byte('D').Text(detail);
        }

        return new(type, body.Byte('\0').ToArray());
    }
}

/// <summary>Builds the body of a message.</summary>
internal sealed class WireBody
{
    private readonly MemoryStream _bytes = new();

    public WireBody Byte(char value)
    {
        _bytes.WriteByte((byte)value);
        return this;
    }

    public WireBody Int16(int value)
    {
        Span<byte> two = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(two, (short)value);
        _bytes.Write(two);
        return this;
    }

    public WireBody Int32(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        _bytes.Write(four);
        return this;
    }

    /// <summary>Ends in a zero byte.</summary>
    public WireBody Text(string value)
    {
        _bytes.Write(Encoding.UTF8.GetBytes(value));
        _bytes.WriteByte(0);
        return this;
    }

    public WireBody Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();
}

/// <summary>Takes the body of a message apart.</summary>
internal struct WireReader(byte[] body)
{
    private int _at;

    public readonly bool More => _at < body.Length;

    public readonly ReadOnlySpan<byte> Rest => body.AsSpan(_at);

    public int Byte() => body[_at++];

    public int Int16()
    {
        _at += 2;
        return BinaryPrimitives.ReadInt16BigEndian(body.AsSpan(_at - 2));
    }

    public int Int32()
    {
        _at += 4;
        return BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(_at - 4));
    }

    public string Text()
    {
        var length = body.AsSpan(_at).IndexOf((byte)0);
        var text = Encoding.UTF8.GetString(body, _at, length);
        _at += length + 1;
        return text;
    }

    public byte[] Bytes(int length)
    {
        _at += length;
        return body[(_at - length).._at];
    }
}
