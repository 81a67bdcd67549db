using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Csv;

/// <summary>Writes rows as CSV (RFC 4180, lines end in <c>\n</c>). NULL is the null marker without quotes, an empty string is <c>""</c>.</summary>
public sealed class CsvRowSink : RowFileSink
{
    private readonly CsvDialect _dialect;
    private readonly bool _header;

    /// <summary>Makes a sink.</summary>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="format">How to write.</param>
    /// <exception cref="TaskFailedException">The format contradicts itself.</exception>
    public CsvRowSink(Stream destination, CsvFormat format)
        : this(_ => ValueTask.FromResult(destination), format)
    {
    }

    /// <summary>Makes a sink whose destination is opened when the first bytes are due.</summary>
    /// <param name="open">Opens it.</param>
    /// <param name="format">How to write.</param>
    /// <exception cref="TaskFailedException">The format contradicts itself.</exception>
    public CsvRowSink(Func<CancellationToken, ValueTask<Stream>> open, CsvFormat format)
        : base(open, format.Gzip)
    {
        _dialect = new(format);
        _header = format.Header;
    }

    /// <inheritdoc/>
    public override void WriteNull()
    {
        var marker = _dialect.NullMarker;
        var to = Separate(marker.Length);
        marker.CopyTo(to);
        Output.Advance(marker.Length);
    }

    /// <inheritdoc/>
    public override void WriteValue(ReadOnlySpan<byte> utf8)
    {
        if (_dialect.MustQuote(utf8))
        {
            WriteQuoted(utf8);
            return;
        }

        Check(utf8);
        utf8.CopyTo(Separate(utf8.Length));
        Output.Advance(utf8.Length);
    }

    private protected override void WriteHeader()
    {
        if (!_header)
        {
            return;
        }

        foreach (var column in Columns)
        {
            WriteValue(Encoding.UTF8.GetBytes(column.Name));
        }

        WriteLineEnd();
        Column = 0;
    }

    private protected override void WriteLineEnd()
    {
        Output.Reserve(1)[0] = (byte)'\n';
        Output.Advance(1);
    }

    private void WriteQuoted(ReadOnlySpan<byte> utf8)
    {
        Check(utf8);
        var to = Separate(RowLimits.IsLarge(utf8) ? (long)utf8.Length + utf8.Count(CsvDialect.Quote) + 2 : (2L * utf8.Length) + 2);
        var at = 0;
        to[at++] = CsvDialect.Quote;
        while (utf8.IndexOf(CsvDialect.Quote) is var quote and >= 0)
        {
            utf8[..(quote + 1)].CopyTo(to[at..]);
            at += quote + 1;
            to[at++] = CsvDialect.Quote;
            utf8 = utf8[(quote + 1)..];
        }

        utf8.CopyTo(to[at..]);
        at += utf8.Length;
        to[at++] = CsvDialect.Quote;
        Output.Advance(at);
    }

    // Room for a value of so many bytes, behind its delimiter.
    private Span<byte> Separate(long bytes)
    {
        var to = Output.Reserve(bytes + 1);
        if (Column++ == 0)
        {
            return to;
        }

        to[0] = _dialect.Delimiter;
        Output.Advance(1);
        return to[1..];
    }
}
