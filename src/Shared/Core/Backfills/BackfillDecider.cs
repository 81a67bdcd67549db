using System.Diagnostics;

namespace Sluice.Core.Backfills;

/// <summary>The rules of one backfill: oldest interval first, a bounded number of runs at once, on to the end whatever fails. Pure.</summary>
public static class BackfillDecider
{
    /// <summary>Turns a command into the events that it causes.</summary>
    /// <returns>Events in journal order. None when the command has already taken effect or comes too late, so that a resend is harmless.</returns>
    /// <exception cref="ArgumentException">A refused plan, or a limit under 1: the caller asks for what it was told is nonsense.</exception>
    public static IReadOnlyList<BackfillEvent> Decide(BackfillState backfill, BackfillCommand command) => command switch
    {
        CreateBackfill create => backfill.Exists ? [] : Create(create),
        EndBackfillRun end => End(backfill, end),
        CancelBackfill when !backfill.Exists || backfill.Phase != BackfillPhase.Running => [],
        CancelBackfill cancel when backfill.Active.Length > 0 => [new BackfillCancelled(cancel.At)],
        CancelBackfill cancel => [new BackfillCancelled(cancel.At), new BackfillEnded(BackfillPhase.Cancelled, cancel.At)],
        _ => throw new UnreachableException($"No rule for {command.GetType().Name}."),
    };

    /// <summary>Folds one event into the state.</summary>
    public static BackfillState Evolve(BackfillState backfill, BackfillEvent happened) => happened switch
    {
        BackfillCreated e => BackfillState.Empty with
        {
            Id = e.Id, Dag = e.Dag, Range = e.Range, MaxActiveRuns = e.MaxActiveRuns, Runs = [.. e.Runs], CreatedAt = e.At,
        },
        BackfillRunsStarted e => backfill with { Next = e.First + e.Count, Active = backfill.Active.AddRange(Enumerable.Range(e.First, e.Count)) },
        BackfillRunEnded e => backfill with
        {
            Active = backfill.Active.Remove(e.Ordinal),
            Succeeded = backfill.Succeeded + (e.Success ? 1 : 0),
            Failed = backfill.Failed + (e.Success ? 0 : 1),
        },
        BackfillCancelled => backfill with { Phase = BackfillPhase.Cancelled },
        BackfillEnded e => backfill with { Phase = e.Phase, EndedAt = e.At },
        _ => throw new UnreachableException($"No fold for {happened.GetType().Name}."),
    };

    private static IReadOnlyList<BackfillEvent> Create(CreateBackfill create)
    {
        if (create.Plan.Refusal is { } refusal)
        {
            throw new ArgumentException(refusal, nameof(create));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(create.MaxActiveRuns, 1);
        var created = new BackfillCreated(create.Id, create.Dag, create.Plan.Range, create.MaxActiveRuns, [.. create.Plan.Runs], create.At);
        return [created, .. StartNext(Evolve(BackfillState.Empty, created))];
    }

    private static IReadOnlyList<BackfillEvent> End(BackfillState backfill, EndBackfillRun end)
    {
        var ordinal = backfill.FindActive(end.LogicalDate);
        if (ordinal < 0)
        {
            return [];
        }

        var ended = new BackfillRunEnded(ordinal, end.Success, end.At);
        var after = Evolve(backfill, ended);
        return after switch
        {
            { Active.Length: 0, Phase: BackfillPhase.Cancelled } => [ended, new BackfillEnded(BackfillPhase.Cancelled, end.At)],
            { Phase: BackfillPhase.Cancelled } => [ended],
            { Active.Length: 0 } when after.Next == after.Runs.Length =>
                [ended, new BackfillEnded(after.Failed > 0 ? BackfillPhase.Failed : BackfillPhase.Success, end.At)],
            _ => [ended, .. StartNext(after)],
        };
    }

    private static IEnumerable<BackfillEvent> StartNext(BackfillState backfill)
    {
        var count = Math.Min(backfill.MaxActiveRuns - backfill.Active.Length, backfill.Runs.Length - backfill.Next);
        return count > 0 ? [new BackfillRunsStarted(backfill.Next, count)] : [];
    }
}
