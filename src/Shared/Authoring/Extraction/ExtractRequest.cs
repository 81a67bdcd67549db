using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Extraction;

/// <summary>What to read, and where and how to write it.</summary>
public sealed record ExtractRequest
{
    /// <summary>A query; or give <see cref="Table"/>.</summary>
    public string? Query { get; init; }

    /// <summary>Instead of a query: rows of this table, unquoted.</summary>
    public string? Table { get; init; }

    /// <summary>Schema of <see cref="Table"/>; null for the connection's own.</summary>
    public string? Schema { get; init; }

    /// <summary>Columns of <see cref="Table"/>; none for all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Values for <c>@name</c> placeholders; null for none.</summary>
    public IReadOnlyDictionary<string, object?>? Parameters { get; init; }

    /// <summary>Whole-number column by which the rows are split among readers; null: one reader reads all.</summary>
    public string? PartitionBy { get; init; }

    /// <summary>How they are split.</summary>
    public PartitionMethod PartitionMethod { get; init; }

    /// <summary>Sessions that read at once, all of the same moment.</summary>
    public int Readers { get; init; } = 1;

    /// <summary>What may leave.</summary>
    public ColumnPolicy Policy { get; init; } = new();

    /// <summary>Rows a second over all readers; null for any number.</summary>
    public long? MaxRowsPerSecond { get; init; }

    /// <summary>Bytes a second over all readers, before compression; null for any number.</summary>
    public long? MaxBytesPerSecond { get; init; }

    /// <summary>The object; with a manifest, what its name begins with.</summary>
    public required Uri Uri { get; init; }

    /// <summary>Where the objects go.</summary>
    public required IObjectStore Store { get; init; }

    /// <summary>How they are written.</summary>
    public ObjectWriteOptions WriteOptions { get; init; } = new();

    /// <summary>CSV or JSON lines.</summary>
    public FileFormat Format { get; init; }

    /// <summary>How CSV is written; of JSON lines only its compression counts.</summary>
    public CsvFormat Csv { get; init; } = new();

    /// <summary>A new object is begun after so many rows; null: one for each part that is read, or with <see cref="Feed"/> as many as suit it.</summary>
    public long? MaxRowsPerFile { get; init; }

    /// <summary>Writes a manifest also where one object would do.</summary>
    public bool Manifest { get; init; }

    /// <summary>Evidence to take of the rows on their way, and to compare with the source's own.</summary>
    public Reconciliation Reconcile { get; init; }

    /// <summary>Is told of each object that is whole, for a load that runs beside this; null: nobody.</summary>
    public ObjectFeed? Feed { get; init; }

    /// <summary>Reads only what is new; null: everything.</summary>
    public IncrementalRead? Incremental { get; init; }

    /// <summary>What rows must fulfil, as SQL with parameters; null: nothing. Follows from <see cref="Incremental"/>.</summary>
    internal string? Window { get; init; }

    /// <summary>The window that is read; null when all is.</summary>
    internal Core.Watermarks.WatermarkWindow? Opened { get; init; }

    /// <summary>Takes what is seen of the rows.</summary>
    public Evidence.EvidenceTrail Trail { get; init; } = new();

    /// <summary>The attempt, for the manifest: run, task, try.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>Takes lines for the attempt's log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Tells the log when a write replaces what an earlier attempt left behind.</summary>
    internal void TellOfTakeOver(Uri uri, IObjectWrite write)
    {
        if (write.TakesOverFrom is { } former)
        {
            TellOfFormer(uri, $"attempt {former.Attempt}");
        }
    }

    /// <summary>The same of what says so itself.</summary>
    internal void TellOfFormer(Uri uri, string writer) =>
        Log?.Invoke($"{ObjectUri.Text(uri)} was written by an earlier try of this task in this run ({writer}); it is written again.");

    /// <summary>True when several objects are published by one manifest.</summary>
    public bool HasManifest => Manifest || Incremental is not null || Feed is not null || Readers > 1 || PartitionBy is not null || MaxRowsPerFile is not null || Reconcile != Reconciliation.None;

    /// <summary>For the policy: what the database says of a query. Asked of it as the author wrote it: parts are queries around it, through which not every database sees.</summary>
    internal async ValueTask<QueryText> DescribeAsync(string sql, ISqlHook source, CancellationToken cancellationToken) =>
        new(sql, Policy.Personal.Count > 0 && source is IDescribingHook describing ? await describing.DescribeAsync(sql, Parameters, cancellationToken) : null)
        {
            Table = string.IsNullOrEmpty(Table) ? null : (Schema, Table),
        };
}

/// <summary>How the rows of an extract are split among readers.</summary>
public enum PartitionMethod
{
    /// <summary>By ranges of the column's values: best on a key, which the database then reads in order.</summary>
    Range,

    /// <summary>By the remainder of the column's value: even where the values are not; every reader looks at all rows.</summary>
    Modulus,
}

/// <summary>How files of rows are written.</summary>
public enum FileFormat
{
    /// <summary>CSV, RFC 4180.</summary>
    Csv,

    /// <summary>One JSON object a line.</summary>
    JsonLines,
}

/// <summary>How two places are compared.</summary>
public enum Reconciliation
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Rows, NULLs of each column, and the least and greatest of each column of numbers or dates.</summary>
    Counts,

    /// <summary>Those, and a hash over all values that does not depend on the order of rows.</summary>
    Checksums,
}

/// <summary>What an extract wrote.</summary>
/// <param name="Uri">The object or the manifest, as an author writes it.</param>
/// <param name="Rows">Rows, without headers.</param>
/// <param name="Bytes">Size of all objects as they are stored.</param>
/// <param name="Objects">How many objects.</param>
/// <param name="Evidence">What was seen of the rows; null when it was not asked for.</param>
public sealed record ExtractResult(string Uri, long Rows, long Bytes, int Objects, Evidence.RowEvidence? Evidence);
