using System.Globalization;
using Sluice.Core.DagRuns;

namespace Sluice.Core.CrossDag;

/// <summary>A task asks for a run of a Dag. Asked again by the same life of the same task instance, it is answered with the run that there is.</summary>
public sealed record RunTrigger
{
    public required string Dag { get; init; }

    /// <summary>Null: one is made of the asking task's name.</summary>
    public string? RunId { get; init; }

    /// <summary>JSON object.</summary>
    public string Conf { get; init; } = "{}";

    /// <summary>Null: now.</summary>
    public DateTimeOffset? LogicalDate { get; init; }

    /// <summary>A run of this id that someone else made is no error.</summary>
    public bool SkipWhenExists { get; init; }

    /// <summary>A run of this id that has ended is cleared, whoever made it, and keeps its conf. Without an id the task has one run in all its lives.</summary>
    public bool Reset { get; init; }

    /// <summary>A paused Dag is an error; otherwise the run waits until the Dag goes on.</summary>
    public bool FailWhenPaused { get; init; }

    /// <summary>A retry takes over the run that an earlier try made, unless that is in one of these states.</summary>
    public IReadOnlyList<RunState> AnewAfter { get; init; } = [];

    /// <summary>How <see cref="RunFacts.TriggeredBy"/> names a task instance in one of its lives.</summary>
    /// <param name="task">Dag, run and task instance: <c>dag/run/task</c>.</param>
    /// <param name="token">Of the first attempt of that life.</param>
    public static string By(string task, int token) => string.Create(CultureInfo.InvariantCulture, $"task {task}@{token}");

    /// <summary>Such a name for people: which of its lives it was matters to nobody. Other names stay as they are.</summary>
    public static string Show(string by) => by.StartsWith("task ", StringComparison.Ordinal) && by.LastIndexOf('@') is > 0 and var at ? by[..at] : by;
}

/// <summary>The run, or why there is none.</summary>
/// <param name="RunId">The run; null when there is none.</param>
/// <param name="State">What it is now.</param>
/// <param name="Refusal">One sentence; asking again would not change it.</param>
/// <param name="Skipped">One sentence: someone else made the run.</param>
public sealed record TriggeredRun(string? RunId, RunState State = RunState.Queued, string? Refusal = null, string? Skipped = null);
