using System.Buffers;
using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Csv;

/// <summary>A <see cref="CsvFormat"/> as bytes, checked once.</summary>
internal sealed class CsvDialect
{
    internal const byte Quote = (byte)'"';

    private readonly bool _quotesAll;

    /// <exception cref="TaskFailedException">The format contradicts itself.</exception>
    internal CsvDialect(CsvFormat format)
    {
        if (!char.IsAscii(format.Delimiter) || format.Delimiter is '"' or '\r' or '\n' or '\0')
        {
            throw new TaskFailedException($"'{format.Delimiter}' cannot be the delimiter of a CSV file; it must be one ASCII character, no quote and no line end.");
        }

        if (format.NullMarker.AsSpan().IndexOfAny(['"', '\r', '\n', format.Delimiter]) >= 0)
        {
            throw new TaskFailedException($"'{format.NullMarker}' cannot stand for NULL in a CSV file; it must hold no quote, no line end and no delimiter.");
        }

        if (format.NullMarker == "\\.")
        {
            throw new TaskFailedException("'\\.' cannot stand for NULL in a CSV file: alone on a line it is the end of the file to PostgreSQL's COPY.");
        }

        Delimiter = (byte)format.Delimiter;
        NullMarker = Encoding.UTF8.GetBytes(format.NullMarker);
        _quotesAll = format.Quoting == CsvQuoting.All;
        NeedsQuotes = SearchValues.Create([Delimiter, Quote, (byte)'\r', (byte)'\n']);
    }

    internal byte Delimiter { get; }

    internal byte[] NullMarker { get; }

    internal SearchValues<byte> NeedsQuotes { get; }

    /// <summary>True when the text would be misread unless it stands in quotes, or all are to be quoted.</summary>
    internal bool MustQuote(ReadOnlySpan<byte> utf8) =>
        _quotesAll
        || utf8.IsEmpty // an empty string, against NULL
        || utf8.IndexOfAny(NeedsQuotes) >= 0
        || utf8.SequenceEqual(NullMarker)
        || utf8.SequenceEqual("\\."u8) // PostgreSQL's COPY takes a line of \. for the end
        || utf8.StartsWith("\uFEFF"u8); // at the beginning of a file readers pass over it
}
