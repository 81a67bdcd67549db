using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Watermarks;

/// <summary>Marks as exact text. Pure.</summary>
internal static partial class WatermarkValue
{
    /// <summary>Refuses what is no value of the column's kind, so that nothing else ever reaches a statement.</summary>
    /// <exception cref="TaskFailedException">It is none.</exception>
    internal static string Check(string text, SqlColumnKind kind, string what) => Shape(kind).IsMatch(text)
        ? text
        : throw new TaskFailedException($"{what} is '{text}', which is no {Name(kind)}{(what.Contains("mark", StringComparison.Ordinal) ? "; put it right with: sluice watermarks set" : "")}.");

    /// <summary>A mark less an overlap.</summary>
    /// <exception cref="TaskFailedException">The overlap does not fit the kind.</exception>
    internal static string Less(string mark, string overlap, SqlColumnKind kind)
    {
        if (kind is SqlColumnKind.Integer or SqlColumnKind.Decimal)
        {
            return Whole().IsMatch(overlap) || (kind == SqlColumnKind.Decimal && Shape(kind).IsMatch(overlap))
                ? Less(mark, overlap)
                : throw new TaskFailedException($"Overlap is '{overlap}'; for a column of numbers give a number such as 1000.");
        }

        if (!Duration.TryParse(overlap, out var time) || time < TimeSpan.Zero)
        {
            throw new TaskFailedException($"Overlap is '{overlap}'; for a column of dates or timestamps give a duration such as 10m or 1d.");
        }

        if (kind == SqlColumnKind.Date)
        {
            return DateOnly.ParseExact(mark, "yyyy-MM-dd", CultureInfo.InvariantCulture)
                .AddDays(-(int)Math.Ceiling(time.TotalDays)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }

        var parts = Shape(SqlColumnKind.Timestamp).Match(mark);
        var moment = DateTime.Parse(parts.Groups["moment"].Value, CultureInfo.InvariantCulture, DateTimeStyles.None) - time;
        var separator = mark.Contains('T', StringComparison.Ordinal) ? "'T'" : " ";
        return moment.ToString($"yyyy-MM-dd{separator}HH:mm:ss.ffffff", CultureInfo.InvariantCulture) + parts.Groups["zone"].Value;
    }

    private static string Less(string mark, string overlap)
    {
        var scale = Math.Max(Scale(mark), Scale(overlap));
        var left = Unscaled(mark, scale) - BigInteger.Abs(Unscaled(overlap, scale));
        if (scale == 0)
        {
            return left.ToString(CultureInfo.InvariantCulture);
        }

        var digits = BigInteger.Abs(left).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return $"{(left.Sign < 0 ? "-" : "")}{digits[..^scale]}.{digits[^scale..]}";
    }

    private static int Scale(string number) => number.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point ? number.Length - point - 1 : 0;

    private static BigInteger Unscaled(string number, int scale) =>
        BigInteger.Parse(number.Replace(".", "", StringComparison.Ordinal) + new string('0', scale - Scale(number)), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static Regex Shape(SqlColumnKind kind) => kind switch
    {
        SqlColumnKind.Integer => Whole(),
        SqlColumnKind.Decimal => Number(),
        SqlColumnKind.Date => Day(),
        _ => Moment(),
    };

    private static string Name(SqlColumnKind kind) => kind switch
    {
        SqlColumnKind.Integer => "whole number",
        SqlColumnKind.Decimal => "decimal number",
        SqlColumnKind.Date => "date such as 2021-02-05",
        _ => "timestamp such as 2021-02-05 12:00:00",
    };

    [GeneratedRegex(@"\A-?[0-9]{1,100}\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\A-?[0-9]{1,100}(\.[0-9]{1,100})?\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex Day();

    [GeneratedRegex(@"\A(?<moment>[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?)(?<zone>Z|[+-][0-9]{2}(:?[0-9]{2})?)?\z")]
    private static partial Regex Moment();
}
