using System.Globalization;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Journal;

namespace Sluice.Scheduler.Dags;

/// <summary>To a Dag: hold still, since its name changes, or since another Dag's history becomes its own. Answered by <see cref="ReadyToRename"/>.</summary>
/// <param name="To">The name from then on; null: it is this Dag that takes over another's history.</param>
internal sealed record PrepareRename(DagId? To);

/// <param name="State">As it is until it is told to go on; null when it cannot be renamed.</param>
/// <param name="Refusal">Why not, in one sentence.</param>
internal sealed record ReadyToRename(DagState? State, string? Refusal = null);

/// <summary>To a Dag that holds still: nothing came of it.</summary>
internal sealed record StayAsYouAre
{
    public static StayAsYouAre Instance { get; } = new();
}

/// <summary>To a Dag that holds still, after the commit: it has this state from now on.</summary>
internal sealed record TakeOver(DagState State);

/// <summary>To a Dag whose file gives it another name: it makes no new runs until it is renamed, or defined again.</summary>
internal sealed record MakeNoRuns
{
    public static MakeNoRuns Instance { get; } = new();
}

/// <content>A Dag that gets another name (docs/concepts/versions.md).</content>
internal sealed partial class DagActor
{
    private bool _holdsStill;
    private bool _makesNoRuns = waitsForDefinition; // of its own accord; what is queued or asked for runs

    private async ValueTask<bool> IsHeldAsync(object message)
    {
        switch (message)
        {
            case PrepareRename prepare:
                var answer = await PrepareAsync(prepare);
                _holdsStill = answer.Refusal is null;
                Context.Sender?.Tell(answer);
                return true;
            case StayAsYouAre when _holdsStill:
                _holdsStill = false;
                Context.UnstashAll();
                return true;
            case TakeOver over:
                _holdsStill = false;
                Context.UnstashAll();
                await TakeOverAsync(over.State);
                return true;
            case MakeNoRuns:
                _makesNoRuns = true;
                return true;
            default:
                if (_holdsStill)
                {
                    Context.Stash();
                }

                return _holdsStill;
        }
    }

    private async ValueTask<ReadyToRename> PrepareAsync(PrepareRename prepare)
    {
        if (_runs.Count > 0)
        {
            return new(null, string.Create(CultureInfo.InvariantCulture, $"Dag '{id}' has {_runs.Count} runs in flight, such as '{_runs.First}'; wait for them, or cancel them."));
        }

        if (!_dag.Queued.IsEmpty)
        {
            return new(null, string.Create(CultureInfo.InvariantCulture, $"Dag '{id}' has {_dag.Queued.Count} queued runs; wait for them, or cancel them."));
        }

        if (!_claims.IsEmpty)
        {
            return new(null, $"Dag '{id}' is being backfilled; wait for that, or cancel it. See: sluice backfill list {id}");
        }

        var hasHistory = _dag.LastScheduled is not null || _dag.LastSuccess is not null
            || (await company.ReadModel.ListRunsAsync(new() { Dag = id, Limit = 1 }, CancellationToken.None)).Count > 0;
        return prepare.To is null && hasHistory
            ? new(null, $"Dag '{id}' has runs of its own already, and two histories cannot be joined.")
            : new(_dag);
    }

    private async ValueTask TakeOverAsync(DagState state)
    {
        _dag = state;
        if (_clock.Graph is null && _dag.Version is { } version)
        {
            Adopt(await company.Versions.GetAsync(version, CancellationToken.None));
        }

        _clock.MoveOn();
        if (_clock.Graph is not null)
        {
            TellLimit();
            TellAssets();
            var append = new Append(StreamOf(id));
            append.Changes.Add(Row());
            Tell(append);
        }

        await LookAtAssetsAsync(Condition);
        await ScheduleAsync();
    }
}
