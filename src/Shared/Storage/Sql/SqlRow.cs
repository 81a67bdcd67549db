using System.Data.Common;

namespace Sluice.Storage.Sql;

/// <summary>The current row of a reader, whichever engine it comes from. Columns by position.</summary>
/// <param name="reader">Stands on the row.</param>
/// <param name="timesAreNumbers">True where times are kept as microseconds (SQLite).</param>
internal sealed class SqlRow(DbDataReader reader, bool timesAreNumbers)
{
    public string Text(int column) => reader.GetString(column);

    public string? TextOrNull(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public long Long(int column) => reader.GetInt64(column);

    public int Int(int column) => reader.GetInt32(column);

    public short Small(int column) => reader.GetInt16(column);

    public bool Bool(int column) => reader.GetBoolean(column);

    public byte[] Bytes(int column) => reader.GetFieldValue<byte[]>(column);

    public DateTimeOffset Time(int column) => timesAreNumbers
        ? StoredTime.FromMicroseconds(reader.GetInt64(column))
        : new DateTimeOffset(reader.GetDateTime(column), TimeSpan.Zero);

    public DateTimeOffset? TimeOrNull(int column) => reader.IsDBNull(column) ? null : Time(column);
}
