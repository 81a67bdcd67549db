using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sluice.Services.Aws;

/// <summary>
/// Athena, Glue and Redshift's Data API as far as the operators use them, which nobody can run: it checks each signature by itself, keeps what was
/// started, and lets it run for so many looks.
/// </summary>
public sealed class AwsJsonServer : IAsyncDisposable
{
    public const string AccessKey = "AKIDTEST";
    public const string SecretKey = "secret/with+signs";
    public const string Region = "eu-west-1";

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Job> _jobs = [];

    private AwsJsonServer(WebApplication app) => _app = app;

    /// <summary>How many looks see a job running before it ends.</summary>
    public int Looks { get; set; } = 2;

    /// <summary>How it ends: the service's own word; SUCCEEDED is FINISHED for a statement.</summary>
    public string End { get; set; } = "SUCCEEDED";

    /// <summary>Answers to give before the real ones: status and error type.</summary>
    public ConcurrentQueue<(int Status, string Type)> Refusals { get; } = [];

    /// <summary>What happens to the next calls that start something.</summary>
    public ConcurrentQueue<StartFault> StartFaults { get; } = [];

    /// <summary>How many of the next stops end in a fault of the service.</summary>
    public int StopFaults { get; set; }

    /// <summary>The jobs that it was told to stop, in order.</summary>
    public ConcurrentQueue<string> Stopped { get; } = [];

    /// <summary>Jobs that someone looked at, in order.</summary>
    public ConcurrentQueue<string> LookedAt { get; } = [];

    /// <summary>From now on no token finds what it started: the service keeps them for a while only.</summary>
    public void ForgetTokens()
    {
        lock (_lock)
        {
            foreach (var job in _jobs.Values)
            {
                job.Token = "";
            }
        }
    }

    /// <summary>From now on there is no such job.</summary>
    public void Forget(string id)
    {
        lock (_lock)
        {
            _jobs[id].IsForgotten = true;
        }
    }

    /// <summary>Actions asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public ConcurrentQueue<JsonObject> Started { get; } = [];

    public string ConnectionUri => $"aws://{AccessKey}:{Uri.EscapeDataString(SecretKey)}@/?region={Region}&endpoint_url={Uri.EscapeDataString(_app.Urls.First() + "/")}";

