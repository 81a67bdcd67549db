using Sluice.Actors;
using Sluice.Cluster.Api;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.DagRuns;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Api;

/// <content>Clearing, marking, and why a task is where it is.</content>
internal sealed partial class OperatorApi
{
    private const int MostRuns = 10_000;
    private const int AtOnce = 64;
    private const string LatestVersion = "latest";
    private const string OriginalVersion = "original";

    private Task<ChangeAnswer> ClearAsync(ChangeRequest request, string who, CancellationToken cancel) => request.State is not null
        ? throw new ApiException(400, $"State goes with marking; {Operations.ClearTasks} takes none.")
        : ChangeAsync(request with { Version = request.Version ?? OriginalVersion }, who, Operations.ClearTasks, (selection, by) => at => new ClearTasks(selection, by, at), cancel);

    private Task<ChangeAnswer> UpgradeRunAsync(ChangeRequest request, string who, CancellationToken cancel) =>
        request.State is not null || request.Tasks.Count > 0 || request.Upstream || request.Downstream || request.OnlyFailed || request.FromFailed || request.Version == OriginalVersion
            ? throw new ApiException(400, $"{Operations.UpgradeRun} moves whole runs to another version; to run some of their tasks again by it use {Operations.ClearTasks} with a version.")
            : ChangeAsync(request with { Version = request.Version ?? LatestVersion }, who, Operations.UpgradeRun, null, cancel);

    private Task<ChangeAnswer> MarkTasksAsync(ChangeRequest request, string who, CancellationToken cancel)
    {
        var state = MarkOf(request);
        return ChangeAsync(request, who, Operations.MarkTasks, (selection, by) => at => new MarkTasks(selection, state, by, at), cancel);
    }

    private Task<ChangeAnswer> MarkRunAsync(ChangeRequest request, string who, CancellationToken cancel)
    {
        var state = MarkOf(request);
        return request.Tasks.Count > 0 || request.Upstream || request.Downstream || request.OnlyFailed || request.FromFailed
            ? throw new ApiException(400, $"{Operations.MarkRun} marks whole runs; to mark some of their tasks use {Operations.MarkTasks}.")
            : ChangeAsync(request, who, Operations.MarkRun, (_, by) => at => new MarkRun(state, by, at), cancel);
    }

    private async Task<ChangeAnswer> ChangeAsync(
        ChangeRequest request, string who, string action, Func<TaskSelection, ByHand, Func<DateTimeOffset, DagRunCommand>>? command, CancellationToken cancel)
    {
        if (request.Note is { Length: > 1000 })
        {
            throw new ApiException(400, $"The note has {request.Note.Length} characters; it may have 1000.");
        }

        if (request is { OnlyFailed: true, FromFailed: true })
        {
            throw new ApiException(400, "only_failed and from_failed contradict each other; give one of them.");
        }

        var runs = await RunsOfAsync(request, cancel);
        var version = await VersionOfAsync(request, cancel);
        await CheckTasksAsync(request.Tasks, runs, version, cancel);
        var selection = new TaskSelection
        {
            Tasks = request.Tasks,
            Upstream = request.Upstream,
            Downstream = request.Downstream,
            OnlyFailed = request.OnlyFailed,
            FromFailed = request.FromFailed,
        };
        var by = new ByHand(who, string.IsNullOrWhiteSpace(request.Note) ? null : request.Note);
        var make = command?.Invoke(selection, by);
        var wanted = version is null ? null : new VersionWanted(version == LatestVersion ? null : version, by);
        var changes = new List<RunChangeSummary>();
        foreach (var some in runs.Chunk(AtOnce))
        {
            var asked = some.Select(run => ToDagAsync<RunChange>(run.Facts.Dag, new ChangeRun(run.Facts.Key, make, request.DryRun) { Version = wanted }, cancel)).ToList();
            changes.AddRange((await Task.WhenAll(asked)).Zip(some, Summaries.Of));
        }

        changes.RemoveAll(change => change is { Refusal: null, Tasks.Count: 0, VersionAfter: null } && change.StateBefore == change.StateAfter);
        var subject = request.RunId is null ? request.DagId : $"{request.DagId}/{runs[0].Facts.Id}";
        Audit(!request.DryRun && changes.Any(change => change.Refusal is null), who, action, subject, ApiJson.Serialize(request));
        return new(request.DryRun, changes);
    }

