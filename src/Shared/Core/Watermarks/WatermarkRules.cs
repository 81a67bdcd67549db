using Sluice.Core.DagRuns;

namespace Sluice.Core.Watermarks;

/// <summary>Which window a run of a task reads. Pure.</summary>
/// <remarks>
/// Runs stand in the order in which their intervals end, which is the order in which they are made. The windows of the runs that succeeded lie side by side,
/// in whatever order they ran: each begins where the latest success before it ended, and ends where a later run has begun.
/// </remarks>
public static class WatermarkRules
{
    /// <summary>Why the runs of a backfill have no windows.</summary>
    public const string NotForBackfills =
        "A backfill cannot read by a watermark: its rows would go by the order of runs, not by the dates of the backfill. Read by the data interval in a Dag for backfills; or clear past runs, which read their windows again; or move the mark back with: sluice watermarks set";

    /// <summary>The window of a run.</summary>
    /// <param name="type">What made the run.</param>
    /// <param name="before">The mark of the latest earlier run that succeeded; null for none.</param>
    /// <param name="after">Window of the next later run that has opened one; null for none.</param>
    /// <param name="own">The window that this run opened last; null for none.</param>
    public static WatermarkAnswer Settle(RunType type, string? before, WatermarkWindow? after, WatermarkWindow? own) => (type, before, after, own) switch
    {
        (RunType.Backfill, _, _, null) => new(before, Refusal: NotForBackfills),
        (_, _, not null, _) => new(before, IsSettled: true, after.From),
        (_, _, _, { To: not null }) when own.From == before => new(before, IsSettled: true, own.To),
        _ => new(before),
    };

    /// <summary>The mark that a window leaves behind: without anything new the one before stays.</summary>
    public static string? MarkOf(WatermarkWindow window) => window.To ?? window.From;
}
