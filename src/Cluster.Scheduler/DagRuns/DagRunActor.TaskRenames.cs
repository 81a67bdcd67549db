using System.Collections.Frozen;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Journal;

namespace Sluice.Scheduler.DagRuns;

/// <summary>To a run: hold still until <see cref="GoOn"/>, since tasks of its Dag get other names. Answered by <see cref="RunHolds"/>.</summary>
internal sealed record HoldStill
{
    public static HoldStill Instance { get; } = new();
}

/// <param name="Version">Of the run; null when it is over, and does not hold still.</param>
internal sealed record RunHolds(string? Version);

/// <summary>To a run that holds still: go on by the same version with other names of tasks. Answered by the <see cref="Append"/> that says so, which the asker writes.</summary>
internal sealed record TakeNames(string Version, DagGraph Graph, IReadOnlyDictionary<TaskId, TaskId> Names, ByHand By);

/// <summary>To a run that holds still: all is written, or nothing came of it.</summary>
internal sealed record GoOn
{
    public static GoOn Instance { get; } = new();
}

/// <content>A run whose tasks get other names while it is in flight.</content>
internal sealed partial class DagRunActor
{
    private bool _holdsStill;

    /// <returns>Whether the message was for the rename, or waits for it.</returns>
    private bool IsHeld(object message)
    {
        switch (message)
        {
            case HoldStill:
                _holdsStill = _run.Phase is RunState.Queued or RunState.Running;
                Context.Sender?.Tell(new RunHolds(_holdsStill ? _run.Facts.Version : null));
                return true;
            case TakeNames take when _holdsStill:
                Apply(new UpgradeRun(take.Graph, take.Version, _run.Facts.Bundle, FrozenDictionary<OutputKey, int>.Empty, take.By, Now) { Names = take.Names });
                Context.Sender?.Tell(_pending);
                _pending = new(_stream);
                return true;
            case GoOn when _holdsStill:
                _holdsStill = false;
                Context.UnstashAll();
                Advance();
                return true;
            default:
                if (_holdsStill)
                {
                    Context.Stash();
                }

                return _holdsStill;
        }
    }
}
