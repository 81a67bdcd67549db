using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Deployments;

/// <summary>Asks a deployment. Every failure is a <see cref="DeploymentException"/> with one sentence.</summary>
internal sealed class ApiClient : IDisposable
{
    // Longer than the seed waits for the scheduler, so that its own words arrive.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly HttpClient _http;
    private readonly Deployment _deployment;

    public ApiClient(Deployment deployment)
    {
        _deployment = deployment;
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !deployment.Url.IsLoopback, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = deployment.Url,
            Timeout = Patience,
        };
        if (deployment.Token is { } token)
        {
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }
    }

    public Uri Url => _deployment.Url;

    /// <summary>Reads an answer.</summary>
    public static T Read<T>(string answer)
    {
        try
        {
            return ApiJson.Deserialize<T>(answer);
        }
        catch (JsonException e)
        {
            throw new DeploymentException($"The deployment's answer is not understood ({e.Message}); is it the same version as this tool?");
        }
    }

    /// <summary>Calls an operation (<see cref="Operations"/>).</summary>
    /// <returns>The answer's JSON.</returns>
    public Task<string> CallAsync<TRequest>(string operation, TRequest request, CancellationToken cancellationToken) => SendAsync(
        () => new(HttpMethod.Post, $"/api/v1/call/{operation}") { Content = new StringContent(ApiJson.Serialize(request), Encoding.UTF8, "application/json") },
        cancellationToken);

    /// <summary>Calls an operation and reads its answer.</summary>
    public async Task<TAnswer> AskAsync<TRequest, TAnswer>(string operation, TRequest request, CancellationToken cancellationToken) =>
        Read<TAnswer>(await CallAsync(operation, request, cancellationToken));

    /// <summary>Reads a resource.</summary>
    /// <param name="path">With its query, from <c>/api/v1/</c> on.</param>
    public Task<string> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(() => new(HttpMethod.Get, "/api/v1/" + path), cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<string> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        HttpStatusCode status;
        MediaTypeHeaderValue? type;
        string body;
        try
        {
            using var message = request();
            using var response = await _http.SendAsync(message, cancellationToken);
            (status, type) = (response.StatusCode, response.Content.Headers.ContentType);
            body = await response.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (HttpRequestException e)
        {
            var why = e.InnerException is SocketException socket ? socket.Message : e.Message;
            throw new DeploymentException($"Sluice at {Display} does not answer ({why.TrimEnd('.')}). Start it with 'sluice up', or name another by --api URL.", isTransient: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DeploymentException($"Sluice at {Display} did not answer within {Patience.TotalSeconds:0} s.", isTransient: true);
        }

        return status switch
        {
            HttpStatusCode.OK when type?.MediaType == "application/json" => body,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw new DeploymentException(
                $"Sluice at {Display} refuses the token. Give it by --token or SLUICE_API_TOKEN, or the cluster's secret by --cluster-secret-file."),
            _ => throw new DeploymentException(
                ErrorIn(body) ?? $"{Display} answered {(int)status}; that is not Sluice, or another version of it.",
                status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout),
        };
    }

    private string Display => _deployment.Url.GetLeftPart(UriPartial.Authority);

    private static string? ErrorIn(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String
                ? error.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
