using Sluice.Authoring.Rows;
using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>The rows of one result, as they come from the server; only one is in memory at a time.</summary>
internal sealed unsafe class MySqlRows : IDisposable
{
    /// <summary>So many leftover rows are rather read than killed: killing costs a second connection.</summary>
    private const int WorthReading = 2000;

    private readonly MySqlSession _session;
    private nint _result;
    private byte** _row;
    private nuint* _lengths;
    private bool _ended;
    private long _count;

    public MySqlRows(MySqlSession session, nint result)
    {
        _session = session;
        _result = result;
        Columns = ReadColumns(result);
    }

    public MySqlColumn[] Columns { get; }

    /// <summary>As a result describes them.</summary>
    internal static MySqlColumn[] ReadColumns(nint result)
    {
        var fields = new ReadOnlySpan<MySqlField>(LibMariaDb.mysql_fetch_fields(result), (int)LibMariaDb.mysql_num_fields(result));
        var columns = new MySqlColumn[fields.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = MySqlColumn.Read(fields[i]);
        }

        return columns;
    }

    /// <summary>Fetches the next row.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="MySqlException">The query failed or was killed, or the server went away, in the middle.</exception>
    public bool Read()
    {
        if (_ended)
        {
            return false;
        }

        _row = LibMariaDb.mysql_fetch_row(_result);
        if (_row is null)
        {
            _ended = true;
            return _session.HasError ? throw Error() : false;
        }

        _count++;
        _lengths = LibMariaDb.mysql_fetch_lengths(_result);
        return true;
    }

    public bool IsNull(int column) => _row[column] is null;

    /// <summary>The bytes of a value that is not NULL, in the library's own memory; good until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Value(int column) => new(_row[column], checked((int)_lengths[column]));

    /// <summary>Leaves the rest of the rows unread.</summary>
    public void Dispose()
    {
        if (_result == 0)
        {
            return;
        }

        if (!_ended && !_session.IsBroken)
        {
            SkipRest();
        }

        LibMariaDb.mysql_free_result(_result);
        _result = 0;
    }

    // Of a row that the library does not take no column is known, only which of them may hold so much.
    private MySqlException Error()
    {
        var wasAborted = _session.IsBroken;
        var error = _session.Error();
        var large = Columns.Where(column => column.Length >= RowLimits.LargestRow / Columns.Length).Select(column => $"'{column.Name}'").ToList();
        var isTooLarge = error.Number switch
        {
            MySqlException.PacketTooLarge => true,
            MySqlException.ServerLost => !wasAborted && large.Count > 0 && _session.WasCutOff(), // so the library calls it of rows that come in several packets
            _ => false,
        };
        if (!isTooLarge)
        {
            return error;
        }

        return new(
            $"Row {_count + 1} from MySQL at {_session.Settings.Place} has more than {RowLimits.LargestRow} bytes, the most that can be extracted; "
            + $"of its columns {(large.Count == 1 ? "only " : "")}{string.Join(", ", large)} can hold so much. Leave the column out, or cut it in the query.",
            MySqlException.PacketTooLarge,
            error.SqlState!);
    }

    private void SkipRest()
    {
        try
        {
            for (var i = 0; i < WorthReading; i++)
            {
                if (!Read())
                {
                    return;
                }
            }

            // The library would read on to the end, which may be hours away.
            if (!MySqlInterrupt.KillQuery(_session))
            {
                _session.Abort();
            }
        }
        catch (MySqlException)
        {
            // The end of the rows, one way or another; whoever uses the session next hears of it.
        }
    }
}
