using Sluice.Core.Assets;
using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Storage.ReadModel;

/// <summary>A row of the read model to insert, update or delete. A closed family. Times are UTC.</summary>
public abstract record ReadModelChange
{
    private protected ReadModelChange()
    {
    }
}

/// <summary>Upserts a Dag. Its whole spec is kept apart, by version: <see cref="DagVersionRow"/>.</summary>
public sealed record DagRow : ReadModelChange
{
    public required DagId Id { get; init; }

    /// <summary>Path of the file below the Dag folder.</summary>
    public required string File { get; init; }

    /// <summary>Current version; new runs take it.</summary>
    public required string Version { get; init; }

    public string? Bundle { get; init; }

    public bool Paused { get; init; }

    /// <summary>False when the file no longer defines it: history stays, nothing new runs.</summary>
    public bool Active { get; init; } = true;

    /// <summary>For people: the cron text, the interval, once, none.</summary>
    public required string Schedule { get; init; }

    public DateTimeOffset? NextRunAfter { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public string? Owner { get; init; }

    /// <summary>Why nothing new runs though its file defines it.</summary>
    public string? Problem { get; init; }

    /// <summary>How far it is with the assets that it waits for; null when it waits for none.</summary>
    public AssetUses? Assets { get; init; }
}

/// <summary>Inserts a version of a Dag; no effect when it is there.</summary>
/// <param name="Version">Content hash.</param>
/// <param name="Dag">The Dag.</param>
/// <param name="Spec">The <see cref="DagSpec"/> as JSON.</param>
/// <param name="CreatedAt">When it was first seen.</param>
/// <param name="Replaces">The version before it: deleted when no run has it and no Dag is at it.</param>
public sealed record DagVersionRow(string Version, DagId Dag, string Spec, DateTimeOffset CreatedAt, string? Replaces = null) : ReadModelChange;

/// <summary>Upserts a run by its key.</summary>
public sealed record DagRunRow : ReadModelChange
{
    public required RunFacts Facts { get; init; }

    public required RunState State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it ended as it did, when the tasks' states do not say.</summary>
    public string? Reason { get; init; }

    /// <summary>By when it should be over, and what came of that; null when there is no such moment.</summary>
    public IReadOnlyList<RunDeadline>? Deadlines { get; init; }

    /// <summary>What its instances' states do not tell of it, as JSON, for the day that it is cleared. Read by <see cref="IReadModel.FindRunMemoryAsync"/> only.</summary>
    public string? Memory { get; init; }
}

/// <summary>Upserts one attempt of one task instance, by (run, task, token). The highest token of a task is its current state.</summary>
/// <remarks>The hot row: written once at dispatch and once at the end of the attempt.</remarks>
public sealed record TaskInstanceRow : ReadModelChange
{
    public required long Run { get; init; }

    public required TaskId Task { get; init; }

    /// <summary>0 for a task that ended without ever being dispatched (skipped, upstream_failed).</summary>
    public required int Token { get; init; }

    public required int TryNumber { get; init; }

    public required TaskState State { get; init; }

    public string? Worker { get; init; }

    public DateTimeOffset? QueuedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>For up_for_retry and up_for_reschedule: when it goes on.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public string? Error { get; init; }
}

/// <summary>Upserts an XCom.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="Key">Its name.</param>
/// <param name="Value">JSON text; empty when it lies in an object.</param>
/// <param name="Object">URI of the object; null for a value that stands here.</param>
public sealed record XComRow(long Run, TaskId Task, string Key, string Value, string? Object = null) : ReadModelChange;

/// <summary>Deletes every XCom of a run, or of one of its task instances: it is run again. XComs that come later in the same group are written.</summary>
public sealed record XComsCleared(long Run, TaskId? Task = null) : ReadModelChange;

/// <summary>Keeps what the templates of an attempt came to.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="Token">The attempt's.</param>
/// <param name="Fields">JSON object by argument, secrets masked.</param>
public sealed record RenderedFieldsRow(long Run, TaskId Task, int Token, string Fields) : ReadModelChange;

/// <summary>Keeps what an attempt has seen of the rows that it moved.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="Token">The attempt's.</param>
/// <param name="Seen">JSON.</param>
public sealed record EvidenceRow(long Run, TaskId Task, int Token, string Seen) : ReadModelChange;

/// <summary>Keeps what an attempt has started in a service.</summary>
/// <param name="Run">The run's surrogate key.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="Token">Of the attempt that started it; later attempts of its try go on with it.</param>
/// <param name="TryNumber">Its try.</param>
/// <param name="Job">What it is.</param>
/// <param name="At">When it was kept, UTC.</param>
public sealed record RemoteJobRow(long Run, TaskId Task, int Token, int TryNumber, RemoteJob Job, DateTimeOffset At) : ReadModelChange;

/// <summary>Upserts the window that an attempt of a task instance has opened; with the attempt's success it is the mark from which the next run goes on.</summary>
/// <param name="Dag">The Dag.</param>
/// <param name="Task">Name of the task instance.</param>
/// <param name="IntervalEnd">End of the run's interval: runs stand in this order.</param>
/// <param name="Run">The run's surrogate key; 0 for a mark that was set before any run.</param>
/// <param name="Token">The attempt's.</param>
/// <param name="From">Exclusive; null for the beginning.</param>
/// <param name="To">Inclusive; null when there was nothing.</param>
/// <param name="IsMark">The attempt has succeeded.</param>
/// <param name="At">When it was opened, or became the mark.</param>
/// <param name="By">Who set it by hand; null for nobody.</param>
public sealed record WatermarkRow(DagId Dag, TaskId Task, DateTimeOffset IntervalEnd, long Run, int Token, string? From, string? To, bool IsMark, DateTimeOffset At, string? By) : ReadModelChange;

/// <summary>Deletes all windows and marks of a task instance: its next run begins at the beginning. Windows that come in the same group are written.</summary>
public sealed record WatermarksForgotten(DagId Dag, TaskId Task) : ReadModelChange;

/// <summary>Upserts a backfill.</summary>
public sealed record BackfillRow : ReadModelChange
{
    public required string Id { get; init; }

