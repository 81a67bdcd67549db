using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.JsonLines;

/// <summary>Writes each row as one JSON object on a line of its own.</summary>
/// <remarks>
/// Numbers and booleans are JSON's own, with all their digits; what JSON has no number for (NaN, infinity) and everything else is text. NULL is
/// <c>null</c>.
/// </remarks>
public sealed class JsonLinesRowSink : RowFileSink
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    private byte[][] _names = [];
    private bool[] _bare = [];

    /// <summary>Makes a sink whose destination is opened when the first bytes are due.</summary>
    /// <param name="open">Opens it.</param>
    /// <param name="gzip">Compresses on the way.</param>
    public JsonLinesRowSink(Func<CancellationToken, ValueTask<Stream>> open, bool gzip)
        : base(open, gzip)
    {
    }

    /// <inheritdoc/>
    public override void WriteNull() => WriteBare("null"u8);

    /// <inheritdoc/>
    public override void WriteValue(ReadOnlySpan<byte> utf8)
    {
        if (_bare[Column] && IsNumberOrTruth(utf8))
        {
            WriteBare(utf8);
            return;
        }

        Check(utf8);
        var name = _names[Column++];
        var to = Output.Reserve(name.Length + (RowLimits.IsLarge(utf8) ? WrittenLength(utf8) : 6L * utf8.Length) + 2);
        name.CopyTo(to);
        var at = name.Length;
        to[at++] = (byte)'"';
        while (utf8.IndexOfAny(Escaped) is var special and >= 0)
        {
            utf8[..special].CopyTo(to[at..]);
            at += special;
            at += Escape(utf8[special], to[at..]);
            utf8 = utf8[(special + 1)..];
        }

        utf8.CopyTo(to[at..]);
        at += utf8.Length;
        to[at++] = (byte)'"';
        Output.Advance(at);
    }

    private protected override void WriteHeader()
    {
        if (Columns.GroupBy(column => column.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new TaskFailedException($"The query has the column {twice.Key} twice, which a JSON object cannot; give one of them another name.");
        }

        _names = [.. Columns.Select((column, i) => Encoding.UTF8.GetBytes($"{(i == 0 ? '{' : ',')}\"{JsonEncodedText.Encode(column.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\":"))];
        _bare = [.. Columns.Select(column => column.Kind is SqlColumnKind.Integer or SqlColumnKind.Decimal or SqlColumnKind.Float or SqlColumnKind.Single or SqlColumnKind.Boolean)];
    }

    private protected override void WriteLineEnd()
    {
        "}\n"u8.CopyTo(Output.Reserve(2));
        Output.Advance(2);
    }

    private void WriteBare(ReadOnlySpan<byte> value)
    {
        var name = _names[Column++];
        var to = Output.Reserve(name.Length + value.Length);
        name.CopyTo(to);
        value.CopyTo(to[name.Length..]);
        Output.Advance(name.Length + value.Length);
    }

    private static bool IsNumberOrTruth(ReadOnlySpan<byte> utf8) => IsNumber(utf8) || utf8.SequenceEqual("true"u8) || utf8.SequenceEqual("false"u8);

    // RFC 8259, 6: no leading zeros (MySQL's ZEROFILL), and nothing behind the number (SQLite keeps any text in any column).
    private static bool IsNumber(ReadOnlySpan<byte> utf8)
    {
        var at = utf8.StartsWith("-"u8) ? 1 : 0;
        var isZero = at < utf8.Length && utf8[at] == '0';
        var whole = Digits(utf8, ref at);
        if (whole == 0 || (isZero && whole > 1))
        {
            return false;
        }

        if (at < utf8.Length && utf8[at] == '.')
        {
            at++;
            if (Digits(utf8, ref at) == 0)
            {
                return false;
            }
        }

        if (at < utf8.Length && (utf8[at] | 0x20) == 'e')
        {
            at += at + 1 < utf8.Length && utf8[at + 1] is (byte)'+' or (byte)'-' ? 2 : 1;
            return Digits(utf8, ref at) > 0 && at == utf8.Length;
        }

        return at == utf8.Length;
    }

    private static int Digits(ReadOnlySpan<byte> utf8, ref int at)
    {
        var from = at;
        while (at < utf8.Length && utf8[at] is >= (byte)'0' and <= (byte)'9')
        {
            at++;
        }

        return at - from;
    }

    private static long WrittenLength(ReadOnlySpan<byte> utf8)
    {
        var length = (long)utf8.Length;
        Span<byte> escaped = stackalloc byte[6];
        while (utf8.IndexOfAny(Escaped) is var special and >= 0)
        {
            length += Escape(utf8[special], escaped) - 1;
            utf8 = utf8[(special + 1)..];
        }

        return length;
    }

    private static int Escape(byte special, Span<byte> to)
    {
        to[0] = (byte)'\\';
        switch (special)
        {
            case (byte)'"' or (byte)'\\':
                to[1] = special;
                return 2;
            case (byte)'\n':
                to[1] = (byte)'n';
                return 2;
            case (byte)'\r':
                to[1] = (byte)'r';
                return 2;
            case (byte)'\t':
                to[1] = (byte)'t';
                return 2;
            default:
                "u00"u8.CopyTo(to[1..]);
                to[4] = (byte)"0123456789abcdef"[special >> 4];
                to[5] = (byte)"0123456789abcdef"[special & 15];
                return 6;
        }
    }
}
