using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Sluice.Cluster.Api;
using Sluice.Cluster.Transport;

namespace Sluice.Client;

/// <summary>Asks a deployment. Every failure is a <see cref="DeploymentException"/>. Safe to use from many threads at once.</summary>
public sealed partial class ApiClient : IDisposable
{
    // Longer than the seed waits for the scheduler, so that its own words arrive.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly HttpClient _http;
    private volatile string? _objection; // to the certificate that was shown last

    /// <param name="url">Of a seed, without a path.</param>
    /// <param name="token">Bearer token; null when none is known.</param>
    /// <param name="tls">For https: who must have signed the seed's certificate. Null: whom the machine trusts.</param>
    /// <param name="user">Who asks, as the audit log and changes by hand name them. Null: nobody in particular.</param>
    public ApiClient(Uri url, string? token, LinkTls? tls = null, string? user = null)
    {
        ArgumentNullException.ThrowIfNull(url);
        Url = url;
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = !url.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, // names of people
        };
        if (tls is not null)
        {
            sockets.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                _objection = tls.Objection(url.Host, certificate, chain, errors);
                return _objection is null;
            };
        }

        _http = new(sockets)
        {
            BaseAddress = url,
            Timeout = Patience,
        };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        }

        if (user is not null)
        {
            _http.DefaultRequestHeaders.Add("X-Sluice-User", user);
        }
    }

    /// <summary>Of the seed that is asked.</summary>
    public Uri Url { get; }

    /// <summary>Address of the web pages that signs in who opens it. It holds the token, in the part that browsers do not send.</summary>
    public Uri SignInAddress => new(Url, $"/#token={Uri.EscapeDataString(_http.DefaultRequestHeaders.Authorization?.Parameter ?? "")}");

    /// <summary>Reads an answer.</summary>
    /// <exception cref="DeploymentException">It is not a <typeparamref name="T"/>.</exception>
    public static T Read<T>(string answer)
    {
        try
        {
            return ApiJson.Deserialize<T>(answer);
        }
        catch (JsonException e)
        {
            throw new DeploymentException(
                $"The deployment's answer is not understood ({e.Message}); is it the same version as this tool?", CallFailure.NotUnderstood, inner: e);
        }
    }

    /// <summary>Calls an operation (<see cref="Operations"/>).</summary>
    /// <returns>The answer's JSON.</returns>
    public Task<string> CallAsync<TRequest>(string operation, TRequest request, CancellationToken cancellationToken = default) => SendAsync(
        () => new(HttpMethod.Post, $"/api/v1/call/{operation}") { Content = new StringContent(ApiJson.Serialize(request), Encoding.UTF8, "application/json") },
        cancellationToken);

    /// <summary>Calls an operation and reads its answer.</summary>
    public async Task<TAnswer> AskAsync<TRequest, TAnswer>(string operation, TRequest request, CancellationToken cancellationToken = default) =>
        Read<TAnswer>(await CallAsync(operation, request, cancellationToken));

    /// <summary>Reads a resource.</summary>
    /// <param name="path">With its query, from <c>/api/v1/</c> on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer's JSON.</returns>
    public Task<string> GetAsync(string path, CancellationToken cancellationToken = default) =>
        SendAsync(() => new(HttpMethod.Get, "/api/v1/" + path), cancellationToken);

    /// <inheritdoc/>
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
            var why = _objection ?? (e.InnerException is SocketException or AuthenticationException ? e.InnerException.Message : e.Message);
            throw new DeploymentException($"Sluice at {Display} does not answer ({why.TrimEnd('.')}).", CallFailure.Unreachable, inner: e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DeploymentException($"Sluice at {Display} did not answer within {Patience.TotalSeconds:0} s.", CallFailure.Unavailable, inner: e);
        }

        return status switch
        {
            HttpStatusCode.OK when type?.MediaType == "application/json" => body,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                throw new DeploymentException($"Sluice at {Display} refuses the token.", CallFailure.Unauthorized, status),
            _ when ErrorIn(body) is { } error => throw new DeploymentException(error, IsAway(status) ? CallFailure.Unavailable : CallFailure.Refused, status),
            _ => throw new DeploymentException(
                $"{Display} answered {(int)status}; that is not Sluice, or another version of it.", IsAway(status) ? CallFailure.Unavailable : CallFailure.NotUnderstood, status),
        };
    }

    private string Display => Url.GetLeftPart(UriPartial.Authority);

    private static bool IsAway(HttpStatusCode status) => status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;

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
