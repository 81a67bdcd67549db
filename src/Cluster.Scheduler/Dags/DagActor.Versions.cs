using Sluice.Core.Backfills;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;

namespace Sluice.Scheduler.Dags;

/// <content>Versions that runs are moved to (docs/concepts/versions.md).</content>
internal sealed partial class DagActor
{
    /// <summary>All that a run's move to another version needs to know of it.</summary>
    private async ValueTask<(Func<DateTimeOffset, UpgradeRun>? Upgrade, string? Refusal)> UpgradeAsync(long key, VersionWanted wanted)
    {
        if (await VersionNowAsync(wanted.Version ?? _dag.Version) is not { } version)
        {
            return (null, $"Dag '{id}' has no version yet.");
        }

        var graph = await company.Versions.GetAsync(version, CancellationToken.None);
        var (bundle, isKnown) = await BundleAsync(version);
        if (!isKnown && graph.Spec.Tasks.Any(task => task.Host == TaskHost.Runner))
        {
            return (null, $"No run of Dag '{id}' has version {version}, so its code is not known any more.");
        }

        var lengths = await LengthsAsync(key, graph);
        return (at => new UpgradeRun(graph, version, bundle, lengths, wanted.By, at), null);
    }

    /// <summary>What a run of a backfill is about, by the version that the backfill asks for.</summary>
    /// <param name="backfill">The backfill.</param>
    /// <param name="existing">The run that is run again; null when there is none.</param>
    private async ValueTask<RunFacts> OfVersionAsync(BackfillRun backfill, RunFacts? existing)
    {
        var facts = await _maker.NewAsync(
            _dag, RunType.Backfill, RunIds.Of(RunType.Backfill, backfill.Interval.Start), backfill.Interval, backfill.Conf, backfill.Backfill, Now);
        return (backfill.Version, existing) switch
        {
            (null, _) or (BackfillOptions.OriginalVersion, null) => facts,
            (BackfillOptions.OriginalVersion, { } original) => facts with { Version = original.Version, Bundle = original.Bundle },
            var (asked, _) when await VersionNowAsync(asked) is { } version => facts with { Version = version, Bundle = (await BundleAsync(version)).Bundle },
            _ => facts,
        };
    }

    /// <summary>The version itself, or, when it has no runs since its tasks were renamed, the one that they have.</summary>
    private async ValueTask<string?> VersionNowAsync(string? version)
    {
        if (version is null || version == _dag.Version || await company.ReadModel.FindVersionHeirAsync(version, CancellationToken.None) is not { } heir)
        {
            return version;
        }

        var isUsed = (await company.ReadModel.ListRunsAsync(new() { Dag = id, Version = version, Limit = 1 }, CancellationToken.None)).Count > 0;
        return isUsed || await company.ReadModel.FindDagVersionAsync(heir, CancellationToken.None) is null ? version : heir;
    }

    /// <summary>The code of a version: that of the Dag, or of the latest run that has it.</summary>
    private async ValueTask<(string? Bundle, bool IsKnown)> BundleAsync(string version)
    {
        if (version == _dag.Version)
        {
            return (_dag.Bundle, true);
        }

        var runs = await company.ReadModel.ListRunsAsync(new() { Dag = id, Version = version, Limit = 1 }, CancellationToken.None);
        return runs is [var run] ? (run.Facts.Bundle, true) : (null, false);
    }

    /// <summary>Lengths of outputs that nothing was mapped over until now: the run did not keep them, but what was pushed is in the store.</summary>
    private async ValueTask<Dictionary<OutputKey, int>> LengthsAsync(long key, DagGraph graph)
    {
        var lengths = new Dictionary<OutputKey, int>();
        if (await company.ReadModel.FindRunAsync(key, CancellationToken.None) is not { } row)
        {
            return lengths;
        }

        var before = await GraphAsync(row.Facts);
        var wanted = VersionChange.LengthsWanted(before, graph);
        if (wanted.Count == 0)
        {
            return lengths;
        }

        var latest = new Dictionary<TaskId, TaskState>();
        foreach (var attempt in await company.ReadModel.ListTaskInstancesAsync(key, CancellationToken.None))
        {
            latest[attempt.Task] = attempt.State; // by token: the last one counts
        }

        foreach (var output in wanted)
        {
            if (latest.GetValueOrDefault(output.Task) == TaskState.Success)
            {
                lengths[output] = await company.ReadModel.FindXComAsync(key, output.Task, output.Key, CancellationToken.None) is { Object: null } xcom
                    ? OutputLength.Of(xcom.Value) ?? -1
                    : -1;
            }
            else if (_runs.Find(key) is null && before.Spec.Tasks.First(task => task.Id == output.Task).Map is not null)
            {
                // Of a mapped task the list of what its instances pushed; while it runs that may grow at any moment.
                lengths[output] = (await company.ReadModel.ListMappedXComsAsync(key, output.Task, output.Key, CancellationToken.None)).Count;
            }
        }

        return lengths;
    }
}
