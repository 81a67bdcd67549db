using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Cluster.Api;

namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>The API of a cluster, as the tool calls it.</summary>
internal sealed class ClusterApi : IDisposable
{
    private readonly HttpClient _http;

    public ClusterApi(Uri url, string token)
    {
        _http = new() { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <exception cref="HttpRequestException">Refused, or there is no leader; the message is the answer's sentence.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(string operation, TRequest request)
    {
        using var content = new StringContent(ApiJson.Serialize(request), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri($"api/v1/call/{operation}", UriKind.Relative), content);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? ApiJson.Deserialize<TResponse>(body)
            : throw new HttpRequestException($"{(string?)JsonNode.Parse(body)?["error"] ?? body}", null, response.StatusCode);
    }

    public Task<IReadOnlyList<DagSummary>> DagsAsync() => CallAsync<Nothing, IReadOnlyList<DagSummary>>(Operations.ListDags, new());

    public Task<IReadOnlyList<ImportErrorSummary>> ImportErrorsAsync() =>
        CallAsync<Nothing, IReadOnlyList<ImportErrorSummary>>(Operations.ListImportErrors, new());

    public Task<RunSummary> TriggerAsync(string dag, string runId = "run") => CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new(dag, null, runId, null));

    public Task<RunDetails> ShowAsync(string dag, string runId = "run") => CallAsync<RunName, RunDetails>(Operations.ShowRun, new(dag, runId));

    public async Task<TaskAttemptSummary> TaskAsync(string dag, string task, string runId = "run") =>
        (await ShowAsync(dag, runId)).Tasks.Single(attempt => attempt.TaskId == task);

    public Task<TaskStateAnswer> TaskStateAsync(string dag, string task, string runId = "run") =>
        CallAsync<TaskName, TaskStateAnswer>(Operations.TaskState, new(dag, task, runId));

    public Task SetConnectionAsync(string id, string uri) => CallAsync<SecretValue, Changed>(Operations.SetConnection, new(id, uri));

    public Task SetVariableAsync(string id, string value) => CallAsync<SecretValue, Changed>(Operations.SetVariable, new(id, value));

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
        var made = await CallAsync<BackfillRequest, BackfillSummary>(Operations.CreateBackfill, new(dag, start, end, maxActiveRuns, reprocess));
        return await Until.ValueAsync(
            async () => await CallAsync<BackfillName, BackfillDetails>(Operations.ShowBackfill, new(made.BackfillId)) is { Backfill.EndedAt: not null } done ? done : null,
            $"backfill {made.BackfillId} has ended",
            async () => string.Join('\n', (await CallAsync<BackfillName, BackfillDetails>(Operations.ShowBackfill, new(made.BackfillId))).Runs));
    }

    /// <summary>The log of a task's latest attempt.</summary>
    public async Task<string> LogAsync(string dag, string task, string runId = "run")
    {
        var attempt = await TaskAsync(dag, task, runId);
        using var response = await _http.GetAsync(
            new Uri($"api/v1/logs?dag={dag}&run={runId}&task={task}&token={attempt.Token}&worker={attempt.Worker}", UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? (string)JsonNode.Parse(body)!["text"]! : throw new HttpRequestException(body);
    }

    /// <summary>Ids and roles of the nodes that the seed knows.</summary>
    public async Task<JsonNode> NodesAsync() => JsonNode.Parse(await _http.GetStringAsync(new Uri("api/v1/nodes", UriKind.Relative)))!;

    /// <summary>The trees of actors of all nodes.</summary>
    public Task<string> ActorsAsync() => _http.GetStringAsync(new Uri("api/v1/actors", UriKind.Relative));

    /// <summary>Null while the cluster cannot answer.</summary>
    public static async Task<T?> TryAsync<T>(Func<Task<T>> call)
        where T : class
    {
        try
        {
            return await call();
        }
        catch (HttpRequestException e) when (e.StatusCode is null or System.Net.HttpStatusCode.ServiceUnavailable or System.Net.HttpStatusCode.GatewayTimeout)
        {
            return null;
        }
    }

    public static string Describe(RunDetails run) =>
        $"{run.Run.DagId} {run.Run.RunId} is {run.Run.State}: {run.Run.Reason}\n"
        + string.Join('\n', run.Tasks.Select(task => $"  {task.TaskId} {task.State} try {task.TryNumber} {task.Error}"));

    public void Dispose() => _http.Dispose();
}
