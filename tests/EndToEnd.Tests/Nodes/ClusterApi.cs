using System.Diagnostics;
using Sluice.Cluster.Api;
using Sluice.Cluster.Transport;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>A deployment's API with what tests ask for again and again. Failures are <see cref="DeploymentException"/>s.</summary>
/// <remarks>Waits for a leader: on a busy machine one may be too slow to keep its lease, and another takes over.</remarks>
internal sealed class ClusterApi(Uri url, string token, LinkTls? tls = null) : IDisposable
{
    private readonly ApiClient _client = new(url, token, tls);

    /// <summary>Does not wait for a leader.</summary>
    public ApiClient AtOnce => _client;

    public Task<TResponse> CallAsync<TRequest, TResponse>(string operation, TRequest request) =>
        PatientlyAsync(() => _client.AskAsync<TRequest, TResponse>(operation, request), alsoInDoubt: false);

    public Task<IReadOnlyList<DagSummary>> DagsAsync() => PatientlyAsync(() => _client.ListDagsAsync());

    public Task<IReadOnlyList<ImportErrorSummary>> ImportErrorsAsync() => PatientlyAsync(() => _client.ListImportErrorsAsync());

    public async Task<RunSummary> TriggerAsync(string dag, string runId = "run")
    {
        var isInDoubt = false;
        return await PatientlyAsync(async () =>
        {
            try
            {
                return await _client.TriggerRunAsync(new(dag, null, runId, null));
            }
            catch (DeploymentException e) when (isInDoubt && e.Message.Contains($"has a run '{runId}' already", StringComparison.Ordinal))
            {
                return (await _client.ShowRunAsync(dag, runId)).Run;
            }
            catch (DeploymentException e) when (e.IsTransient)
            {
                isInDoubt = true;
                throw;
            }
        });
    }

    public Task<RunDetails> ShowAsync(string dag, string runId = "run") => PatientlyAsync(() => _client.ShowRunAsync(dag, runId));

    public async Task<TaskAttemptSummary> TaskAsync(string dag, string task, string runId = "run") =>
        (await ShowAsync(dag, runId)).Tasks.Single(attempt => attempt.TaskId == task);

    public Task<TaskStateAnswer> TaskStateAsync(string dag, string task, string runId = "run") => PatientlyAsync(() => _client.TaskStateAsync(dag, task, runId));

    public Task SetConnectionAsync(string id, string uri) => PatientlyAsync(() => _client.SetConnectionAsync(id, uri));

    public Task SetVariableAsync(string id, string value) => PatientlyAsync(() => _client.SetVariableAsync(id, value));

    /// <summary>Waits until the run has ended, however it did.</summary>
    public Task<RunDetails> EndedAsync(string dag, string runId = "run") => Until.ValueAsync(
        async () => await TryAsync(() => _client.ShowRunAsync(dag, runId)) is { Run.State: "success" or "failed" } run ? run : null,
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
        var made = await PatientlyAsync(() => _client.CreateBackfillAsync(new(dag, start, end, maxActiveRuns, reprocess)), alsoInDoubt: false);
        return await Until.ValueAsync(
            async () => await PatientlyAsync(() => _client.ShowBackfillAsync(made.BackfillId)) is { Backfill.EndedAt: not null } done ? done : null,
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
        (await PatientlyAsync(() => _client.LogAsync(dag, runId, task, attempt.Token, attempt.Worker!))).Text;

    public Task<NodesAnswer> NodesAsync() => PatientlyAsync(() => _client.NodesAsync());

    public Task<IReadOnlyList<NodeActors>> ActorsAsync() => PatientlyAsync(() => _client.ActorsAsync());

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

    /// <param name="call">Asked again while nobody can answer it.</param>
    /// <param name="alsoInDoubt">Also when it may have been done.</param>
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> call, bool alsoInDoubt = true)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                return await call();
            }
            catch (DeploymentException e) when (e.IsTransient && waited.Elapsed < Until.Patience && (alsoInDoubt || !e.Message.Contains("not known", StringComparison.Ordinal)))
            {
                // A leader comes back, or another one comes.
            }
        }
    }
}
