using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Reads a field as Redshift's COPY does, and writes it as PostgreSQL's COPY reads it.</summary>
internal sealed partial class FieldConverter(CopyStatement copy)
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The field that stands for NULL, whether it is in quotes or not.</summary>
    public bool IsNull(ReadOnlySpan<byte> field, TargetColumn column)
    {
        if (copy.Format != CopyFormat.Json && field.SequenceEqual(Encoding.UTF8.GetBytes(copy.NullText)))
        {
            return true;
        }

        // Only a text can be empty, and only without EMPTYASNULL.
        return field.IsEmpty ? !column.IsText || copy.EmptyAsNull
            : field.Trim((byte)' ').IsEmpty && (!column.IsText || copy.BlanksAsNull);
    }

    /// <returns>Null when it does not fit; <paramref name="error"/> says why.</returns>
    public byte[]? Convert(ReadOnlySpan<byte> field, TargetColumn column, out LoadError? error)
    {
        error = null;
        if (column.IsText)
        {
            return Text(field, column, out error);
        }

        if (field.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E))
        {
            error = LoadError.BadDigit('?', 0, column.TypeName);
            return null;
        }

        var text = Encoding.ASCII.GetString(field).Trim(' ');
        string? converted;
        (converted, error) = column.Kind switch
        {
            TargetKind.Int2 => Integer(text, short.MinValue, short.MaxValue, "Short"),
            TargetKind.Int4 => Integer(text, int.MinValue, int.MaxValue, "Integer"),
            TargetKind.Int8 => Integer(text, long.MinValue, long.MaxValue, "Long"),
            TargetKind.Decimal => Decimal(text, column),
            TargetKind.Float => Or(Float(text), LoadError.BadFloat),
            TargetKind.Boolean => Or(Boolean(text), LoadError.BadBoolean),
            TargetKind.Date => Or(DateFormats.Date(text, copy.DateFormat), LoadError.BadDate),
            TargetKind.Timestamp => Or(DateFormats.Time(text, copy.TimeFormat, zoned: false), LoadError.BadTime),
            TargetKind.TimestampZoned => Or(DateFormats.Time(text, copy.TimeFormat, zoned: true), LoadError.BadTime),
            TargetKind.TimeZoned => Or(ZonedTime().IsMatch(text) ? text : null, LoadError.BadTime),
            TargetKind.Bytes => Bytes(text, column),
            _ => Or(TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out var time) ? $"{time:HH:mm:ss.ffffff}" : null, LoadError.BadTime),
        };
        if (error is not null && copy.AcceptAnyDate && column.Kind is TargetKind.Date or TargetKind.Timestamp)
        {
            error = null;
            return "\\N"u8.ToArray();
        }

        return converted is null ? null : Encoding.ASCII.GetBytes(converted);
    }

    // COPY takes hexadecimal digits and nothing before them: "Loading a column of the VARBYTE data type".
    private static (string?, LoadError?) Bytes(string text, TargetColumn column) =>
        text.AsSpan().IndexOfAnyExcept(Hexadecimal) is >= 0 and var bad ? (null, LoadError.BadDigit(text[bad], bad, column.TypeName))
        : text.Length % 2 > 0 ? (null, LoadError.BadDigit(text[^1], text.Length - 1, column.TypeName))
        : text.Length / 2 > column.Length ? (null, LoadError.TooLong)
        : ($@"\\x{text}", null);

    private byte[]? Text(ReadOnlySpan<byte> field, TargetColumn column, out LoadError? error)
    {
        error = null;
        var bytes = field.ToArray();
        try
        {
            Strict.GetCharCount(bytes);
        }
        catch (DecoderFallbackException e)
        {
            if (copy.Replacement is not { } replacement || column.Kind == TargetKind.Fixed)
            {
                error = LoadError.BadUtf8(e.BytesUnknown![0], e.Index);
                return null;
            }

            Replace(bytes, (byte)replacement);
        }

        if (column.Kind == TargetKind.Fixed && bytes.AsSpan().ContainsAnyInRange((byte)0x80, (byte)0xFF))
        {
            error = LoadError.MultibyteChar;
            return null;
        }

        if (bytes.AsSpan().Contains((byte)0))
        {
            error = LoadError.BadUtf8(0, bytes.AsSpan().IndexOf((byte)0));
            return null;
        }

        ReadOnlySpan<byte> text = copy.TrimBlanks ? bytes.AsSpan().TrimEnd((byte)' ') : bytes;
        if (text.Length > column.Length)
        {
            if (!copy.TruncateColumns)
            {
                error = LoadError.TooLong;
                return null;
            }

            var end = column.Length;
            while (end > 0 && (text[end] & 0xC0) == 0x80)
            {
                end--;
            }

            text = text[..end];
        }

        return Escape(text);
    }

    // As many replacements as there are bad bytes.
    private static void Replace(byte[] bytes, byte replacement)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            if (Rune.DecodeFromUtf8(bytes.AsSpan(at), out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                bytes.AsSpan(at, length).Fill(replacement);
            }

            at += length;
        }
    }

    // COPY's text format of PostgreSQL.
    private static byte[] Escape(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAny("\\\t\n\r"u8) < 0)
        {
            return text.ToArray();
        }

        var to = new MemoryStream(text.Length + 16);
        foreach (var one in text)
        {
            to.Write(one switch
            {
                (byte)'\\' => "\\\\"u8,
                (byte)'\t' => "\\t"u8,
                (byte)'\n' => "\\n"u8,
                (byte)'\r' => "\\r"u8,
                _ => [one],
            });
        }

        return to.ToArray();
    }

    private static (string?, LoadError?) Or(string? text, LoadError error) => text is null ? (null, error) : (text, null);

    private static (string?, LoadError?) Integer(string text, Int128 least, Int128 most, string type)
    {
        var start = text is ['-' or '+', ..] ? 1 : 0;
        if (text.AsSpan(start).IndexOfAnyExceptInRange('0', '9') is var bad && (bad >= 0 || text.Length == start))
        {
            return (null, bad < 0 ? LoadError.BadDigit(text[0], 0, type) : LoadError.BadDigit(text[start + bad], start + bad, type));
        }

        return Int128.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? (number.ToString(CultureInfo.InvariantCulture), null)
            : (null, new LoadError(1222, $"Overflow ({type} valid range: {least} to {most})"));
    }

    // Digits that the column does not have are cut off, unless ROUNDEC is given.
    private (string?, LoadError?) Decimal(string text, TargetColumn column)
    {
        var start = text is ['-' or '+', ..] ? 1 : 0;
        for (var i = start; i < text.Length; i++)
        {
            if (!char.IsAsciiDigit(text[i]) && !(text[i] == '.' && text.IndexOf('.', StringComparison.Ordinal) == i))
            {
                return (null, LoadError.BadDigit(text[i], i, "Decimal"));
            }
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = (point < 0 ? text[start..] : text[start..point]).TrimStart('0');
        var fraction = point < 0 ? "" : text[(point + 1)..];
        if (text.Length == start || (whole.Length == 0 && fraction.Length == 0 && !text.Contains('0', StringComparison.Ordinal)))
        {
            return (null, LoadError.BadDigit(text[0], 0, "Decimal"));
        }

        if (whole.Length > column.Length - column.Scale)
        {
            return (null, LoadError.Overflow($"{column.Length},{column.Scale}"));
        }

        var kept = copy.RoundDecimals || fraction.Length <= column.Scale ? fraction : fraction[..column.Scale];
        return ($"{(text[0] == '-' ? "-" : "")}{(whole.Length == 0 ? "0" : whole)}{(kept.Length == 0 ? "" : ".")}{kept}", null);
    }

    private static string? Float(string text) => text.ToLowerInvariant() switch
    {
        "nan" or "infinity" or "-infinity" or "inf" or "-inf" => text,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? text : null,
    };

    private static string? Boolean(string text) => text.ToLowerInvariant() switch
    {
        "t" or "true" or "y" or "yes" or "1" => "t",
        "f" or "false" or "n" or "no" or "0" => "f",
        _ => null,
    };

    [GeneratedRegex(@"\A([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?([+-]\d{2}(:?\d{2})?)?\z")]
    private static partial Regex ZonedTime();
}
