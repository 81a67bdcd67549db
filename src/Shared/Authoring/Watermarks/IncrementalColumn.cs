namespace Sluice.Authoring.Watermarks;

/// <summary>Reads only rows that are new since the last success: those whose column is above the mark that the engine keeps of this task.</summary>
public sealed record IncrementalColumn
{
    /// <summary>A column that only grows: whole numbers, decimals, dates or timestamps. Best with an index. Of a query, as its result names it.</summary>
    public required string Column { get; init; }

    /// <summary>Before there is a mark: rows from this value on, inclusively. Default: all.</summary>
    public string? Start { get; init; }

    /// <summary>Reads so much before the mark again, for rows that become visible late: a duration such as <c>10m</c> for dates and timestamps, else a number. Needs UPSERT. Default: nothing.</summary>
    public string? Overlap { get; init; }

    /// <summary>What to do about rows without a value in the column, which no mark can reach. Default: fail.</summary>
    public IncrementalNulls Nulls { get; init; }
}

/// <summary>Rows without a value in the column of the watermark.</summary>
public enum IncrementalNulls
{
    /// <summary>The task fails when there is one.</summary>
    Fail,

    /// <summary>They are left out.</summary>
    Skip,

    /// <summary>They are read each time.</summary>
    Include,
}
