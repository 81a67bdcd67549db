using System.Buffers.Text;
using Sluice.Authoring.Hooks;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.Hooks;

/// <summary>Hands rows from the library's memory to a sink without copying them, or allocating for them, in between.</summary>
internal sealed class MySqlExtract(MySqlRows rows, IRowSink sink, ZeroDates zeroDates)
{
    private byte[] _scratch = new byte[64];

    /// <summary>Runs on a thread that may block: both the server and the sink are waited for.</summary>
    public long Run(CancellationToken cancellationToken)
    {
        sink.Begin([.. rows.Columns.Select(column => new SqlColumn(column.Name, column.TypeName, column.Kind))]);
        var columns = rows.Columns;
        var count = 0L;
        while (rows.Read())
        {
            for (var i = 0; i < columns.Length; i++)
            {
                if (rows.IsNull(i))
                {
                    sink.WriteNull();
                }
                else
                {
                    Write(columns[i], rows.Value(i));
                }
            }

            count++;
            if (sink.EndRow())
            {
                Flush(cancellationToken);
            }
        }

        Flush(cancellationToken);
        return count;
    }

    private void Flush(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var flushed = sink.FlushAsync(cancellationToken);
        if (flushed.IsCompleted)
        {
            flushed.GetAwaiter().GetResult();
        }
        else
        {
            flushed.AsTask().GetAwaiter().GetResult();
        }
    }

    private void Write(MySqlColumn column, ReadOnlySpan<byte> value)
    {
        switch (column.Form)
        {
            case MySqlForm.Date or MySqlForm.DateTime when MySqlValue.IsZeroDate(value):
                WriteZeroDate(column, value);
                break;
            case MySqlForm.Bit:
                Utf8Formatter.TryFormat(MySqlValue.DecodeBit(value), _scratch, out var written);
                sink.WriteValue(_scratch.AsSpan(0, written));
                break;
            case MySqlForm.Binary:
                WriteBinary(value);
                break;
            default:
                sink.WriteValue(value);
                break;
        }
    }

    private void WriteZeroDate(MySqlColumn column, ReadOnlySpan<byte> value)
    {
        switch (zeroDates)
        {
            case ZeroDates.Null:
                sink.WriteNull();
                break;
            case ZeroDates.Text:
                sink.WriteValue(value);
                break;
            default:
                throw MySqlValue.ZeroDate(column, value);
        }
    }

    private void WriteBinary(ReadOnlySpan<byte> value)
    {
        var length = 2 + (2 * value.Length);
        if (_scratch.Length < length)
        {
            _scratch = new byte[Math.Max(length, 2 * _scratch.Length)];
        }

        _scratch[0] = (byte)'\\';
        _scratch[1] = (byte)'x';
        Convert.TryToHexStringLower(value, _scratch.AsSpan(2), out _);
        sink.WriteValue(_scratch.AsSpan(0, length));
    }
}
