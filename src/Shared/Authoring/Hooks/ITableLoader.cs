using System.Text.Json.Serialization;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;
using Sluice.Core.Connections;

namespace Sluice.Authoring.Hooks;

/// <summary>Loads objects into a table of one kind of database, in one transaction.</summary>
public interface ITableLoader : IAsyncDisposable
{
    /// <summary>Loads; a reader of the table sees the state before or after, never between. Running it again gives the same rows, except APPEND's.</summary>
    ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken);
}

/// <summary>What to load, and how.</summary>
public sealed record TableLoad
{
    /// <summary>Schema of the table; null for the connection's default.</summary>
    public string? Schema { get; init; }

    /// <summary>The table, unquoted.</summary>
    public required string Table { get; init; }

    /// <summary>The objects, in order.</summary>
    public required IReadOnlyList<Uri> Objects { get; init; }

    /// <summary>Instead of <see cref="Objects"/> and <see cref="Manifest"/>: those of an extract that still runs. The load commits when they are published.</summary>
    public ObjectFeed? Feed { get; init; }

    /// <summary>What the author named to be loaded; empty when nobody did.</summary>
    public string Source { get; init; } = "";

    /// <summary>Where the objects lie.</summary>
    public required IObjectStore Store { get; init; }

    /// <summary>Connection of the store, for a database that fetches by itself (Redshift's COPY).</summary>
    public Connection? StoreConnection { get; init; }

    /// <summary>How the objects are written.</summary>
    public required CsvFormat Format { get; init; }

    /// <summary>Columns of the objects, in order; null: from the header, else the table's own order.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>What becomes of rows that are there.</summary>
    public LoadMethod Method { get; init; }

    /// <summary>For UPSERT: columns that identify a row; null: the table's primary key.</summary>
    public IReadOnlyList<string>? UpsertKeys { get; init; }

    /// <summary>For UPSERT: of rows with equal keys in the objects the one highest here is kept; null: the last in the file where the database can tell, else any one.</summary>
    public string? OrderColumn { get; init; }

    /// <summary>What named the objects; null when nothing did.</summary>
    public ObjectManifest? Manifest { get; init; }

    /// <summary>What becomes of columns that the objects have and the table does not.</summary>
    public DriftPolicy Drift { get; init; }

    /// <summary>Column of a table that keeps one snapshot after the other; REPLACE then replaces the rows of <see cref="SnapshotValue"/> only. Null: no such table.</summary>
    public string? SnapshotColumn { get; init; }

    /// <summary>Value of <see cref="SnapshotColumn"/> in all rows of this load.</summary>
    public string? SnapshotValue { get; init; }

    /// <summary>Compares what is in the table at the end with what the manifest tells, before the commit.</summary>
    public Reconciliation Reconcile { get; init; }

    /// <summary>Takes what is seen of the rows.</summary>
    public EvidenceTrail Trail { get; init; } = new();

    /// <summary>Where rows go that the table refuses; null: the first one fails the load.</summary>
    public Uri? Quarantine { get; init; }

    /// <summary>So many rows may be refused; one more fails the load.</summary>
    public long MaxRejected { get; init; }

    /// <summary>Who loads; null: nothing is remembered in the target.</summary>
    public LoadIdentity? Identity { get; init; }

    /// <summary>Appends an interval again that was appended from other objects.</summary>
    public bool AppendAgain { get; init; }

    /// <summary>Says what would be done, and changes nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>For Redshift: further options of COPY.</summary>
    public IReadOnlyList<string> CopyOptions { get; init; } = [];

    /// <summary>For Redshift: renew the planner's statistics after the load.</summary>
    public bool Analyze { get; init; } = true;

    /// <summary>Takes lines for the attempt's log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The same load, once its objects are all there: what a loader asks for that has nothing to do before.</summary>
    public async ValueTask<TableLoad> WhenWholeAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in ArrivingAsync(cancellationToken))
        {
        }

        return Whole();
    }

    /// <summary>The objects, each as soon as it is there.</summary>
    public IAsyncEnumerable<Uri> ArrivingAsync(CancellationToken cancellationToken) => Feed?.ReadAllAsync(cancellationToken) ?? Objects.ToAsyncEnumerable();

    /// <summary>The same load with what is known of an extract that still runs.</summary>
    public TableLoad SoFar() => Feed is null ? this : this with { Manifest = Feed.Manifest };

    /// <summary>The same load after its objects have all come.</summary>
    public TableLoad Whole() => Feed is null ? this : this with { Feed = null, Manifest = Feed.Manifest, Objects = [.. Feed.Manifest!.Entries.Select(entry => entry.Uri)] };
}

/// <summary>How a load treats rows that are there.</summary>
public enum LoadMethod
{
    /// <summary>Adds.</summary>
    Append,

    /// <summary>Removes all others.</summary>
    Replace,

    /// <summary>Replaces those with equal keys, adds the rest.</summary>
    Upsert,
}

/// <summary>What a load did.</summary>
/// <param name="RowsLoaded">Rows read from the objects.</param>
/// <param name="RowsInTable">Rows that the load left written to the table (after duplicates were removed).</param>
public sealed record LoadResult(long RowsLoaded, long RowsInTable)
{
    /// <summary>Rows that the table refused; they are in the quarantine.</summary>
    public long RowsRejected { get; init; }

    /// <summary>What was seen in the table before the commit; null when it was not asked for.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public RowEvidence? Evidence { get; init; }
}

/// <summary>How CSV is written and read.</summary>
public sealed record CsvFormat
{
    /// <summary>One ASCII character. Default: comma.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>First line names the columns. Default: true.</summary>
    public bool Header { get; init; } = true;

    /// <summary>Compressed with gzip. Default: false.</summary>
    public bool Gzip { get; init; }

    /// <summary>Unquoted text that stands for NULL. Default: nothing between two delimiters; the empty string is written as <c>""</c>.</summary>
    public string NullMarker { get; init; } = "";

    /// <summary>Which values are written in quotes. Default: those that need them. Whoever reads takes either.</summary>
    [JsonIgnore]
    public CsvQuoting Quoting { get; init; }
}

/// <summary>Which values of a CSV file are in quotes.</summary>
public enum CsvQuoting
{
    /// <summary>Those that would be misread without: with a delimiter, a quote or a line end in them, empty strings, and texts like the null marker.</summary>
    Minimal,

    /// <summary>All but NULL, the header's names too: for readers that take an unquoted value for a number.</summary>
    All,
}
