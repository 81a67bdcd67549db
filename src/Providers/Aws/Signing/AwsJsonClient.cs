using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Aws.Signing;

/// <summary>Asks a service of AWS by its JSON 1.1 protocol.</summary>
/// <param name="connection">Of type aws or s3: keys, region, role_arn, endpoint_url; null for the AWS SDK's own chain.</param>
/// <param name="service">Its name in addresses and signatures: athena, glue, redshift-data.</param>
/// <param name="target">What X-Amz-Target begins with.</param>
/// <param name="time">The clock.</param>
internal sealed class AwsJsonClient(Connection? connection, string service, string target, TimeProvider time)
{
    private const int MostTries = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    // A list may lag behind what was just started.
    private static readonly TimeSpan BeforeFinding = TimeSpan.FromSeconds(1);

    private static readonly HttpClient Client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(100) };

    private readonly AwsSettings _settings = AwsSettings.Of(connection);

    /// <summary>Asks; throttling, faults of the service and broken connections are tried again, with growing pauses between them.</summary>
    /// <param name="action">Of the service.</param>
    /// <param name="body">What it takes.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <param name="find">
    /// For what must not be done twice: after a fault or a broken connection the service may have done it all the same. Gives the answer that was lost, null when nothing was done.
    /// Leave it out where the request has a token of its own by which the service knows a repeat.
    /// </param>
    /// <exception cref="TaskFailedException">The request cannot be meant, or may not be made.</exception>
    /// <exception cref="TaskErrorException">The service does not answer, or goes on to refuse.</exception>
    internal async ValueTask<JsonObject> AskAsync(string action, JsonObject body, CancellationToken cancellationToken, Func<ValueTask<JsonObject?>>? find = null)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await AskOnceAsync(action, body, cancellationToken);
            }
            catch (AwsServiceException e) when (e.IsTransient && (tried < MostTries || find is not null))
            {
                // Full jitter: a pause between nothing and the bound, so that many workers do not come back at once.
                var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << tried)) * Random.Shared.NextDouble();
                await Task.Delay(find is null || pause > BeforeFinding ? pause : BeforeFinding, time, cancellationToken);
                if (find is not null && await find() is { } answer)
                {
                    return answer;
                }

                if (tried == MostTries)
                {
                    throw Told(action, e);
                }
            }
            catch (AwsServiceException e)
            {
                throw Told(action, e);
            }
        }
    }

    private Exception Told(string action, AwsServiceException e)
    {
        var sentence = $"{service} refused {action} for {S3Errors.Who(_settings)}: {e.Message}";
        return e.IsTransient || e.IsOurs ? new TaskErrorException(sentence, e) : new TaskFailedException(sentence, e);
    }

    private async ValueTask<JsonObject> AskOnceAsync(string action, JsonObject body, CancellationToken cancellationToken)
    {
        var region = _settings.Region ?? Environment.GetEnvironmentVariable("AWS_REGION") ?? Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION")
            ?? throw new TaskFailedException($"No region is known for {service}: set region in the connection, or AWS_REGION.");
        var address = new Uri(_settings.Endpoint ?? $"https://{service}.{region}.amazonaws.com/");
        var keys = await _settings.CurrentAsync();
        var payload = Encoding.UTF8.GetBytes(body.ToJsonString());
        var now = time.GetUtcNow();
        var headers = new Dictionary<string, string>
        {
            ["Host"] = address.Authority,
            ["X-Amz-Date"] = SignatureV4.Stamp(now),
            ["X-Amz-Target"] = $"{target}.{action}",
            ["Content-Type"] = "application/x-amz-json-1.1",
        };
        if (keys.UseToken)
        {
            headers["X-Amz-Security-Token"] = keys.Token;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(payload) };
        foreach (var (name, value) in headers.Where(header => header.Key != "Content-Type"))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Content.Headers.ContentType = new MediaTypeHeaderValue(headers["Content-Type"]);
        request.Headers.TryAddWithoutValidation(
            "Authorization", SignatureV4.Authorization("POST", address, headers, payload, new(keys.AccessKey, keys.SecretKey, region, service), now));
        try
        {
            using var response = await Client.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode ? Parse(answer) : throw Refused(response.StatusCode, answer);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AwsServiceException($"it cannot be reached at {address.Authority}: {e.Message}", isTransient: true, isOurs: false, e);
        }
    }

    private static JsonObject Parse(string answer)
    {
        try
        {
            return answer.Length == 0 ? [] : JsonNode.Parse(answer) as JsonObject ?? throw new JsonException("it is no object.");
        }
        catch (JsonException e)
        {
            throw new AwsServiceException($"its answer is not JSON: {e.Message}", isTransient: true, isOurs: false, e);
        }
    }

    private static AwsServiceException Refused(HttpStatusCode status, string answer)
    {
        string? type = null, message = null;
        try
        {
            var error = JsonNode.Parse(answer) as JsonObject;
            type = (error?["__type"] ?? error?["code"])?.ToString().Split('#')[^1].Split(':')[0];
            message = (error?["message"] ?? error?["Message"])?.ToString();
        }
        catch (JsonException)
        {
            // A proxy's page; its status says enough.
        }

        var isThrottled = status == HttpStatusCode.TooManyRequests || (type is not null && (type.Contains("Throttl", StringComparison.Ordinal) || type is "TooManyRequestsException" or "RequestLimitExceeded"));
        var isExpired = type is "ExpiredTokenException" or "RequestExpired";
        return new($"{type ?? $"HTTP {(int)status}"} {message ?? ""}".TrimEnd(), isThrottled || (int)status >= 500, isExpired, null) { Type = type };
    }
}

/// <summary>A service refused, or did not answer.</summary>
/// <param name="message">Its own words.</param>
/// <param name="isTransient">Asking again may help.</param>
/// <param name="isOurs">Another attempt may have what this one lacks (credentials that expired).</param>
/// <param name="inner">What led to it.</param>
internal sealed class AwsServiceException(string message, bool isTransient, bool isOurs, Exception? inner) : Exception(message, inner)
{
    internal bool IsTransient { get; } = isTransient;

    internal bool IsOurs { get; } = isOurs;

    /// <summary>The error's name, such as <c>ConcurrentRunsExceededException</c>; null when there is none.</summary>
    internal string? Type { get; init; }
}
