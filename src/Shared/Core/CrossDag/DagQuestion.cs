using Sluice.Core.TaskInstances;

namespace Sluice.Core.CrossDag;

/// <summary>A task asks how far another Dag is.</summary>
public sealed record DagQuestion
{
    public required string Dag { get; init; }

    /// <summary>Tasks by their whole ids; of a mapped one its worst instance counts. None, and no group: the whole run.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>A group by its whole id: all of its tasks.</summary>
    public string? Group { get; init; }

    /// <summary>Logical dates.</summary>
    public required IReadOnlyList<DateTimeOffset> Dates { get; init; }

    /// <summary>Null: runs of exactly these dates. Otherwise the latest run of <c>(date - window, date]</c>.</summary>
    public TimeSpan? Window { get; init; }
}

/// <summary>How far it is.</summary>
/// <param name="Missing">What the Dag's present version lacks of what was asked for; null when it has all. One sentence.</param>
/// <param name="Found">For each date one for the run, or for each task.</param>
public sealed record DagAnswer(string? Missing, IReadOnlyList<DagFinding> Found);

/// <summary>One thing that was asked for.</summary>
/// <param name="Date">The logical date that was asked for.</param>
/// <param name="RunId">Its run; null when there is none yet.</param>
/// <param name="Task">The task; null for the whole run.</param>
/// <param name="State">Of a run: queued, running, success or failed.</param>
public sealed record DagFinding(DateTimeOffset Date, string? RunId = null, string? Task = null, TaskState State = TaskState.None);
