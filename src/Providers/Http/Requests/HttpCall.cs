using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Http.Requests;

/// <summary>One request of a task.</summary>
/// <param name="ConnectionId">Connection of type http or https: host, port, <c>schema</c> as the beginning of the path, login and password as basic
/// authorization, extra <c>token</c> as bearer. Null when <paramref name="Endpoint"/> is a whole address.</param>
/// <param name="Endpoint">Path and query, or a whole address.</param>
/// <param name="Method">GET, POST, ...</param>
/// <param name="Data">Body; null for none.</param>
/// <param name="Headers">Further headers.</param>
internal sealed record HttpCall(string? ConnectionId, string Endpoint, string Method, string? Data, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>What fits into an XCom with room to spare; more belongs into a store.</summary>
    private const int LargestBody = 1024 * 1024;

    private static readonly string[] Known = ["token"];

    private static readonly HttpClient Client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AutomaticDecompression = DecompressionMethods.All })
    {
        Timeout = Timeout.InfiniteTimeSpan, // the attempt has a timeout of its own
    };

    /// <summary>Sends it.</summary>
    /// <exception cref="TaskFailedException">It cannot be meant, or the answer is too large.</exception>
    /// <exception cref="TaskErrorException">The service cannot be reached.</exception>
    internal async ValueTask<HttpAnswer> SendAsync(TaskContext context, CancellationToken cancellationToken)
    {
        using var request = await BuildAsync(context, cancellationToken);
        var place = $"{request.Method} {request.RequestUri!.GetLeftPart(UriPartial.Path)}"; // a query may hold secrets
        try
        {
            using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var body = await ReadAsync(response, place, cancellationToken);
            context.Log($"{place}: {(int)response.StatusCode} {response.ReasonPhrase}, {body.Length} characters");
            return new(place, response.StatusCode, response.Content.Headers.ContentType?.MediaType, body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TaskErrorException($"{place} could not be asked: {e.Message}", e);
        }
    }

    private async ValueTask<HttpRequestMessage> BuildAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var (address, authorization) = await AddressAsync(context, cancellationToken);
        var request = new HttpRequestMessage(new HttpMethod(Method.ToUpperInvariant()), address) { Headers = { Authorization = authorization } };
        if (Data is not null)
        {
            request.Content = new StringContent(Data, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content ??= new ByteArrayContent([]);
                request.Content.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    private async ValueTask<(Uri Address, AuthenticationHeaderValue? Authorization)> AddressAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(ConnectionId))
        {
            return (Checked(Endpoint, $"The endpoint '{Endpoint}' is no http or https address; name a ConnectionId, or write it whole."), null);
        }

        var connection = await context.ConnectionAsync(ConnectionId, cancellationToken);
        if (connection.Type is not ("http" or "https"))
        {
            throw new TaskFailedException($"Connection '{connection.Id}' of type '{connection.Type}' is no web service; write https://login:password@host/path.");
        }

        if (connection.Extra.Keys.FirstOrDefault(key => !Known.Contains(key)) is { } unknown)
        {
            throw new TaskFailedException($"Connection '{connection.Id}': there is no setting '{unknown}'; known: {string.Join(", ", Known)}.");
        }

        // A whole address must not carry the connection's credentials to another host.
        if (Endpoint.Contains("://", StringComparison.Ordinal))
        {
            throw new TaskFailedException($"The endpoint '{Endpoint}' is a whole address; with a connection it is a path.");
        }

        var root = $"{connection.Type}://{connection.Host}{(connection.Port is { } port ? $":{port}" : "")}";
        var path = string.Join('/', new[] { connection.Schema?.Trim('/'), Endpoint.TrimStart('/') }.Where(part => !string.IsNullOrEmpty(part)));
        var address = Checked($"{root}/{path}", $"Connection '{connection.Id}' and the endpoint '{Endpoint}' make no address.");
        return (address, connection switch
        {
            _ when connection.Extra.TryGetValue("token", out var token) => new("Bearer", token),
            { Login: not null } => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{connection.Login}:{connection.Password}"))),
            _ => null,
        });
    }

    private static Uri Checked(string text, string otherwise) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : throw new TaskFailedException(otherwise);

    private static async ValueTask<string> ReadAsync(HttpResponseMessage response, string place, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var buffer = new char[LargestBody + 1];
        var length = await reader.ReadBlockAsync(buffer, cancellationToken);
        return length <= LargestBody
            ? new(buffer, 0, length)
            : throw new TaskFailedException($"{place} answered with more than {LargestBody} characters; bulk data belongs into an object store.");
    }
}

/// <summary>What a service answered.</summary>
/// <param name="Place">Method and address, without the query.</param>
/// <param name="Status">Status code.</param>
/// <param name="MediaType">Such as application/json; null when it does not say.</param>
/// <param name="Body">As text.</param>
internal sealed record HttpAnswer(string Place, HttpStatusCode Status, string? MediaType, string Body)
{
    internal bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The answer's beginning, for messages.</summary>
    internal string Beginning => Body.Length <= 300 ? Body : Body[..300] + "...";
}
