namespace Sluice.Services.Redshift.Copying;

/// <summary>Reads rows between delimiters: CSV with quotes, or text with or without ESCAPE.</summary>
internal sealed class DelimitedReader(Stream source, CopyStatement copy)
{
    private readonly BufferedStream _source = new(source, 128 * 1024);
    private readonly byte _delimiter = (byte)copy.FieldDelimiter;
    private readonly byte _quote = (byte)copy.Quote;
    private long _line;
    private bool _begun;

    /// <returns>False at the end.</returns>
    public bool Read(CopyRow row)
    {
        row.Clear();
        var first = _begun ? _source.ReadByte() : SkipMark();
        _begun = true;
        if (first < 0)
        {
            return false;
        }

        row.Line = ++_line;
        if (copy.Format == CopyFormat.Csv)
        {
            ReadCsv(row, first);
        }
        else
        {
            ReadText(row, first);
        }

        return true;
    }

    private int SkipMark()
    {
        var first = _source.ReadByte();
        if (first != 0xEF)
        {
            return first;
        }

        _source.ReadByte();
        _source.ReadByte();
        return _source.ReadByte();
    }

    private void ReadText(CopyRow row, int next)
    {
        for (; next >= 0 && next != '\n'; next = _source.ReadByte())
        {
            row.Raw((byte)next);
            if (next == _delimiter)
            {
                row.EndField();
            }
            else if (copy.Escape && next == '\\' && _source.ReadByte() is var escaped and >= 0)
            {
                row.Raw((byte)escaped);
                row.Append((byte)escaped);
                _line += escaped == '\n' ? 1 : 0;
            }
            else
            {
                row.Append((byte)next);
            }
        }

        EndLine(row, quoted: false);
    }

    private void ReadCsv(CopyRow row, int next)
    {
        var (inQuotes, quoted, closed) = (false, false, false);
        for (; next >= 0 && (inQuotes || next != '\n'); next = _source.ReadByte())
        {
            row.Raw((byte)next);
            if (closed && next == _quote)
            {
                // The second of two: it was not the end.
                row.Append(_quote);
                (inQuotes, closed) = (true, false);
            }
            else if (inQuotes)
            {
                (inQuotes, closed) = (next != _quote, next == _quote);
                _line += next == '\n' ? 1 : 0;
                if (inQuotes)
                {
                    row.Append((byte)next);
                }
            }
            else if (next == _delimiter)
            {
                row.EndField();
                (quoted, closed) = (false, false);
            }
            else if (quoted)
            {
                closed = false;
                if (next is not (' ' or '\t' or '\r'))
                {
                    row.Error ??= LoadError.BadQuotes;
                }
            }
            else if (next == _quote)
            {
                // Blanks before a quote are not of the field.
                while (row.EndsIn((byte)' '))
                {
                    row.Cut();
                }

                row.Error ??= row.FieldLength > 0 ? LoadError.BadQuotes : null;
                (inQuotes, quoted) = (true, true);
            }
            else
            {
                row.Append((byte)next);
            }
        }

        row.Error ??= inQuotes ? LoadError.BadQuotes : null;
        EndLine(row, quoted);
    }

    private static void EndLine(CopyRow row, bool quoted)
    {
        if (!quoted && row.EndsIn((byte)'\r'))
        {
            row.Cut();
        }

        row.EndField();
    }
}