    /// <summary>The runs that are meant, oldest first; the named one first of all.</summary>
    private async Task<List<DagRunRow>> RunsOfAsync(ChangeRequest request, CancellationToken cancel)
    {
        var dag = await DagAsync(request.DagId, cancel);
        if (request.RunId is { } name)
        {
            if (request.Start is not null || request.End is not null)
            {
                throw new ApiException(400, "Give a run or a range of logical dates, not both.");
            }

            var named = await RunAsync(request.DagId, name, cancel);
            var runs = new List<DagRunRow> { named };
            var date = named.Facts.LogicalDate;
            if (request.Past)
            {
                runs.AddRange(await RangeAsync(new() { Dag = dag.Id, Before = date, Limit = MostRuns + 1 }, cancel));
            }

            if (request.Future)
            {
                runs.AddRange(await RangeAsync(new() { Dag = dag.Id, From = date.AddMicroseconds(1), Limit = MostRuns + 1 }, cancel));
            }

            return runs;
        }

        if (request.Start is not { } start || request.End is not { } end)
        {
            throw new ApiException(400, "Name a run, or give both ends of a range of logical dates.");
        }

        var zone = (await SpecAsync(dag.Version, cancel)).TimeZone;
        var (from, before) = (ScheduleDates.Parse(start, zone), ScheduleDates.Parse(end, zone));
        if (from >= before || request.Past || request.Future)
        {
            throw new ApiException(400, from >= before
                ? $"The range [{start}, {end}) is empty: it must start before it ends."
                : "Past and future go with a named run, not with a range.");
        }

        var found = await RangeAsync(new() { Dag = dag.Id, From = from, Before = before, Limit = MostRuns + 1 }, cancel);
        return found.Count > 0 ? found : throw new ApiException(404, $"Dag '{request.DagId}' has no run in [{start}, {end}).");
    }

    private async Task<List<DagRunRow>> RangeAsync(RunQuery query, CancellationToken cancel)
    {
        var runs = await store.ReadModel.ListRunsAsync(query, cancel);
        return runs.Count <= MostRuns
            ? [.. runs.OrderBy(run => run.Facts.LogicalDate).ThenBy(run => run.Facts.Key)]
            : throw new ApiException(400, $"That is more than {MostRuns} runs; take them in smaller ranges.");
    }

    /// <summary>A name that none of the runs' versions has is a slip of the pen.</summary>
    private async Task CheckTasksAsync(IReadOnlyList<string> names, List<DagRunRow> runs, string? version, CancellationToken cancel)
    {
        if (names.Count == 0)
        {
            return;
        }

        var left = names.ToHashSet(StringComparer.Ordinal);
        IEnumerable<string> versions = version switch
        {
            null => runs.Select(run => run.Facts.Version).Distinct(),
            LatestVersion => [(await DagAsync(runs[0].Facts.Dag.Value, cancel)).Version],
            _ => [version],
        };
        foreach (var theirs in versions)
        {
            var tasks = (await SpecAsync(theirs, cancel)).Tasks;
            left.RemoveWhere(name => tasks.Any(task => task.Id.Value == name
                || task.Id.Value.StartsWith(name + ".", StringComparison.Ordinal)
                || (task.Map is not null && DagRunState.MapIndexIn(name, task.Id.Value) >= 0)));
        }

        if (left.Count > 0)
        {
            throw new ApiException(404, $"Dag '{runs[0].Facts.Dag}' has no task or group '{left.First()}' in {(version is null ? $"the version of run '{runs[0].Facts.Id}'" : $"version {versions.First()}")}. See: sluice dags show {runs[0].Facts.Dag}");
        }
    }

