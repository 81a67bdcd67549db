using System.Globalization;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Rows;

/// <summary>How large what is extracted may be: a worker's memory is bounded, whatever the rows are.</summary>
public static class RowLimits
{
    /// <summary>Bytes of one value.</summary>
    public const int LargestValue = 64 * 1024 * 1024;

    /// <summary>Bytes of all values of one row.</summary>
    public const int LargestRow = 128 * 1024 * 1024;

    // Below this, room for the worst that escaping makes of a value costs less than counting.
    private const int Large = 64 * 1024;

    private const string Remedy = "Leave the column out, or cut it in the query.";

    /// <summary>Whether room for a value is worth counting what escaping adds to it.</summary>
    internal static bool IsLarge(ReadOnlySpan<byte> utf8) => utf8.Length > Large;

    /// <summary>The error for a value that is larger.</summary>
    /// <param name="column">Its column.</param>
    /// <param name="row">Its row, from 1.</param>
    /// <param name="bytes">Its size, or as much of it as was seen.</param>
    public static TaskFailedException ValueTooLarge(string column, long row, long bytes) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Column {column} of row {row} has a value of {bytes} bytes or more; the most that can be extracted is {LargestValue}. {Remedy}"));

    /// <summary>The error for a row that is larger.</summary>
    /// <param name="column">Where that was seen.</param>
    /// <param name="row">The row, from 1.</param>
    public static TaskFailedException RowTooLarge(string column, long row) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Row {row} has more than {LargestRow} bytes up to its column {column}; that is the most that can be extracted. {Remedy}"));
}
