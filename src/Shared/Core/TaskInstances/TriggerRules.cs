namespace Sluice.Core.TaskInstances;

/// <summary>How many direct upstreams of a task stand in each finished state.</summary>
public struct UpstreamCounts
{
    public int Success { get; set; }

    public int Failed { get; set; }

    public int Skipped { get; set; }

    public int UpstreamFailed { get; set; }

    public int Removed { get; set; }

    /// <summary>Of those in success: the setups.</summary>
    public int SetupSuccess { get; set; }

    /// <summary>Of those in skipped: the setups.</summary>
    public int SetupSkipped { get; set; }

    public readonly int Done => Success + Failed + Skipped + UpstreamFailed + Removed;

    /// <summary>Counts what others have counted.</summary>
    public void Add(in UpstreamCounts other)
    {
        Success += other.Success;
        Failed += other.Failed;
        Skipped += other.Skipped;
        UpstreamFailed += other.UpstreamFailed;
        Removed += other.Removed;
        SetupSuccess += other.SetupSuccess;
        SetupSkipped += other.SetupSkipped;
    }

    /// <summary>Counts one upstream that reached a finished state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="isSetup">Whether that upstream is a setup.</param>
    public void Add(TaskState state, bool isSetup = false)
    {
        if (isSetup)
        {
            SetupSuccess += state == TaskState.Success ? 1 : 0;
            SetupSkipped += state == TaskState.Skipped ? 1 : 0;
        }

        switch (state)
        {
            case TaskState.Success: Success++; break;
            case TaskState.Failed: Failed++; break;
            case TaskState.Skipped: Skipped++; break;
            case TaskState.UpstreamFailed: UpstreamFailed++; break;
            case TaskState.Removed: Removed++; break;
            default: throw new ArgumentOutOfRangeException(nameof(state), state, "Only finished states are counted.");
        }
    }
}

/// <summary>What a trigger rule says of a task at this moment.</summary>
public enum TriggerVerdict
{
    Wait,
    Run,
    Skip,
    UpstreamFail,
}

/// <summary>The trigger rules (semantics.md, 4): over counters, so that one completion costs its out-degree and no more.</summary>
public static class TriggerRules
{
    /// <param name="rule">The task's rule.</param>
    /// <param name="upstreams">Number of direct upstreams, removed ones included.</param>
    /// <param name="counts">Their finished states.</param>
    /// <param name="setups">How many of the upstreams are setups; only <see cref="TriggerRule.AllDoneSetupSuccess"/> asks.</param>
    /// <returns>The first verdict that applies in the order upstream_failed, skipped, run; else wait.</returns>
    public static TriggerVerdict Evaluate(TriggerRule rule, int upstreams, in UpstreamCounts counts, int setups = 0)
    {
        if (upstreams == 0 || rule == TriggerRule.Always)
        {
            return TriggerVerdict.Run;
        }

        // A removed upstream is done for the "done" rules and not there for the others, so that no rule waits for ever (semantics.md, 0.8).
        var present = upstreams - counts.Removed;
        var done = counts.Done == upstreams;
        var broken = counts.Failed + counts.UpstreamFailed;
        return rule switch
        {
            TriggerRule.AllSuccess => First(broken > 0, counts.Skipped > 0, counts.Success == present),
            TriggerRule.AllFailed => First(false, counts.Success + counts.Skipped > 0, broken == present),
            TriggerRule.AllDone => First(false, false, done),
            TriggerRule.AllDoneMinOneSuccess => First(
                done && counts.Skipped == 0 && counts.Success == 0, counts.Skipped > 0, done && counts.Success > 0),
            TriggerRule.OneSuccess => First(
                done && counts.Success == 0 && counts.Skipped < present, done && counts.Success == 0, counts.Success > 0),
            TriggerRule.OneFailed => First(false, done && broken == 0, broken > 0),
            TriggerRule.OneDone => First(false, done && counts.Success + counts.Failed == 0, counts.Success + counts.Failed > 0),
            TriggerRule.NoneFailed => First(broken > 0, false, counts.Success + counts.Skipped == present),
            TriggerRule.NoneFailedMinOneSuccess => First(
                broken > 0, counts.Skipped == present, counts.Success + counts.Skipped == present),
            TriggerRule.NoneSkipped => First(false, counts.Skipped > 0, done),
            TriggerRule.AllSkipped => First(false, counts.Success + broken > 0, counts.Skipped == present),
            TriggerRule.AllDoneSetupSuccess => First(
                done && setups > 0 && counts.SetupSuccess == 0 && counts.SetupSkipped < setups,
                done && setups > 0 && counts.SetupSkipped == setups,
                done),
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "No such trigger rule."),
        };
    }

    private static TriggerVerdict First(bool upstreamFail, bool skip, bool run) =>
        upstreamFail ? TriggerVerdict.UpstreamFail
        : skip ? TriggerVerdict.Skip
        : run ? TriggerVerdict.Run
        : TriggerVerdict.Wait;
}
