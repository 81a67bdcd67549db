namespace Sluice.Cluster.Api;

/// <summary>Which watermarks; null means any.</summary>
public sealed record WatermarkFilter(string? DagId = null, string? TaskId = null, int Limit = 100);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The task instance.</param>
/// <param name="RunId">The run that opened the window; null for a mark that was set before any run.</param>
/// <param name="LogicalDate">Of that run.</param>
/// <param name="Token">The attempt.</param>
/// <param name="From">The window begins above this; null at the beginning.</param>
/// <param name="To">It ends with this, inclusively; null when there was nothing.</param>
/// <param name="IsMark">The attempt succeeded: <paramref name="To"/> is the mark that it left.</param>
/// <param name="At">When it was opened, or became the mark.</param>
/// <param name="By">Who set it by hand.</param>
public sealed record WatermarkSummary(
    string DagId, string TaskId, string? RunId, DateTimeOffset? LogicalDate, int Token, string? From, string? To, bool IsMark, DateTimeOffset At, string? By);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The task instance: of a mapped task each has a mark of its own.</param>
/// <param name="Value">The new mark, as <c>watermarks show</c> prints one; null to forget it.</param>
/// <param name="Note">Why, for those who look at it later.</param>
/// <param name="DryRun">Only say what would be done.</param>
public sealed record WatermarkChange(string DagId, string TaskId, string? Value = null, string? Note = null, bool DryRun = false);

/// <param name="Before">The mark that it had; null for none.</param>
/// <param name="After">The mark that it has; null: the next run begins at the beginning.</param>
/// <param name="DryRun">Nothing was done.</param>
public sealed record WatermarkChanged(string DagId, string TaskId, string? Before, string? After, bool DryRun);
