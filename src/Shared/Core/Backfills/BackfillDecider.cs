using System.Diagnostics;

namespace Sluice.Core.Backfills;

/// <summary>What follows from a command.</summary>
/// <param name="Events">In journal order. None when the command has already taken effect or comes too late, so that a resend is harmless.</param>
/// <param name="Refusal">One sentence: why it cannot be; null when it can.</param>
public sealed record BackfillDecision(IReadOnlyList<BackfillEvent> Events, string? Refusal = null);

/// <summary>The rules of one backfill: interval after interval, a bounded number of runs at once, on to the end whatever fails. Pure.</summary>
public static class BackfillDecider
{
    private static readonly BackfillDecision Nothing = new([]);

    /// <summary>Turns a command into the events that it causes.</summary>
    /// <exception cref="ArgumentException">A plan that makes no sense: the caller asks for what it was told is nonsense.</exception>
    public static BackfillDecision Decide(BackfillState backfill, BackfillCommand command) => command switch
    {
        CreateBackfill create => backfill.Exists ? Nothing : new([Create(create)]),
        _ when !backfill.Exists => Nothing,
        StartBackfillRuns start => new([.. Start(backfill, start)]),
        EndBackfillRun end => new([.. End(backfill, end)]),
        PauseBackfill pause => backfill.Phase switch
        {
            BackfillPhase.Running => new([new BackfillPaused(pause.Word)]),
            BackfillPhase.Paused => Nothing,
            _ => new([], TooLate(backfill.Id, backfill.Phase, "pause")),
        },
        ResumeBackfill resume => backfill.Phase switch
        {
            BackfillPhase.Paused => new([new BackfillResumed(resume.Word)]),
            BackfillPhase.Running => Nothing,
            _ => new([], TooLate(backfill.Id, backfill.Phase, "resume")),
        },
        CancelBackfill cancel => Cancel(backfill, cancel),
        _ => throw new UnreachableException($"No rule for {command.GetType().Name}."),
    };

    /// <summary>Folds one event into the state.</summary>
    public static BackfillState Evolve(BackfillState backfill, BackfillEvent happened) => happened switch
    {
        BackfillCreated e => BackfillState.Empty with
        {
            Id = e.Id, Dag = e.Dag, Version = e.Version, Range = e.Range, Options = e.Options,
            Intervals = e.Intervals, Planned = e.Planned, Made = e.Word, RunsSince = e.Word.At,
        },
        BackfillRunsStarted e => backfill with { Cursor = e.Runs[^1].Start, Active = backfill.Active.AddRange(e.Runs) },
        BackfillRunEnded e => Evolve(backfill, e),
        BackfillPaused e => backfill with { Phase = BackfillPhase.Paused, Changed = e.Word },
        BackfillResumed e => backfill with { Phase = BackfillPhase.Running, Changed = e.Word, RunsSince = e.Word.At, Ends = [] },
        BackfillCancelled e => backfill with { Phase = BackfillPhase.Cancelled, Changed = e.Word, StopsRuns = e.Running },
        BackfillEnded e => backfill with { Phase = e.Phase, EndedAt = e.At },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    /// <summary>One sentence: the backfill is past what is asked.</summary>
    /// <param name="id">The backfill.</param>
    /// <param name="phase">What it is at.</param>
    /// <param name="verb">What is asked: pause, resume or cancel.</param>
    public static string TooLate(string id, BackfillPhase phase, string verb) => phase == BackfillPhase.Cancelled
        ? $"Backfill '{id}' was cancelled; there is nothing to {verb}."
        : $"Backfill '{id}' has ended as {phase.ToString().ToLowerInvariant()}; there is nothing to {verb}.";

    private static BackfillState Evolve(BackfillState backfill, BackfillRunEnded ended) => backfill with
    {
        Active = backfill.Active.RemoveAll(run => run.Start == ended.LogicalDate),
        Succeeded = backfill.Succeeded + (ended.End == BackfillRunEnd.Success ? 1 : 0),
        Failed = backfill.Failed + (ended.End == BackfillRunEnd.Failed ? 1 : 0),
        Overtaken = backfill.Overtaken + (ended.End == BackfillRunEnd.Skipped ? 1 : 0),
        Ends = ended.End == BackfillRunEnd.Skipped ? backfill.Ends
            : (backfill.Ends.Length < BackfillPace.Window ? backfill.Ends : backfill.Ends.RemoveAt(0)).Add(ended.At),
    };

    private static BackfillCreated Create(CreateBackfill create)
    {
        var (plan, options) = (create.Plan, create.Options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxActiveRuns, 1);
        return plan.NothingToDo() is { } refusal
            ? throw new ArgumentException(refusal, nameof(create))
            : new(create.Id, create.Dag, create.Version, plan.Range, options, plan.Intervals, plan.ToCreate + plan.ToReprocess, create.Word);
    }

    private static IEnumerable<BackfillEvent> Start(BackfillState backfill, StartBackfillRuns start)
    {
        if (backfill.EndedAt is not null || backfill.Phase == BackfillPhase.Cancelled)
        {
            yield break;
        }

        var count = Math.Min(backfill.Room, start.Next.Count);
        if (count > 0)
        {
            yield return new BackfillRunsStarted([.. start.Next.Take(count)]);
        }
        else if (start is { IsAll: true, Next.Count: 0 } && backfill.Active.IsEmpty)
        {
            yield return new BackfillEnded(backfill.Failed > 0 ? BackfillPhase.Failed : BackfillPhase.Success, start.At);
        }
    }

    private static IEnumerable<BackfillEvent> End(BackfillState backfill, EndBackfillRun end)
    {
        if (backfill.FindActive(end.LogicalDate) is null)
        {
            yield break;
        }

        yield return new BackfillRunEnded(end.LogicalDate, end.End, end.At);
        if (backfill is { Phase: BackfillPhase.Cancelled, Active.Length: 1 })
        {
            yield return new BackfillEnded(BackfillPhase.Cancelled, end.At);
        }
    }

    private static BackfillDecision Cancel(BackfillState backfill, CancelBackfill cancel) => backfill switch
    {
        { Phase: BackfillPhase.Success or BackfillPhase.Failed } => new([], TooLate(backfill.Id, backfill.Phase, "cancel")),
        // Whoever cancelled only what was to come may still cancel what runs.
        { Phase: BackfillPhase.Cancelled } when backfill.EndedAt is not null || backfill.StopsRuns || !cancel.Running => Nothing,
        { Active.Length: > 0 } => new([new BackfillCancelled(cancel.Word, cancel.Running)]),
        _ => new([new BackfillCancelled(cancel.Word, cancel.Running), new BackfillEnded(BackfillPhase.Cancelled, cancel.Word.At)]),
    };
}
