using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Glue;

/// <summary>Runs of jobs of Glue (AWS Glue API).</summary>
internal sealed class GlueJobs(Connection? connection, TimeProvider time)
{
    /// <summary>The argument that names the try which started a run; jobs pass over arguments that they do not know.</summary>
    private const string TokenArgument = "--sluice_attempt";

    private readonly AwsJsonClient _client = new(connection, "glue", "AWSGlue", time);

    /// <summary>Starts a job, or finds the run that was started by the same token.</summary>
    /// <returns>The run's id.</returns>
    internal async ValueTask<string> StartAsync(GlueStart start, string token, CancellationToken cancellationToken)
    {
        // Glue takes no token that makes a start safe to repeat; the latest runs tell what started them.
        var job = start.Job;
        if (await FindAsync(job, token, cancellationToken) is { } found)
        {
            return found;
        }

        var all = new JsonObject { [TokenArgument] = token };
        foreach (var (name, value) in start.Arguments)
        {
            all[name] = value;
        }

        var request = new JsonObject { ["JobName"] = job, ["Arguments"] = all };
        foreach (var (name, value) in ((string, JsonNode?)[])[("Timeout", start.Minutes), ("WorkerType", start.WorkerType), ("NumberOfWorkers", start.Workers)])
        {
            if (value is not null)
            {
                request[name] = value;
            }
        }

        var started = await _client.AskAsync(
            "StartJobRun",
            request,
            cancellationToken,
            find: async () => await FindAsync(job, token, cancellationToken) is { } lost ? new() { ["JobRunId"] = lost } : null);
        return started["JobRunId"]?.GetValue<string>()
            ?? throw new TaskErrorException($"Glue started the job '{job}' and told no JobRunId.");
    }

    private async ValueTask<string?> FindAsync(string job, string token, CancellationToken cancellationToken)
    {
        var latest = await _client.AskAsync("GetJobRuns", new() { ["JobName"] = job, ["MaxResults"] = 50 }, cancellationToken);
        return (latest["JobRuns"] as JsonArray)?.FirstOrDefault(run => run?["Arguments"]?[TokenArgument]?.GetValue<string>() == token)?["Id"]?.GetValue<string>();
    }

    /// <summary>Null while the run goes on, true when it has succeeded.</summary>
    /// <exception cref="TaskErrorException">It has failed, timed out or was stopped.</exception>
    internal async ValueTask<bool?> LookAsync(string job, string id, CancellationToken cancellationToken)
    {
        var run = await RunAsync(job, id, cancellationToken);
        return run?["JobRunState"]?.GetValue<string>() switch
        {
            "STARTING" or "RUNNING" or "STOPPING" or "WAITING" => null,
            "SUCCEEDED" => true,
            var state => throw new TaskErrorException($"Run {id} of the job '{job}' is {state}: {run?["ErrorMessage"] ?? "no reason was given"}"),
        };
    }

    internal async ValueTask<bool> IsStoppedAsync(string job, string id, CancellationToken cancellationToken) =>
        (await RunAsync(job, id, cancellationToken))?["JobRunState"]?.GetValue<string>() is "STOPPING" or "STOPPED";

    private async ValueTask<JsonNode?> RunAsync(string job, string id, CancellationToken cancellationToken) =>
        (await _client.AskAsync("GetJobRun", new() { ["JobName"] = job, ["RunId"] = id }, cancellationToken))["JobRun"];

    internal async ValueTask StopAsync(string job, string id, CancellationToken cancellationToken) =>
        await _client.AskAsync("BatchStopJobRun", new() { ["JobName"] = job, ["JobRunIds"] = new JsonArray(id) }, cancellationToken);
}

/// <summary>What a run of a job is started with.</summary>
/// <param name="Job">The job's name.</param>
/// <param name="Arguments">Its arguments.</param>
internal sealed record GlueStart(string Job, IReadOnlyDictionary<string, string> Arguments)
{
    /// <summary>Glue stops it after so many; null: as the job says.</summary>
    internal int? Minutes { get; init; }

    /// <summary>Kind of its workers; null: as the job says.</summary>
    internal string? WorkerType { get; init; }

    /// <summary>How many; null: as the job says.</summary>
    internal int? Workers { get; init; }
}
