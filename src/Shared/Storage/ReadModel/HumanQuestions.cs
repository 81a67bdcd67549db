using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.HumanInput;

namespace Sluice.Storage.ReadModel;

/// <summary>Upserts what an attempt asked a person, by (run, task, token).</summary>
public sealed record HumanQuestionRow : ReadModelChange
{
    public required long Run { get; init; }

    public required TaskId Task { get; init; }

    public required int Token { get; init; }

    public required QuestionState State { get; init; }

    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>When it no longer waits; null: never.</summary>
    public DateTimeOffset? DueAt { get; init; }

    public required HumanQuestion Question { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Also what was taken by default.</summary>
    public HumanAnswer? Answer { get; init; }
}

/// <summary>What became of a question. The names are stored, in lower case.</summary>
public enum QuestionState
{
    Waiting,
    Answered,

    /// <summary>Nobody answered in time.</summary>
    TimedOut,

    /// <summary>Its task was cleared or marked, or its run ended.</summary>
    Withdrawn,
}

/// <summary>Which questions to list; null means any.</summary>
public sealed record QuestionQuery
{
    public DagId? Dag { get; init; }

    /// <summary>Key of the run.</summary>
    public long? Run { get; init; }

    /// <summary>Only those that wait.</summary>
    public bool Waiting { get; init; }

    public int Limit { get; init; } = 100;
}

/// <summary>A question, and whose it is.</summary>
public sealed record AskedQuestion(DagId Dag, RunId Run, DateTimeOffset LogicalDate, HumanQuestionRow Row);
