using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Rows of a prepared statement, as the same text in which the server itself would write them; only a FLOAT has all its digits.</summary>
/// <remarks>Values go into one block of memory; of one that does not fit into its place the library is asked again. Rows cost no allocation.</remarks>
internal sealed unsafe class MySqlStatementRows : MySqlRows
{
    // A DOUBLE is written as the server does when there is room for its longest text; a number with ZEROFILL has up to 255 digits.
    private const int Room = 512;

    private readonly MySqlStatement _statement;
    private readonly MySqlBind* _binds;
    private readonly nuint* _lengths;
    private readonly byte* _nulls;
    private readonly bool[] _isFloat;
    private byte[] _scratch = new byte[4 * Room];

    internal MySqlStatementRows(MySqlSession session, MySqlStatement statement)
        : base(session, statement.Columns)
    {
        _statement = statement;
        _isFloat = [.. Columns.Select(IsFloat)];
        var count = Columns.Length;
        var each = sizeof(MySqlBind) + sizeof(nuint) + Room + 1;
        _binds = (MySqlBind*)NativeMemory.AllocZeroed((nuint)count, (nuint)each);
        _lengths = (nuint*)(_binds + count);
        var places = (byte*)(_lengths + count);
        _nulls = places + (count * Room);
        for (var i = 0; i < count; i++)
        {
            _binds[i] = new()
            {
                Length = _lengths + i,
                IsNull = _nulls + i,
                Buffer = places + (i * Room),
                BufferLength = Room,
                BufferType = _isFloat[i] ? MySqlBind.Float : MySqlBind.String,
            };
        }

        try
        {
            statement.Bind(_binds);
        }
        catch
        {
            NativeMemory.Free(_binds);
            throw;
        }
    }

    /// <summary>True for a column of four bytes, of which text shows six digits.</summary>
    internal static bool IsFloat(MySqlColumn column) => column.ClrType == typeof(float);

    public override bool IsNull(int column) => _nulls[column] != 0;

    public override ReadOnlySpan<byte> Value(int column)
    {
        var place = _binds[column].Buffer;
        if (_isFloat[column])
        {
            return _scratch.AsSpan(0, FloatText.Write(Unsafe.ReadUnaligned<float>(place), _scratch));
        }

        var length = checked((int)_lengths[column]);
        return length <= Room ? new(place, length) : Long(column, length);
    }

    protected override bool Fetch() => _statement.Fetch();

    protected override void Free()
    {
        _statement.Dispose(); // first: it knows the places
        NativeMemory.Free(_binds);
    }

    private ReadOnlySpan<byte> Long(int column, int length)
    {
        if (_scratch.Length < length)
        {
            _scratch = new byte[length + (length / 8)];
        }

        nuint written = 0;
        byte isNull = 0;
        fixed (byte* into = _scratch)
        {
            var bind = new MySqlBind { Length = &written, IsNull = &isNull, Buffer = into, BufferLength = (nuint)_scratch.Length, BufferType = MySqlBind.String };
            _statement.FetchColumn(&bind, column);
        }

        return _scratch.AsSpan(0, length);
    }
}
