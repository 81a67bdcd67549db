using Sluice.Cluster.Api;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Watermarks;

namespace Sluice.Scheduler.Api;

/// <content>How far tasks have read.</content>
internal sealed partial class OperatorApi
{
    private const int LongestMark = 1_000;

    private async Task<IReadOnlyList<WatermarkSummary>> ListWatermarksAsync(WatermarkFilter filter, bool latest, CancellationToken cancel)
    {
        var found = await store.ReadModel.ListWatermarksAsync(
            new()
            {
                Dag = filter.DagId is { } dag ? (await DagAsync(dag, cancel)).Id : null,
                Task = filter.TaskId is { } task ? new TaskId(task) : null,
                Latest = latest,
                Limit = Math.Clamp(filter.Limit, 1, 10_000),
            },
            cancel);
        return
        [
            .. found.Select(one => new WatermarkSummary(
                one.Row.Dag.Value, one.Row.Task.Value, one.RunId?.Value, one.LogicalDate, one.Row.Token, one.Row.From, one.Row.To, one.Row.IsMark, one.Row.At, one.Row.By)),
        ];
    }

    private async Task<IReadOnlyList<WatermarkSummary>> ShowWatermarkAsync(WatermarkFilter filter, CancellationToken cancel)
    {
        if (filter is not { DagId: { } dag, TaskId: { } task })
        {
            throw new ApiException(400, "Name a Dag and a task.");
        }

        var windows = await ListWatermarksAsync(filter, latest: false, cancel);
        return windows.Count > 0 || await KeepsWatermarkAsync(dag, task, cancel) ? windows : throw NoWatermark(dag, task);
    }

    private async Task<WatermarkChanged> MoveWatermarkAsync(WatermarkChange change, bool isForgotten, string who, CancellationToken cancel)
    {
        if (isForgotten ? change.Value is not null : string.IsNullOrWhiteSpace(change.Value) || change.Value.Length > LongestMark || change.Value.Any(char.IsControl))
        {
            throw new ApiException(400, isForgotten ? "A watermark that is forgotten has no value." : $"A watermark has 1 to {LongestMark} characters, none of them a control character.");
        }

        var windows = await ListWatermarksAsync(new(change.DagId, change.TaskId, 1_000), latest: false, cancel);
        if (windows.Count == 0 && (isForgotten || !await KeepsWatermarkAsync(change.DagId, change.TaskId, cancel)))
        {
            throw NoWatermark(change.DagId, change.TaskId);
        }

        await RefuseWhileReadingAsync(change, cancel);
        var before = windows.FirstOrDefault(window => window is { IsMark: true, To: not null })?.To;
        if (!change.DryRun && before != change.Value)
        {
            var details = $"{before ?? "none"} -> {change.Value ?? "none"}{(change.Note is null ? "" : $": {change.Note}")}";
            var dag = (await DagAsync(change.DagId, cancel)).Id;
            await LeaderAsync<object>(new MoveWatermark(dag, new(change.TaskId), change.Value, who, details), cancel);
        }

        return new(change.DagId, change.TaskId, before, change.Value, change.DryRun);
    }

    // Its success would set the mark that it has begun with.
    private async Task RefuseWhileReadingAsync(WatermarkChange change, CancellationToken cancel)
    {
        foreach (var state in (RunState[])[RunState.Queued, RunState.Running])
        {
            foreach (var run in await store.ReadModel.ListRunsAsync(new() { Dag = (await DagAsync(change.DagId, cancel)).Id, State = state, Limit = 1_000 }, cancel))
            {
                var latest = (await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel)).LastOrDefault(row => row.Task.Value == change.TaskId);
                if (latest?.State is TaskState.Queued or TaskState.Running)
                {
                    throw new ApiException(409, $"Task '{change.TaskId}' runs in run '{run.Facts.Id}' just now, and its success would set the watermark; wait for it, or stop it: sluice runs cancel {change.DagId} {run.Facts.Id}");
                }
            }
        }
    }

    private async Task<bool> KeepsWatermarkAsync(string dag, string task, CancellationToken cancel)
    {
        var spec = await SpecAsync((await DagAsync(dag, cancel)).Version, cancel);
        return spec.Tasks.Any(one => one.KeepsWatermark && (one.Map is null ? one.Id.Value == task : DagRunState.MapIndexIn(task, one.Id.Value) >= 0));
    }

    private static ApiException NoWatermark(string dag, string task) =>
        new(404, $"Task '{task}' of Dag '{dag}' keeps no watermark. See: sluice watermarks list");
}
