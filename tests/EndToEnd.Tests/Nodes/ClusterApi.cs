using Sluice.Cluster.Api;
using Sluice.Cluster.Transport;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>A deployment's API with what tests ask for again and again. Failures are <see cref="DeploymentException"/>s.</summary>
internal sealed class ClusterApi(Uri url, string token, LinkTls? tls = null) : IDisposable
{
    private readonly ApiClient _client = new(url, token, tls);

    public Task<TResponse> CallAsync<TRequest, TResponse>(string operation, TRequest request) => _client.AskAsync<TRequest, TResponse>(operation, request);

    public Task<IReadOnlyList<DagSummary>> DagsAsync() => _client.ListDagsAsync();

    public Task<IReadOnlyList<ImportErrorSummary>> ImportErrorsAsync() => _client.ListImportErrorsAsync();

    public Task<RunSummary> TriggerAsync(string dag, string runId = "run") => _client.TriggerRunAsync(new(dag, null, runId, null));

    public Task<RunDetails> ShowAsync(string dag, string runId = "run") => _client.ShowRunAsync(dag, runId);

    public async Task<TaskAttemptSummary> TaskAsync(string dag, string task, string runId = "run") =>
        (await ShowAsync(dag, runId)).Tasks.Single(attempt => attempt.TaskId == task);

    public Task<TaskStateAnswer> TaskStateAsync(string dag, string task, string runId = "run") => _client.TaskStateAsync(dag, task, runId);

    public Task SetConnectionAsync(string id, string uri) => _client.SetConnectionAsync(id, uri);

    public Task SetVariableAsync(string id, string value) => _client.SetVariableAsync(id, value);

    /// <summary>Waits until the run has ended, however it did.</summary>
    public Task<RunDetails> EndedAsync(string dag, string runId = "run") => Until.ValueAsync(
        async () => await TryAsync(() => ShowAsync(dag, runId)) is { Run.State: "success" or "failed" } run ? run : null,
        $"run {runId} of {dag} has ended",
        async () => Describe(await ShowAsync(dag, runId)));

    public async Task<RunDetails> SucceededAsync(string dag, string runId = "run")
    {
        var run = await EndedAsync(dag, runId);
        Assert.True(run.Run.State == "success", Describe(run));
        return run;
    }

    public async Task<BackfillDetails> BackfillAsync(string dag, string start, string end, int maxActiveRuns, string reprocess = "none")
    {
        var made = await _client.CreateBackfillAsync(new(dag, start, end, maxActiveRuns, reprocess));
        return await Until.ValueAsync(
            async () => await _client.ShowBackfillAsync(made.BackfillId) is { Backfill.EndedAt: not null } done ? done : null,
            $"backfill {made.BackfillId} has ended",
            async () => string.Join('\n', (await _client.ShowBackfillAsync(made.BackfillId)).Runs));
    }

    /// <summary>The log of a task's latest attempt.</summary>
    public async Task<string> LogAsync(string dag, string task, string runId = "run")
    {
        return await LogAsync(dag, task, await TaskAsync(dag, task, runId), runId);
    }

    /// <summary>The log of one attempt.</summary>
    public async Task<string> LogAsync(string dag, string task, TaskAttemptSummary attempt, string runId = "run") =>
        (await _client.LogAsync(dag, runId, task, attempt.Token, attempt.Worker!)).Text;

    public Task<NodesAnswer> NodesAsync() => _client.NodesAsync();

    public Task<IReadOnlyList<NodeActors>> ActorsAsync() => _client.ActorsAsync();

    /// <summary>Null while the cluster cannot answer.</summary>
    public static async Task<T?> TryAsync<T>(Func<Task<T>> call)
        where T : class
    {
        try
        {
            return await call();
        }
        catch (DeploymentException e) when (e.IsTransient)
        {
            return null;
        }
    }

    public static string Describe(RunDetails run) =>
        $"{run.Run.DagId} {run.Run.RunId} is {run.Run.State}: {run.Run.Reason}\n"
        + string.Join('\n', run.Tasks.Select(task => $"  {task.TaskId} {task.State} try {task.TryNumber} {task.Error}"));

    public void Dispose() => _client.Dispose();
}