    private async Task<TaskWhyAnswer> WhyAsync(TaskName name, CancellationToken cancel)
    {
        var run = await RunAsync(name.DagId, name.RunId, cancel);
        var why = await ToDagAsync<TaskWhy>(run.Facts.Dag, new WhyTask(run.Facts.Key, name.TaskId), cancel);
        var rows = new Lazy<Task<IReadOnlyList<TaskInstanceRow>>>(() => store.ReadModel.ListTaskInstancesAsync(run.Facts.Key, cancel).AsTask());
        if (why.Refusal is { } refusal)
        {
            var gone = (await rows.Value).LastOrDefault(row => row.Task.Value == name.TaskId && row.State == Core.TaskInstances.TaskState.Removed);
            return gone is null
                ? throw new ApiException(refusal.StartsWith("The run has no", StringComparison.Ordinal) ? 404 : 409, refusal)
                : new(
                    name.TaskId, run.Facts.Id.Value, Summaries.SnakeCase(run.State.ToString()), run.Facts.Version, gone.State.Name(), gone.TryNumber, gone.TryNumber,
                    [new("removed", $"its task was {gone.Error ?? "cleared"}, and was expanded again without it, or has not been yet")]);
        }

        var reasons = why.Reasons.Select(reason => new TaskReasonSummary(reason.Kind, reason.Text, reason.Until)).ToList();
        if (why.State.IsFinished() || why.State == Core.TaskInstances.TaskState.UpForRetry)
        {
            // What the rules do not know of an end stands in its row: an error, or who marked it.
            var latest = (await rows.Value).LastOrDefault(row => row.Task.Value == why.Task);
            if (latest is { Error: { } error })
            {
                // Only an attempt's row has a worker.
                var text = latest.Worker is null ? error : latest.State == Core.TaskInstances.TaskState.Skipped ? $"try {latest.TryNumber} skipped itself: {error}" : $"try {latest.TryNumber} failed: {error}";
                reasons.Insert(why.State.IsFinished() ? 0 : reasons.Count, new(why.State.IsFinished() ? "ended" : "error", text));
            }
            else if (reasons.Count == 0)
            {
                reasons.Add(new("ended", why.State == Core.TaskInstances.TaskState.Success ? "it ended well" : why.Run == RunState.Failed && run.Reason is { } reason ? $"its run ended: {reason}" : $"it ended as {why.State.Name()}"));
            }
        }

        return new(why.Task, run.Facts.Id.Value, Summaries.SnakeCase(why.Run.ToString()), run.Facts.Version, why.State.Name(), why.Tries, why.MaxTries, reasons);
    }

    /// <summary>The version that the runs are to go on by: <c>latest</c>, a whole hash, or null when they keep their own.</summary>
    private async Task<string?> VersionOfAsync(ChangeRequest request, CancellationToken cancel)
    {
        if (request.State is not null && request.Version is not null)
        {
            throw new ApiException(400, "Marking runs nothing, so no version goes with it.");
        }

        return request.Version switch
        {
            null or OriginalVersion => null,
            LatestVersion => LatestVersion,
            var given => await FindVersionAsync(new(request.DagId), given, cancel),
        };
    }

    /// <summary>A version of a Dag by its content hash, or the beginning of it.</summary>
    private async Task<string> FindVersionAsync(DagId dag, string given, CancellationToken cancel)
    {
        var found = (await store.ReadModel.ListDagVersionsAsync(dag, cancel)).Where(use => given.Length > 0 && use.Version.StartsWith(given, StringComparison.OrdinalIgnoreCase)).ToList();
        return found switch
        {
            [var one] => one.Version,
            [] => throw new ApiException(404, $"Dag '{dag}' has no version '{given}'; give latest, or a version of: sluice dags versions {dag}"),
            _ => throw new ApiException(400, $"'{given}' is the beginning of {found.Count} versions of Dag '{dag}'; give more of it."),
        };
    }

    private static TaskState MarkOf(ChangeRequest request) => request.State switch
    {
        "success" => Core.TaskInstances.TaskState.Success,
        "failed" => Core.TaskInstances.TaskState.Failed,
        "skipped" => Core.TaskInstances.TaskState.Skipped,
        null => throw new ApiException(400, "Say what to mark it as: state is success, failed or skipped."),
        var other => throw new ApiException(400, $"'{other}' is no state to mark with; use success, failed or skipped."),
    };
}
