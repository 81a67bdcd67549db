using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Rows of a statement that went as text: the server has written every value, in the library's memory it is only pointed at.</summary>
internal sealed unsafe class MySqlTextRows(MySqlSession session, nint result) : MySqlRows(session, ReadColumns(result))
{
    private byte** _row;
    private nuint* _lengths;

    public override bool IsNull(int column) => _row[column] is null;

    public override ReadOnlySpan<byte> Value(int column) => new(_row[column], checked((int)_lengths[column]));

    protected override bool Fetch()
    {
        _row = LibMariaDb.mysql_fetch_row(result);
        _lengths = _row is null ? null : LibMariaDb.mysql_fetch_lengths(result);
        return _row is not null;
    }

    protected override void Free() => LibMariaDb.mysql_free_result(result);
}
