using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Glue;

/// <summary>Runs of a job of Glue (AWS Glue API).</summary>
internal sealed class GlueJobs(Connection? connection, string job, TimeProvider time) : IJobService
{
    /// <summary>The argument that names the try which started a run; jobs pass over arguments that they do not know.</summary>
    private const string TokenArgument = "--sluice_attempt";

    private readonly AwsJsonClient _client = new(connection, "glue", "AWSGlue", time);

    internal static async ValueTask<GlueJobs> ThroughAsync(string? connectionId, string job, TaskContext context, CancellationToken cancellationToken) =>
        new(string.IsNullOrEmpty(connectionId) ? null : await context.ConnectionAsync(connectionId, cancellationToken), job, TimeProvider.System);

    /// <summary>Starts a job, or finds the run that was started by the same token.</summary>
    /// <returns>The run's id.</returns>
    internal async ValueTask<string> StartAsync(GlueStart start, string token, CancellationToken cancellationToken)
    {
        // Glue takes no token that makes a start safe to repeat; the latest runs tell what started them.
        if (await FindAsync(token, cancellationToken) is { } found)
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
            find: async () => await FindAsync(token, cancellationToken) is { } lost ? new() { ["JobRunId"] = lost } : null);
        return started["JobRunId"]?.GetValue<string>()
            ?? throw new TaskErrorException($"Glue started the job '{job}' and told no JobRunId.");
    }

    private async ValueTask<string?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var latest = await _client.AskAsync("GetJobRuns", new() { ["JobName"] = job, ["MaxResults"] = 50 }, cancellationToken);
        return (latest["JobRuns"] as JsonArray)?.FirstOrDefault(run => run?["Arguments"]?[TokenArgument]?.GetValue<string>() == token)?["Id"]?.GetValue<string>();
    }

    public RemoteJob Of(string id) => new("glue", id) { Name = job, ConnectionId = connection?.Id };

    public string Name(string id) => $"Run {id} of the job '{job}'";

    public IReadOnlyList<string> UnknownErrors { get; } = ["EntityNotFoundException"];

    public async ValueTask<JobLook> LookAsync(string id, CancellationToken cancellationToken)
    {
        var run = (await _client.AskAsync("GetJobRun", new() { ["JobName"] = job, ["RunId"] = id }, cancellationToken))["JobRun"];
        var word = run?["JobRunState"]?.GetValue<string>();
        var state = word switch
        {
            "STARTING" or "RUNNING" or "WAITING" => JobState.Running,
            "STOPPING" => JobState.Stopping,
            "SUCCEEDED" => JobState.Succeeded,
            "STOPPED" => JobState.Stopped,
            _ => JobState.Failed,
        };
        return new(state, word, run?["ErrorMessage"]?.ToString());
    }

    public async ValueTask StopAsync(string id, CancellationToken cancellationToken) =>
        await _client.AskAsync("BatchStopJobRun", new() { ["JobName"] = job, ["JobRunIds"] = new JsonArray(id) }, cancellationToken);
}

/// <summary>What a run of a job is started with.</summary>
/// <param name="Arguments">Its arguments.</param>
internal sealed record GlueStart(IReadOnlyDictionary<string, string> Arguments)
{
    /// <summary>Glue stops it after so many; null: as the job says.</summary>
    internal int? Minutes { get; init; }

    /// <summary>Kind of its workers; null: as the job says.</summary>
    internal string? WorkerType { get; init; }

    /// <summary>How many; null: as the job says.</summary>
    internal int? Workers { get; init; }
}
