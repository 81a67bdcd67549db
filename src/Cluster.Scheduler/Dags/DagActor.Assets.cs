using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Assets;
using Sluice.Scheduler.DagRuns;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Dags;

/// <content>Runs that updates of assets make (docs/concepts/assets.md).</content>
internal sealed partial class DagActor
{
    private const int EventsAtOnce = 200;

    private AssetExpression? Condition => _clock.Graph?.Spec.Schedule.AssetCondition;

    /// <summary>Before the Dag looks at the read model: what is committed after that look is told of.</summary>
    private void TellAssets() => company.Runs.Assets.Tell(
        _dag.Active && _clock.Graph is not null
            ? new AssetsOfDag(id, Spec.Tasks.SelectMany(task => (task.Outlets ?? []).Select(outlet => new AssetOfTask(outlet, task.Id))).ToList() is { Count: > 0 } updates ? updates : null, Condition)
            : new AssetsOfDag(id, null, null),
        Context.Self);

    /// <summary>The run of a watcher may wait for ever: what it waits for must not be what nobody asks for any more.</summary>
    private void StopWatching(string why)
    {
        if (Spec.Tasks.Any(task => task.Sensor is { Watch: not null }))
        {
            foreach (var run in _runs.Actors)
            {
                run.Tell(new CancelNow(why));
            }
        }
    }

    /// <summary>Queues the events that came since the last look. Each is queued once: the place up to which it has looked is in the journal with them.</summary>
    private async ValueTask LookAtAssetsAsync(AssetExpression? condition)
    {
        while (condition is not null && _dag is { Active: true, AssetsThrough: { } through })
        {
            var query = new AssetEventQuery { Of = condition.Names, After = through, Limit = EventsAtOnce };
            var events = await company.ReadModel.ListAssetEventsAsync(query, CancellationToken.None);
            if (events.Count > 0)
            {
                Write(new AssetsQueued(events, events[^1].Id));
            }

            if (events.Count < EventsAtOnce)
            {
                return;
            }
        }
    }

    /// <summary>A definition that asks for other assets than the one before begins to count now; what was queued of those that it keeps stays.</summary>
    /// <param name="before">What the definition before asked for.</param>
    private async ValueTask<List<DagEvent>> FollowAsync(AssetExpression? before)
    {
        if (Condition is not { } condition)
        {
            return _dag.AssetsThrough is null ? [] : [new AssetsFollowed(null, 0)];
        }

        return _dag.AssetsThrough is not null && before is not null && before.Names.Select(name => name.Key).ToHashSet().SetEquals(condition.Names.Select(name => name.Key))
            ? []
            : [new AssetsFollowed(condition.Names, await company.ReadModel.FindLatestAssetEventAsync(CancellationToken.None))];
    }

    /// <summary>Makes a run of all events that wait, once they are enough. At the Dag's limit they go on waiting, and more of them make one run.</summary>
    private async ValueTask ScheduleByAssetsAsync()
    {
        while (_clock.Timetable is not null && _dag is { Active: true, Paused: false } && _runs.Counted + _dag.Queued.Count < Spec.MaxActiveRuns
            && Condition is { } condition && AssetRuns.Due(condition, _dag.Assets) is { } events)
        {
            var runId = RunIds.Of(RunType.AssetTriggered, events.Max(one => one.At));
            if (await FindRunAsync(runId) is not null)
            {
                runId = new($"{runId}_{events[^1].Id}");
            }

            var facts = await _maker.NewAsync(_dag, RunType.AssetTriggered, runId, AssetRuns.IntervalOf(events), "{}", null, Now);
            await MakeAsync(new(facts with { AssetEvents = events }, TokenBase: 0), Change(new AssetsUsed(events[^1].Id)), answer: false);
        }
    }
}
