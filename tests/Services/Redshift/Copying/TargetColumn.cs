using System.Globalization;
using System.Text.RegularExpressions;

namespace Sluice.Services.Redshift.Copying;

/// <summary>A column that COPY fills.</summary>
/// <param name="Name">As the catalog has it.</param>
/// <param name="Kind">How its fields are read.</param>
/// <param name="TypeName">As STL_LOAD_ERRORS names it.</param>
/// <param name="Length">Bytes of a text or of bytes, digits of a decimal; 0 for none.</param>
/// <param name="Scale">Digits behind the point of a decimal.</param>
/// <param name="NotNull">NULL is refused.</param>
internal sealed partial record TargetColumn(string Name, TargetKind Kind, string TypeName, int Length, int Scale, bool NotNull)
{
    public bool IsText => Kind is TargetKind.Varying or TargetKind.Fixed;

    /// <param name="name">As the catalog has it.</param>
    /// <param name="type">As PostgreSQL's format_type writes it.</param>
    /// <param name="notNull">NULL is refused.</param>
    /// <exception cref="RedshiftException">This server does not know the type.</exception>
    public static TargetColumn Of(string name, string type, bool notNull)
    {
        var match = Type().Match(type);
        var (length, scale) = (Number(match.Groups["length"]), Number(match.Groups["scale"]));
        var (kind, typeName) = match.Groups["name"].Value switch
        {
            "smallint" => (TargetKind.Int2, "int2"),
            "integer" => (TargetKind.Int4, "int4"),
            "bigint" => (TargetKind.Int8, "int8"),
            "numeric" => (TargetKind.Decimal, "numeric"),
            "real" => (TargetKind.Float, "float4"),
            "double precision" => (TargetKind.Float, "float8"),
            "boolean" => (TargetKind.Boolean, "bool"),
            "character varying" or "text" => (TargetKind.Varying, "varchar"),
            "character" => (TargetKind.Fixed, "char"),
            "date" => (TargetKind.Date, "date"),
            "timestamp without time zone" => (TargetKind.Timestamp, "timestamp"),
            "timestamp with time zone" => (TargetKind.TimestampZoned, "timestamptz"),
            "time without time zone" => (TargetKind.Time, "time"),
            "time with time zone" => (TargetKind.TimeZoned, "timetz"),
            "varbyte" => (TargetKind.Bytes, "varbyte"),
            _ => throw RedshiftException.Unsupported($"COPY into column {name} of type {type}"),
        };
        length = kind switch
        {
            TargetKind.Varying when length == 0 => 65535,
            TargetKind.Decimal when length == 0 => 18,
            _ => length,
        };
        return new(name, kind, typeName, length, scale, notNull);
    }

    private static int Number(Group group) => group.Success ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A(?<name>[a-z ]+?)(\((?<length>\d+)(,(?<scale>\d+))?\))?\z")]
    private static partial Regex Type();
}

/// <summary>How the fields of a column are read.</summary>
internal enum TargetKind
{
    Int2,
    Int4,
    Int8,
    Decimal,
    Float,
    Boolean,
    Varying,
    Fixed,
    Date,
    Timestamp,
    TimestampZoned,
    Time,
    TimeZoned,
    Bytes,
}
