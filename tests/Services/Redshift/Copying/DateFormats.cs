using System.Globalization;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Reads dates and times as DATEFORMAT and TIMEFORMAT say.</summary>
internal static class DateFormats
{
    internal const string DefaultDate = "YYYY-MM-DD";
    internal const string DefaultTime = "YYYY-MM-DD HH:MI:SS";

    // What 'auto' knows of, besides the defaults.
    private static readonly string[] AutoDates = ["yyyy-M-d", "yyyy/M/d", "yyyyMMdd", "MM/dd/yyyy", "M/d/yyyy", "d MMM yyyy", "MMM d yyyy", "yyyy.M.d"];

    private static readonly string[] AutoTimes = ["", " HH:mm", " HH:mm:ss", " HH:mm:ss.FFFFFFF", " HHmmss"];

    /// <returns>PostgreSQL's own form; null when it does not fit.</returns>
    public static string? Date(string text, string format) => format switch
    {
        "auto" => DateTime.TryParseExact(text.Split(' ', 'T')[0], AutoDates, CultureInfo.InvariantCulture, DateTimeStyles.None, out var auto) ? $"{auto:yyyy-MM-dd}" : null,
        DefaultDate => DateTime.TryParseExact(text.Length > 10 ? text[..10] : text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? $"{date:yyyy-MM-dd}" : null,
        _ => DateTime.TryParseExact(text, Translate(format), CultureInfo.InvariantCulture, DateTimeStyles.None, out var other) ? $"{other:yyyy-MM-dd}" : null,
    };

    /// <param name="text">As it was written.</param>
    /// <param name="format">TIMEFORMAT.</param>
    /// <param name="zoned">For TIMESTAMPTZ; without a zone it is UTC.</param>
    /// <returns>PostgreSQL's own form; null when it does not fit.</returns>
    public static string? Time(string text, string format, bool zoned)
    {
        switch (format)
        {
            case "epochsecs" or "epochmillisecs":
                return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && Math.Abs(count) < 250_000_000_000_000
                    ? Write(DateTimeOffset.UnixEpoch.AddTicks(count * (format == "epochsecs" ? TimeSpan.TicksPerSecond : TimeSpan.TicksPerMillisecond)), zoned)
                    : null;
            case "auto":
                return Auto(text, zoned);
            case DefaultTime:
                // Fractions are read, too; the letter T between date and time is not.
                return text.Contains('T', StringComparison.Ordinal) || text.Length < 10 ? null : Exact(text, ["yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF"], zoned);
            default:
                return Exact(text, [Translate(format)], zoned);
        }
    }

    private static string? Auto(string text, bool zoned)
    {
        var plain = text.Length > 10 && text[10] == 'T' ? text[..10] + " " + text[11..] : text;
        return Exact(plain, [.. from date in AutoDates from time in AutoTimes select date + time], zoned);
    }

    private static string? Exact(string text, string[] formats, bool zoned)
    {
        var offset = TimeSpan.Zero;
        if (Offset(text) is { } at)
        {
            if (!zoned || !TryOffset(text[at..], out offset))
            {
                // A TIMESTAMP takes no zone, except UTC's own letter.
                if (text[at..] != "Z")
                {
                    return null;
                }
            }

            text = text[..at].TrimEnd();
        }

        return DateTime.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? Write(new DateTimeOffset(time, offset), zoned)
            : null;
    }

    private static int? Offset(string text)
    {
        var at = text.Length > 10 ? text.LastIndexOfAny(['+', '-', 'Z']) : -1;
        return at > 10 ? at : null;
    }

    private static bool TryOffset(string text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text == "Z")
        {
            return true;
        }

        var digits = text[1..].Replace(":", "", StringComparison.Ordinal);
        if (digits.Length is not (2 or 4) || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        offset = digits.Length == 2 ? TimeSpan.FromHours(number) : new(number / 100, number % 100, 0);
        offset = text[0] == '-' ? -offset : offset;
        return offset.Duration() <= TimeSpan.FromHours(14);
    }

    private static string Write(DateTimeOffset time, bool zoned)
    {
        // Six digits; what is behind them is cut off.
        var micros = time.AddTicks(-(time.Ticks % 10));
        return zoned ? $"{micros:yyyy-MM-dd HH:mm:ss.ffffffzzz}" : $"{micros:yyyy-MM-dd HH:mm:ss.ffffff}";
    }

    private static string Translate(string format) => format
        .Replace("YYYY", "yyyy", StringComparison.Ordinal).Replace("YY", "yy", StringComparison.Ordinal)
        .Replace("MONTH", "MMMM", StringComparison.Ordinal).Replace("MON", "MMM", StringComparison.Ordinal)
        .Replace("MI", "mm", StringComparison.Ordinal).Replace("DD", "dd", StringComparison.Ordinal)
        .Replace("HH24", "HH", StringComparison.Ordinal).Replace("HH12", "hh", StringComparison.Ordinal)
        .Replace("SS", "ss", StringComparison.Ordinal).Replace("OF", "", StringComparison.Ordinal)
        .Replace("AM", "tt", StringComparison.Ordinal).Replace("PM", "tt", StringComparison.Ordinal);
}
