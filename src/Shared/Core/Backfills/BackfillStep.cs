using System.Diagnostics;
using System.Text.Json.Serialization;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>What a backfill does with one interval.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackfillAction>))]
public enum BackfillAction
{
    /// <summary>Makes its run.</summary>
    Create,

    /// <summary>Runs the run that it has again, under its own id.</summary>
    Reprocess,

    /// <summary>Leaves it.</summary>
    Skip,
}

/// <summary>A run that an interval has, whoever made it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="State">What it is at.</param>
/// <param name="EndedAt">UTC; null while it goes on.</param>
public sealed record ExistingRun(RunId Id, RunState State, DateTimeOffset? EndedAt);

/// <summary>One interval on the way of a backfill.</summary>
/// <param name="Interval">The interval.</param>
/// <param name="Action">What becomes of it.</param>
/// <param name="Run">The run that it has.</param>
/// <param name="Why">Why it is left alone, for people; null when it is not.</param>
public sealed record BackfillStep(DataInterval Interval, BackfillAction Action, RunId? Run = null, string? Why = null)
{
    /// <summary>Judges an interval by the run that it has. Asked again later the answer may turn from an action to a skip, never back.</summary>
    /// <param name="interval">The interval.</param>
    /// <param name="existing">The run of the interval; runs by hand are not of one.</param>
    /// <param name="reprocess">What to do with finished ones.</param>
    /// <param name="madeAt">When the backfill was made: what ended later is newer than the wish to run it again.</param>
    public static BackfillStep Of(DataInterval interval, ExistingRun? existing, Reprocess reprocess, DateTimeOffset madeAt)
    {
        if (existing is null)
        {
            return new(interval, BackfillAction.Create);
        }

        var why = existing.State switch
        {
            RunState.Queued => "it waits for its turn",
            RunState.Running => "it is running",
            RunState.Success when reprocess != Reprocess.Completed => "it succeeded",
            RunState.Failed when reprocess == Reprocess.None => "it failed, and reprocess is none",
            RunState.Success or RunState.Failed => existing.EndedAt > madeAt ? "it ended after the backfill was made" : null,
            _ => throw new UnreachableException($"No rule for {existing.State}."),
        };
        return why is null ? new(interval, BackfillAction.Reprocess, existing.Id) : new(interval, BackfillAction.Skip, existing.Id, why);
    }
}
