using Sluice.Core.Backfills;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Backfills;

/// <summary>Makes a backfill. Answered by a <see cref="BackfillAnswer"/>, after the commit.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Dag">The Dag.</param>
/// <param name="Version">The version whose schedule counts.</param>
/// <param name="Range"><c>[Start, End)</c> by logical date, UTC.</param>
/// <param name="Options">How to go about it.</param>
/// <param name="By">Who asks.</param>
/// <param name="Note">Why.</param>
internal sealed record MakeBackfill(string Id, DagId Dag, string Version, DataInterval Range, BackfillOptions Options, string By, string? Note);

/// <summary>Either its row, or why there is none.</summary>
internal sealed record BackfillAnswer(BackfillRow? Row, string? Refusal);

/// <summary>Start no more runs for now, or go on. Answered by a <see cref="BackfillChanged"/>, after the commit.</summary>
internal sealed record SetBackfillPaused(bool Paused, string By, string? Note);

/// <summary>Start no more runs, ever. Answered by a <see cref="BackfillChanged"/>, after the commit.</summary>
/// <param name="Running">Those that are active are cancelled, too.</param>
/// <param name="By">Who asks.</param>
/// <param name="Note">Why.</param>
internal sealed record StopBackfill(bool Running, string By, string? Note);

/// <param name="Yes">False: it was so already.</param>
/// <param name="Refusal">One sentence: why it cannot be.</param>
internal sealed record BackfillChanged(bool Yes, string? Refusal = null);