    public required DagId Dag { get; init; }

    /// <summary><c>[Start, End)</c> by logical date.</summary>
    public required DataInterval Range { get; init; }

    public required BackfillOptions Options { get; init; }

    /// <summary>running, paused, success, failed or cancelled.</summary>
    public required string State { get; init; }

    /// <summary>Complete intervals in the range; those that are not among <see cref="Total"/> keep the run they have.</summary>
    public int Intervals { get; init; }

    /// <summary>Runs that it makes.</summary>
    public required int Total { get; init; }

    /// <summary>Runs that have been begun and have not ended.</summary>
    public int Active { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    /// <summary>Who made it, when, and why.</summary>
    public required BackfillWord Made { get; init; }

    /// <summary>Who paused, resumed or cancelled it last.</summary>
    public BackfillWord? Changed { get; init; }

    /// <summary>By the latest ends; null when it never ran.</summary>
    public BackfillPace? Pace { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Upserts a callback by its key.</summary>
public sealed record CallbackRow : ReadModelChange
{
    public required long Key { get; init; }

    public required long Run { get; init; }

    /// <summary>The instance; null for a callback of the Dag.</summary>
    public TaskId? Task { get; init; }

    public int TryNumber { get; init; }

    /// <summary>Such as <c>on_failure</c>.</summary>
    public required string Event { get; init; }

    /// <summary>Class name, or <c>Code</c>.</summary>
    public required string Notifier { get; init; }

    public string? Deadline { get; init; }

    public string? Why { get; init; }

    /// <summary>waiting, running, success or failed.</summary>
    public required string State { get; init; }

    public string? Worker { get; init; }

    /// <summary>How often it was given to a worker.</summary>
    public int HandedOut { get; init; }

    public required DateTimeOffset RaisedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Error { get; init; }
}

/// <summary>Upserts what is wrong with a Dag file; a null message removes it.</summary>
public sealed record ImportErrorRow(string File, string? Message, DateTimeOffset At) : ReadModelChange;

/// <summary>Upserts a pool; null slots remove it.</summary>
/// <param name="Name">Its name, as tasks give it.</param>
/// <param name="Slots">How many there are; -1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors take slots of it.</param>
/// <param name="Description">For people.</param>
/// <param name="At">When it was set.</param>
public sealed record PoolRow(string Name, int? Slots, bool IncludeDeferred, string? Description, DateTimeOffset At) : ReadModelChange;

/// <summary>Adds an event of an asset; it gets its id as it is written, in the order of the group.</summary>
public sealed record AssetEventRow(AssetEvent Event) : ReadModelChange;

/// <summary>Deletes the oldest events of an asset, after all that comes in the same group is written.</summary>
/// <param name="Asset">The asset.</param>
/// <param name="Keep">So many of its latest stay, and the latest of each Dag that makes them.</param>
public sealed record AssetEventsTrimmed(string Asset, int Keep) : ReadModelChange;

/// <summary>Deletes what templates of some attempts came to.</summary>
public sealed record RenderedFieldsDropped(IReadOnlyList<RenderedFieldsKey> Keys) : ReadModelChange;

/// <summary>Names the rendered templates of one attempt.</summary>
public readonly record struct RenderedFieldsKey(long Run, string Task, int Token);

/// <summary>Adds a line to the audit log: who asked for what.</summary>
public sealed record AuditRow(DateTimeOffset At, string Who, string Action, string Subject, string Details) : ReadModelChange;
