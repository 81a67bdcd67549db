namespace Sluice.Cluster.Api;

public sealed record BackfillName(string BackfillId);

/// <param name="DagId">The Dag.</param>
/// <param name="Start">First logical date, inclusive; a bare date is midnight in the Dag's zone.</param>
/// <param name="End">Last logical date, exclusive.</param>
/// <param name="MaxActiveRuns">Runs at once.</param>
/// <param name="Reprocess">What becomes of intervals that have a finished run: none, failed or completed.</param>
/// <param name="Order">Which interval goes first: oldest or newest.</param>
/// <param name="Conf">JSON object that overrides the Dag's params in every run.</param>
/// <param name="Connections">The id of a connection, to the id of the one that its runs get instead.</param>
/// <param name="Note">Why; kept with the backfill.</param>
/// <param name="Version">The version of the Dag that its runs go by: <c>latest</c> (the default), <c>original</c> for runs that are run again to keep their own, or a content hash or its beginning.</param>
public sealed record BackfillRequest(
    string DagId,
    string Start,
    string End,
    int MaxActiveRuns = 1,
    string Reprocess = "none",
    string Order = "oldest",
    string? Conf = null,
    IReadOnlyDictionary<string, string>? Connections = null,
    string? Note = null,
    string? Version = null);

/// <param name="Backfill">The backfill that is thought of.</param>
/// <param name="After">Logical date of the last interval that was shown; null for the first page.</param>
/// <param name="Limit">Intervals a page, 1 to 10,000.</param>
public sealed record BackfillPreviewRequest(BackfillRequest Backfill, DateTimeOffset? After = null, int Limit = 1000);

/// <param name="Create">Intervals of this page that would get a run.</param>
/// <param name="Reprocess">Those whose run would be run again.</param>
/// <param name="Skip">Those that would be left as they are.</param>
/// <param name="Intervals">In the order of the backfill.</param>
/// <param name="Next">What to ask for the next page after; null on the last.</param>
public sealed record BackfillPreview(
    string DagId, int Create, int Reprocess, int Skip, IReadOnlyList<BackfillInterval> Intervals, DateTimeOffset? Next = null);

/// <param name="Start">The logical date.</param>
/// <param name="End">End of the data interval.</param>
/// <param name="Action">create, reprocess or skip.</param>
/// <param name="RunId">The run that it has.</param>
/// <param name="Why">Why it would be left as it is.</param>
public sealed record BackfillInterval(DateTimeOffset Start, DateTimeOffset End, string Action, string? RunId = null, string? Why = null);

/// <param name="BackfillId">The backfill.</param>
/// <param name="Note">Why; kept with the backfill.</param>
/// <param name="Running">Of a cancellation: runs that are active are cancelled, too.</param>
public sealed record BackfillChange(string BackfillId, string? Note = null, bool Running = false);

public sealed record BackfillFilter(string? DagId);

public sealed record BackfillSummary
{
    public required string BackfillId { get; init; }

    public required string DagId { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required DateTimeOffset End { get; init; }

    public required int MaxActiveRuns { get; init; }

    public required string State { get; init; }

    /// <summary>oldest or newest.</summary>
    public string Order { get; init; } = "oldest";

    public string Reprocess { get; init; } = "none";

    public string? Conf { get; init; }

    public IReadOnlyDictionary<string, string>? Connections { get; init; }

    /// <summary>The version that its runs go by: original, or a content hash; missing for the latest.</summary>
    public string? Version { get; init; }

    /// <summary>Complete intervals in the range.</summary>
    public int Intervals { get; init; }

    /// <summary>Intervals that keep the run they have; how many is certain only at the end.</summary>
    public int Skipped { get; init; }

    /// <summary>Runs that it makes.</summary>
    public required int Total { get; init; }

    /// <summary>Runs that have been begun and have not ended.</summary>
    public int Active { get; init; }

    public required int Succeeded { get; init; }

    public required int Failed { get; init; }

    /// <summary>Runs that have ended a second, of late; missing while none has, while it is paused, and when it is over.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Seconds until the rest has ended at this rate.</summary>
    public double? EtaSeconds { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string? CreatedBy { get; init; }

    public string? Note { get; init; }

    /// <summary>Who paused, resumed or cancelled it last.</summary>
    public string? ChangedBy { get; init; }

    public DateTimeOffset? ChangedAt { get; init; }

    public string? ChangedNote { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}

public sealed record BackfillDetails(BackfillSummary Backfill, IReadOnlyList<RunSummary> Runs);