    public static async Task<AwsJsonServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var server = new AwsJsonServer(app);
        app.MapPost("/", server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var memory = new MemoryStream();
        await http.Request.Body.CopyToAsync(memory);
        var payload = memory.ToArray();
        var action = http.Request.Headers["X-Amz-Target"].ToString();
        Asked.Enqueue(action);
        var fault = action.Split('.')[1] is "StartQueryExecution" or "StartJobRun" or "ExecuteStatement" && StartFaults.TryDequeue(out var next) ? next : (StartFault?)null;
        var (status, answer) = !IsSigned(http.Request, payload, action.Split('.')[0]) ? Refuse(400, "InvalidSignatureException")
            : Refusals.TryDequeue(out var refusal) ? Refuse(refusal.Status, refusal.Type)
            : fault == StartFault.RefusedBeforeTaken ? Refuse(503, "ServiceUnavailable")
            : Answer(action.Split('.')[1], JsonNode.Parse(payload)!.AsObject());
        if (fault == StartFault.AnswerLost)
        {
            http.Abort();
            return;
        }

        if (fault == StartFault.RefusedAfterTaken)
        {
            (status, answer) = Refuse(500, "InternalServiceException");
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/x-amz-json-1.1";
        await http.Response.WriteAsync(answer.ToJsonString());
    }

    private static (int, JsonObject) Refuse(int status, string type) => (status, new() { ["__type"] = $"com.amazonaws#{type}", ["message"] = "no" });

    private (int, JsonObject) Answer(string action, JsonObject body)
    {
        lock (_lock)
        {
            if (StopFaults > 0 && action is "StopQueryExecution" or "BatchStopJobRun" or "CancelStatement")
            {
                StopFaults--;
                return Refuse(500, "InternalServerException");
            }

            return IdIn(body) is { } id && !(_jobs.TryGetValue(id, out var job) && !job.IsForgotten)
                ? Refuse(400, action switch { "GetQueryExecution" => "InvalidRequestException", "GetJobRun" => "EntityNotFoundException", _ => "ResourceNotFoundException" })
                : (200, Act(action, body));
        }
    }

    private static string? IdIn(JsonObject body) => (body["QueryExecutionId"] ?? body["RunId"] ?? body["Id"] ?? body["JobRunIds"]?[0])?.GetValue<string>();

    private JsonObject Act(string action, JsonObject body)
    {
        return action switch
        {
            "StartQueryExecution" => new() { ["QueryExecutionId"] = Start(body, body["ClientRequestToken"]!.GetValue<string>()) },
            "GetQueryExecution" => new() { ["QueryExecution"] = new JsonObject { ["Status"] = new JsonObject { ["State"] = StateOf(body["QueryExecutionId"]!), ["StateChangeReason"] = "column x is not there" } } },
            "StopQueryExecution" => Stop(body["QueryExecutionId"]!),
            "GetJobRuns" => new() { ["JobRuns"] = new JsonArray([.. _jobs.Select(job => new JsonObject { ["Id"] = job.Key, ["Arguments"] = job.Value.Request["Arguments"]?.DeepClone() })]) },
            "StartJobRun" => new() { ["JobRunId"] = Start(body, Guid.NewGuid().ToString()) },
            "GetJobRun" => new() { ["JobRun"] = new JsonObject { ["JobRunState"] = StateOf(body["RunId"]!), ["ErrorMessage"] = "the script failed" } },
            "BatchStopJobRun" => Stop(body["JobRunIds"]![0]!),
            "ExecuteStatement" => new() { ["Id"] = Start(body, body["ClientToken"]!.GetValue<string>()) },
            "DescribeStatement" => new() { ["Status"] = StateOf(body["Id"]!), ["Error"] = "relation does not exist", ["ResultRows"] = 3 },
            "CancelStatement" => Stop(body["Id"]!),
            _ => throw new InvalidOperationException($"Nobody taught this server {action}."),
        };
    }

    // The same token finds what it started.
    private string Start(JsonObject request, string token)
    {
        if (_jobs.FirstOrDefault(job => job.Value.Token == token) is { Key: { } known })
        {
            return known;
        }

        var id = $"job-{_jobs.Count + 1}";
        _jobs.Add(id, new(token, request.DeepClone().AsObject()));
        Started.Enqueue(request);
        return id;
    }

    private string StateOf(JsonNode id)
    {
        var job = _jobs[id.GetValue<string>()];
        LookedAt.Enqueue(id.GetValue<string>());
        return job.Stopped ? (job.Request switch { var one when one.ContainsKey("Sql") => "ABORTED", var one when one.ContainsKey("JobName") => "STOPPED", _ => "CANCELLED" }) : job.Looks++ < Looks ? (job.Request.ContainsKey("Sql") ? "STARTED" : "RUNNING")
            : End == "SUCCEEDED" && job.Request.ContainsKey("Sql") ? "FINISHED" : End;
    }

    private JsonObject Stop(JsonNode id)
    {
        Stopped.Enqueue(id.GetValue<string>());
        _jobs[id.GetValue<string>()].Stopped = true;
        return [];
    }

    private static bool IsSigned(HttpRequest request, byte[] payload, string target)
    {
        var service = target switch { "AmazonAthena" => "athena", "AWSGlue" => "glue", _ => "redshift-data" };
        var stamp = request.Headers["X-Amz-Date"].ToString();
        var scope = $"{stamp[..8]}/{Region}/{service}/aws4_request";
        string[] names = ["content-type", "host", "x-amz-date", .. request.Headers.ContainsKey("x-amz-security-token") ? ["x-amz-security-token"] : Array.Empty<string>(), "x-amz-target"];
        var canonical = new StringBuilder("POST\n/\n\n");
        foreach (var name in names)
        {
            canonical.Append(name).Append(':').Append(request.Headers[name]).Append('\n');
        }

        canonical.Append('\n').Append(string.Join(';', names)).Append('\n').Append(Convert.ToHexStringLower(SHA256.HashData(payload)));
        var toSign = $"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + SecretKey);
        foreach (var part in scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var age = DateTimeOffset.UtcNow - DateTimeOffset.ParseExact(stamp, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        return age.Duration() < TimeSpan.FromMinutes(5)
            && request.Headers.Authorization == $"AWS4-HMAC-SHA256 Credential={AccessKey}/{scope}, SignedHeaders={string.Join(';', names)}, Signature={Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)))}";
    }

    /// <summary>How the answer to a start goes wrong.</summary>
    public enum StartFault
    {
        RefusedBeforeTaken,
        RefusedAfterTaken,
        AnswerLost,
    }

    private sealed class Job(string token, JsonObject request)
    {
        internal string Token { get; set; } = token;

        internal bool IsForgotten { get; set; }

        internal JsonObject Request { get; } = request;

        internal int Looks { get; set; }

        internal bool Stopped { get; set; }
    }
}
