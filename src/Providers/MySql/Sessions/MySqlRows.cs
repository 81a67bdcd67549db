using Sluice.Authoring.Rows;
using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>The rows of one result, as they come from the server; only one is in memory at a time.</summary>
internal abstract unsafe class MySqlRows(MySqlSession session, MySqlColumn[] columns) : IDisposable
{
    /// <summary>So many leftover rows are rather read than killed: killing costs a second connection.</summary>
    private const int WorthReading = 2000;

    private bool _ended;
    private bool _disposed;
    private long _count;

    public MySqlColumn[] Columns => columns;

    protected MySqlSession Session => session;

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

        if (!Fetch())
        {
            _ended = true;
            return session.HasError ? throw Error() : false;
        }

        _count++;
        return true;
    }

    public abstract bool IsNull(int column);

    /// <summary>The text of a value that is not NULL (of BIT and binary columns: its bytes), in memory that is not the caller's; good until the next call.</summary>
    public abstract ReadOnlySpan<byte> Value(int column);

    /// <summary>Leaves the rest of the rows unread.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_ended && !session.IsBroken)
        {
            SkipRest();
        }

        Free();
    }

    /// <summary>False at the end, and after an error of the session.</summary>
    protected abstract bool Fetch();

    /// <summary>Gives back what the library holds; reads what is still on its way.</summary>
    protected abstract void Free();

    // Of a row that the library does not take no column is known, only which of them may hold so much.
    private MySqlException Error()
    {
        var wasAborted = session.IsBroken;
        var error = session.Error();
        var large = columns.Where(column => column.Length >= RowLimits.LargestRow / columns.Length).Select(column => $"'{column.Name}'").ToList();
        var isTooLarge = error.Number switch
        {
            MySqlException.PacketTooLarge => true,
            MySqlException.ServerLost => !wasAborted && large.Count > 0 && session.WasCutOff(), // so the library calls it of rows that come in several packets
            _ => false,
        };
        if (!isTooLarge)
        {
            return error;
        }

        return new(
            $"Row {_count + 1} from MySQL at {session.Settings.Place} has more than {RowLimits.LargestRow} bytes, the most that can be extracted; "
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
            if (!MySqlInterrupt.KillQuery(session))
            {
                session.Abort();
            }
        }
        catch (MySqlException)
        {
            // The end of the rows, one way or another; whoever uses the session next hears of it.
        }
    }
}
