using System.Text;
using Sluice.Authoring.Hooks;
using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>How a column's bytes are read. The text protocol gives every value as text, except BIT and binary strings.</summary>
internal enum MySqlForm
{
    Text,
    Integer,
    Decimal,
    Float,
    Date,
    Time,
    DateTime,
    Bit,
    Binary,
}

/// <summary>A column of a result, as the server describes it.</summary>
/// <param name="Name">As the query names it.</param>
/// <param name="TypeName">MySQL's name, such as <c>BIGINT UNSIGNED</c>.</param>
/// <param name="Form">How its bytes are read.</param>
/// <param name="ClrType">What the ADO.NET reader gives for it.</param>
/// <param name="Nullable">False when the server promises that there are no NULLs.</param>
internal sealed record MySqlColumn(string Name, string TypeName, MySqlForm Form, Type ClrType, bool Nullable)
{
    /// <summary>Where the column comes from, whatever the query calls it; null when the server does not say. In a query around others it may be an alias of those.</summary>
    public (string Database, string Table, string Column)? Origin { get; private init; }

    /// <summary>Bytes that a value may have at most.</summary>
    public long Length { get; private init; }

    private const uint NotNullFlag = 1;
    private const uint UnsignedFlag = 32;
    private const uint EnumFlag = 256;
    private const uint SetFlag = 2048;
    private const uint BinaryCharacterSet = 63;

    public SqlColumnKind Kind => Form switch
    {
        MySqlForm.Integer or MySqlForm.Bit => SqlColumnKind.Integer,
        MySqlForm.Decimal => SqlColumnKind.Decimal,
        MySqlForm.Float => ClrType == typeof(float) ? SqlColumnKind.Single : SqlColumnKind.Float,
        MySqlForm.Date => SqlColumnKind.Date,
        MySqlForm.Time => SqlColumnKind.Time,
        MySqlForm.DateTime => SqlColumnKind.Timestamp,
        MySqlForm.Binary => SqlColumnKind.Binary,
        _ => SqlColumnKind.Text,
    };

    public static unsafe MySqlColumn Read(in MySqlField field)
    {
        var name = Encoding.UTF8.GetString(field.Name, (int)field.NameLength);
        var nullable = (field.Flags & NotNullFlag) == 0;
        var unsigned = (field.Flags & UnsignedFlag) != 0;
        var (type, form, clr) = Describe(field, unsigned);
        return new(name, unsigned && form == MySqlForm.Integer && type != "YEAR" ? type + " UNSIGNED" : type, form, clr, nullable)
        {
            Length = checked((long)field.Length),
            Origin = field.OriginalTableLength == 0 || field.OriginalNameLength == 0
                ? null
                : (
                    Encoding.UTF8.GetString(field.Database, (int)field.DatabaseLength),
                    Encoding.UTF8.GetString(field.OriginalTable, (int)field.OriginalTableLength),
                    Encoding.UTF8.GetString(field.OriginalName, (int)field.OriginalNameLength)),
        };
    }

    private static (string Type, MySqlForm Form, Type Clr) Describe(in MySqlField field, bool unsigned)
    {
        var binary = field.CharacterSet == BinaryCharacterSet;
        return field.Type switch
        {
            0 or 246 => ($"DECIMAL({Digits(field, unsigned)}, {field.Decimals})", MySqlForm.Decimal, Digits(field, unsigned) <= 28 ? typeof(decimal) : typeof(string)),
            1 => ("TINYINT", MySqlForm.Integer, unsigned ? typeof(byte) : typeof(sbyte)),
            2 => ("SMALLINT", MySqlForm.Integer, unsigned ? typeof(ushort) : typeof(short)),
            9 => ("MEDIUMINT", MySqlForm.Integer, unsigned ? typeof(uint) : typeof(int)),
            3 => ("INT", MySqlForm.Integer, unsigned ? typeof(uint) : typeof(int)),
            8 => ("BIGINT", MySqlForm.Integer, unsigned ? typeof(ulong) : typeof(long)),
            13 => ("YEAR", MySqlForm.Integer, typeof(int)),
            4 => ("FLOAT", MySqlForm.Float, typeof(float)),
            5 => ("DOUBLE", MySqlForm.Float, typeof(double)),
            6 => ("NULL", MySqlForm.Text, typeof(string)),
            7 => (Timed("TIMESTAMP", field), MySqlForm.DateTime, typeof(DateTime)),
            12 => (Timed("DATETIME", field), MySqlForm.DateTime, typeof(DateTime)),
            10 or 14 => ("DATE", MySqlForm.Date, typeof(DateTime)),
            11 => (Timed("TIME", field), MySqlForm.Time, typeof(TimeSpan)),
            16 => ($"BIT({field.Length})", MySqlForm.Bit, typeof(ulong)),
            // MySQL says of JSON that it is binary; what it sends is UTF-8.
            245 => ("JSON", MySqlForm.Text, typeof(string)),
            255 => ("GEOMETRY", MySqlForm.Binary, typeof(byte[])),
            249 or 250 or 251 or 252 => binary ? ("BLOB", MySqlForm.Binary, typeof(byte[])) : ("TEXT", MySqlForm.Text, typeof(string)),
            _ when (field.Flags & EnumFlag) != 0 || field.Type == 247 => ("ENUM", MySqlForm.Text, typeof(string)),
            _ when (field.Flags & SetFlag) != 0 || field.Type == 248 => ("SET", MySqlForm.Text, typeof(string)),
            254 => binary ? ("BINARY", MySqlForm.Binary, typeof(byte[])) : ("CHAR", MySqlForm.Text, typeof(string)),
            _ => binary ? ("VARBINARY", MySqlForm.Binary, typeof(byte[])) : ("VARCHAR", MySqlForm.Text, typeof(string)),
        };
    }

    // Of what a query computes the server may not know it, and says a number beyond.
    private static string Timed(string type, in MySqlField field) => field.Decimals is > 0 and <= 6 ? $"{type}({field.Decimals})" : type;

    // The length counts the sign and the point too. System.Decimal holds every number of 28 digits.
    private static int Digits(in MySqlField field, bool unsigned) => (int)field.Length - (unsigned ? 0 : 1) - (field.Decimals > 0 ? 1 : 0);
}
