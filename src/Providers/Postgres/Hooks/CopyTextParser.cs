using System.Buffers;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>Takes COPY's text format apart (PostgreSQL, COPY, "Text Format"): tabs between fields, <c>\N</c> for NULL, backslashes before what is special.</summary>
internal sealed class CopyTextParser(SqlColumn[] columns, IRowSink sink)
{
    private byte[] _unescaped = [];

    /// <summary>Reads to the end.</summary>
    /// <returns>How many rows there were.</returns>
    internal async ValueTask<long> ReadAsync(Stream copy, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            long rows = 0;
            var length = 0;
            while (await copy.ReadAsync(buffer.AsMemory(length), cancellationToken) is var read and > 0)
            {
                var (start, from) = (0, length); // what was there before has no line end
                length += read;

                // A line end inside a value is written as \n, so a bare one ends the row.
                while (buffer.AsSpan(from, length - from).IndexOf((byte)'\n') is var end and >= 0)
                {
                    WriteRow(buffer.AsSpan(start, from + end - start));
                    (start, from) = (from + end + 1, from + end + 1);
                    rows++;
                    if (sink.EndRow())
                    {
                        await sink.FlushAsync(cancellationToken);
                    }
                }

                if (start > 0)
                {
                    buffer.AsSpan(start, length - start).CopyTo(buffer);
                    length -= start;
                }

                if (length >= RowLimits.LargestRow)
                {
                    throw TooLarge(buffer.AsSpan(0, length), rows + 1);
                }

                if (length == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }

            await sink.FlushAsync(cancellationToken);
            return rows;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteRow(ReadOnlySpan<byte> row)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var tab = row.IndexOf((byte)'\t');
            if (tab < 0 != (i == columns.Length - 1))
            {
                throw new SqlHookException($"The columns of what is extracted ({string.Join(", ", columns.Select(column => column.Name))}) have changed while it was being read.", isTransient: true);
            }

            var field = tab < 0 ? row : row[..tab];
            row = tab < 0 ? [] : row[(tab + 1)..];
            if (field.SequenceEqual("\\N"u8))
            {
                sink.WriteNull();
            }
            else if (columns[i].Kind == SqlColumnKind.Boolean)
            {
                sink.WriteValue(PostgresExtract.Truth(field));
            }
            else
            {
                sink.WriteValue(field.Contains((byte)'\\') ? Unescape(field) : field);
            }
        }
    }

    private ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> field)
    {
        if (_unescaped.Length < field.Length)
        {
            _unescaped = new byte[Math.Max(2 * _unescaped.Length, field.Length)];
        }

        var to = 0;
        for (var i = 0; i < field.Length; i++)
        {
            _unescaped[to++] = field[i] != (byte)'\\' || i + 1 == field.Length
                ? field[i]
                : field[++i] switch
                {
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    (byte)'v' => (byte)'\v',
                    var other => other,
                };
        }

        return _unescaped.AsSpan(0, to);
    }

    // The row has not ended yet; its longest field so far is the one to name.
    private TaskFailedException TooLarge(ReadOnlySpan<byte> part, long row)
    {
        var (longest, bytes, column) = (0, -1, 0);
        foreach (var field in part.Split((byte)'\t'))
        {
            if (part[field].Length > bytes)
            {
                (longest, bytes) = (column, part[field].Length);
            }

            column++;
        }

        return bytes > RowLimits.LargestValue ? RowLimits.ValueTooLarge(columns[longest].Name, row, bytes) : RowLimits.RowTooLarge(columns[column - 1].Name, row);
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
