using System.Text.Json;
using Sluice.Cluster.Api;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <content>What is kept of single attempts.</content>
internal sealed partial class OperatorApi
{
    private async Task<RenderedAnswer> RenderedAsync(RenderedRequest asked, CancellationToken cancel)
    {
        var (run, attempts) = await AttemptsAsync(asked, cancel);
        var rendered = await store.ReadModel.ListRenderedFieldsAsync(run.Facts.Key, new(asked.TaskId), cancel);
        var attempt = Latest(asked, run, attempts, token => rendered.Any(kept => kept.Token == token), "what its templates came to");
        var fields = rendered.FirstOrDefault(row => row.Token == attempt.Token)?.Fields ?? "{}";
        return new(
            run.Facts.Dag.Value, run.Facts.Id.Value, asked.TaskId, attempt.TryNumber, attempt.Token, attempt.State.Name(),
            JsonSerializer.Deserialize<JsonElement>(fields), attempt.Error);
    }

    private async Task<EvidenceAnswer> EvidenceAsync(EvidenceRequest asked, CancellationToken cancel)
    {
        var named = new RenderedRequest(asked.DagId, asked.TaskId, asked.RunId, asked.Try);
        var (run, attempts) = await AttemptsAsync(named, cancel);
        var evidence = await store.ReadModel.ListEvidenceAsync(run.Facts.Key, new(asked.TaskId), cancel);
        var attempt = Latest(named, run, attempts, token => evidence.Any(kept => kept.Token == token), "its evidence");
        return evidence.FirstOrDefault(row => row.Token == attempt.Token) is { } kept
            ? new(
                run.Facts.Dag.Value, run.Facts.Id.Value, asked.TaskId, attempt.TryNumber, attempt.Token, attempt.State.Name(),
                JsonSerializer.Deserialize<JsonElement>(kept.Seen), attempt.Error)
            : throw new ApiException(404, $"Try {attempt.TryNumber} of task '{asked.TaskId}' in run '{run.Facts.Id}' took no evidence: extracts and loads take it with reconcile: counts, or checksums.");
    }

    private async Task<IReadOnlyList<EvidenceSummary>> ListEvidenceAsync(EvidenceFilter filter, CancellationToken cancel)
    {
        var query = new EvidenceQuery
        {
            Dag = (await DagAsync(filter.DagId, cancel)).Id,
            Run = filter.RunId is { } run ? (await RunAsync(filter.DagId, run, cancel)).Facts.Key : null,
            Task = filter.TaskId is { } task ? new TaskId(task) : null,
            Limit = Math.Clamp(filter.Limit, 1, 10_000),
        };
        return [.. (await store.ReadModel.ListEvidenceAsync(query, cancel)).Select(Summary)];

        EvidenceSummary Summary(AttemptEvidence found)
        {
            using var seen = JsonDocument.Parse(found.Row.Seen);
            var comparisons = seen.RootElement.GetProperty("comparisons");
            return new()
            {
                DagId = filter.DagId,
                RunId = found.RunId.Value,
                LogicalDate = found.LogicalDate,
                TaskId = found.Row.Task.Value,
                TryNumber = found.TryNumber,
                Token = found.Row.Token,
                State = found.State.Name(),
                Places = [.. seen.RootElement.GetProperty("places").EnumerateArray().Select(place => new EvidenceRows(place.GetProperty("name").GetString()!, place.GetProperty("rows").GetInt64()))],
                Comparisons = comparisons.GetArrayLength(),
                Differences = comparisons.EnumerateArray().Sum(pair => pair.GetProperty("differences").GetArrayLength()),
            };
        }
    }

    private async Task<(DagRunRow Run, IReadOnlyList<TaskInstanceRow> Attempts)> AttemptsAsync(RenderedRequest asked, CancellationToken cancel)
    {
        var (run, spec, task) = await TaskAsync(new(asked.DagId, asked.TaskId, asked.RunId), cancel);
        var all = await store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel);
        if (spec.Tasks[task].Map is not null && asked.TaskId == spec.Tasks[task].Id.Value && all.Any(row => DagRunState.MapIndexIn(row.Task.Value, asked.TaskId) >= 0))
        {
            throw new ApiException(400, $"Task '{asked.TaskId}' is mapped; name one of its instances: {asked.TaskId}[0], or --map-index 0.");
        }

        // A change by hand has a row of its own, and no worker.
        var attempts = all.Where(row => row.Task.Value == asked.TaskId && row.Worker is not null && (asked.Try is null || row.TryNumber == asked.Try)).ToList();
        return attempts.Count > 0 ? (run, attempts) : throw new ApiException(404, asked.Try is { } number
            ? $"Task '{asked.TaskId}' has no try {number} in run '{run.Facts.Id}'."
            : $"Task '{asked.TaskId}' has not been tried in run '{run.Facts.Id}'.");
    }

    /// <summary>The latest attempt of which something is kept; else the latest that has ended.</summary>
    private static TaskInstanceRow Latest(RenderedRequest asked, DagRunRow run, IReadOnlyList<TaskInstanceRow> attempts, Func<int, bool> isKept, string what) =>
        attempts.LastOrDefault(row => isKept(row.Token)) ?? attempts.LastOrDefault(row => row.EndedAt is not null)
        ?? throw new ApiException(409, $"Task '{asked.TaskId}' is in its first attempt in run '{run.Facts.Id}'; {what} is there when that has ended.");
}
