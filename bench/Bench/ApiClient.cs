using System.Net.Http.Headers;
using System.Text;
using Sluice.Cluster.Api;

namespace Sluice.Bench;

/// <summary>Calls of the deployment under test.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;

    public ApiClient(Uri url, string token)
    {
        _http = new() { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public async Task<TResponse> CallAsync<TRequest, TResponse>(string operation, TRequest request)
    {
        using var content = new StringContent(ApiJson.Serialize(request), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri($"api/v1/call/{operation}", UriKind.Relative), content);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? ApiJson.Deserialize<TResponse>(body)
            : throw new HttpRequestException($"{operation}: {(int)response.StatusCode} {body}", null, response.StatusCode);
    }

    public Task<RunSummary> TriggerAsync(string dag, string runId) =>
        CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new(dag, null, runId, null));

    public Task<RunDetails> ShowAsync(string dag, string runId) =>
        CallAsync<RunName, RunDetails>(Operations.ShowRun, new(dag, runId));

    public Task<IReadOnlyList<RunSummary>> RunsAsync(string? dag, int limit) =>
        CallAsync<RunFilter, IReadOnlyList<RunSummary>>(Operations.ListRuns, new(dag, null, null, limit));

    public Task<IReadOnlyList<DagSummary>> DagsAsync() => CallAsync<Nothing, IReadOnlyList<DagSummary>>(Operations.ListDags, new());

    public Task<IReadOnlyList<ImportErrorSummary>> ErrorsAsync() => CallAsync<Nothing, IReadOnlyList<ImportErrorSummary>>(Operations.ListImportErrors, new());

    public void Dispose() => _http.Dispose();
}
