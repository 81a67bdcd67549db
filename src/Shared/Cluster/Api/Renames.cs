namespace Sluice.Cluster.Api;

/// <param name="DagId">The id that it had; no file defines it any more.</param>
/// <param name="NewDagId">The id from then on. A Dag of that id may be there if it has no runs.</param>
/// <param name="Note">Why, for those who look at it later.</param>
/// <param name="DryRun">Only say whether it could be done.</param>
public sealed record RenameDagRequest(string DagId, string NewDagId, string? Note = null, bool DryRun = false);

/// <param name="DagId">The id that it had.</param>
/// <param name="NewDagId">The id from now on.</param>
/// <param name="Runs">Runs that go with it.</param>
/// <param name="Versions">Versions that go with it.</param>
/// <param name="Backfills">Backfills that go with it.</param>
/// <param name="IsDefined">A file defines the new id already.</param>
public sealed record RenamedDag(string DagId, string NewDagId, bool DryRun, long Runs, int Versions, int Backfills, bool IsDefined);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The id that it had; no file defines it any more.</param>
/// <param name="NewTaskId">The id from now on.</param>
/// <param name="Note">Why; shown in the audit log.</param>
/// <param name="DryRun">Only say what would happen.</param>
public sealed record RenameTaskRequest(string DagId, string TaskId, string NewTaskId, string? Note = null, bool DryRun = false);

/// <param name="DagId">The Dag.</param>
/// <param name="TaskId">The id that it had.</param>
/// <param name="NewTaskId">The id from now on.</param>
/// <param name="DryRun">Nothing was done.</param>
/// <param name="Runs">Runs that it has attempts in.</param>
/// <param name="Attempts">Those attempts, with changes by hand.</param>
/// <param name="Versions">Versions of the Dag that had the old id.</param>
/// <param name="InFlight">Runs of the Dag in flight; they go on.</param>
/// <param name="IsDefined">Whether a file defines the new id.</param>
public sealed record RenamedTask(string DagId, string TaskId, string NewTaskId, bool DryRun, long Runs, long Attempts, int Versions, int InFlight, bool IsDefined);
