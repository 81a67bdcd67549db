using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Reads the text that MySQL sends for a value.</summary>
internal static class MySqlValue
{
    /// <summary>The value as the column's <see cref="MySqlColumn.ClrType"/>; null for a zero date, unless the settings say otherwise.</summary>
    public static object? Decode(MySqlColumn column, ReadOnlySpan<byte> text, ZeroDates zeroDates) => column.Form switch
    {
        MySqlForm.Integer => DecodeInteger(column.ClrType, text),
        MySqlForm.Decimal when column.ClrType == typeof(decimal) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture),
        MySqlForm.Float when column.ClrType == typeof(float) => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        MySqlForm.Float => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        MySqlForm.Date or MySqlForm.DateTime => DecodeDate(column, text, zeroDates),
        MySqlForm.Time => DecodeTime(text),
        MySqlForm.Bit => DecodeBit(text),
        MySqlForm.Binary => text.ToArray(),
        _ => Encoding.UTF8.GetString(text),
    };

    /// <summary>True for dates that exist in MySQL only: a year, month or day of zero.</summary>
    public static bool IsZeroDate(ReadOnlySpan<byte> text) =>
        text.Length < 10 || text.StartsWith("0000"u8) || text[5..7].SequenceEqual("00"u8) || text[8..10].SequenceEqual("00"u8);

    /// <summary>The error for <c>zero_dates=error</c>.</summary>
    public static MySqlException ZeroDate(MySqlColumn column, ReadOnlySpan<byte> text) => new(
        $"Column '{column.Name}' holds the date {Encoding.UTF8.GetString(text)}, which exists in MySQL only; set zero_dates=null on the connection to read it as NULL.",
        0,
        "22007");

    /// <summary>BIT comes as up to eight bytes, the highest first.</summary>
    public static ulong DecodeBit(ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        foreach (var part in bytes)
        {
            value = (value << 8) | part;
        }

        return value;
    }

    private static object DecodeInteger(Type type, ReadOnlySpan<byte> text)
    {
        if (type == typeof(ulong))
        {
            return ulong.Parse(text, CultureInfo.InvariantCulture);
        }

        var value = long.Parse(text, CultureInfo.InvariantCulture);
        return type == typeof(long) ? value : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
    }

    private static object? DecodeDate(MySqlColumn column, ReadOnlySpan<byte> text, ZeroDates zeroDates)
    {
        if (IsZeroDate(text))
        {
            return zeroDates switch
            {
                ZeroDates.Text => Encoding.UTF8.GetString(text),
                ZeroDates.Error => throw ZeroDate(column, text),
                _ => null,
            };
        }

        return DateTime.Parse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.None);
    }

    // From -838:59:59 to 838:59:59, with up to six digits behind the point.
    private static TimeSpan DecodeTime(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        var rest = negative ? text[1..] : text;
        if (!Utf8Parser.TryParse(rest, out int hours, out var used) || rest.Length < used + 6)
        {
            throw new MySqlException($"'{Encoding.UTF8.GetString(text)}' is no TIME.", 0, "22007");
        }

        rest = rest[(used + 1)..];
        var minutes = int.Parse(rest[..2], CultureInfo.InvariantCulture);
        var seconds = decimal.Parse(rest[3..], NumberStyles.Number, CultureInfo.InvariantCulture);
        var ticks = (((hours * 60L) + minutes) * TimeSpan.TicksPerMinute) + (long)(seconds * TimeSpan.TicksPerSecond);
        return TimeSpan.FromTicks(negative ? -ticks : ticks);
    }
}
