using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Athena;

/// <summary>Queries of Athena (Amazon Athena API Reference).</summary>
internal sealed class AthenaQueries(Connection? connection, TimeProvider time) : IJobService
{
    private readonly AwsJsonClient _client = new(connection, "athena", "AmazonAthena", time);

    internal static async ValueTask<AthenaQueries> ThroughAsync(string? connectionId, TaskContext context, CancellationToken cancellationToken) =>
        new(string.IsNullOrEmpty(connectionId) ? null : await context.ConnectionAsync(connectionId, cancellationToken), TimeProvider.System);

    /// <summary>Starts a query, or finds the one that was started by the same token.</summary>
    /// <returns>Its execution id.</returns>
    internal async ValueTask<string> StartAsync(
        string query, string? database, string catalog, string workgroup, string? output, string token, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["QueryString"] = query, ["ClientRequestToken"] = token, ["WorkGroup"] = workgroup };
        if (!string.IsNullOrEmpty(database))
        {
            body["QueryExecutionContext"] = new JsonObject { ["Database"] = database, ["Catalog"] = catalog };
        }

        if (!string.IsNullOrEmpty(output))
        {
            body["ResultConfiguration"] = new JsonObject { ["OutputLocation"] = output };
        }

        return (await _client.AskAsync("StartQueryExecution", body, cancellationToken))["QueryExecutionId"]?.GetValue<string>()
            ?? throw new TaskErrorException("Athena started a query and told no QueryExecutionId.");
    }

    public RemoteJob Of(string id) => new("athena", id) { ConnectionId = connection?.Id };

    public string Name(string id) => $"Query {id} of Athena";

    // GetQueryExecution has no error of its own for a query that is not there.
    public IReadOnlyList<string> UnknownErrors { get; } = ["InvalidRequestException"];

    public async ValueTask<JobLook> LookAsync(string id, CancellationToken cancellationToken)
    {
        var status = (await _client.AskAsync("GetQueryExecution", new() { ["QueryExecutionId"] = id }, cancellationToken))["QueryExecution"]?["Status"];
        var word = status?["State"]?.GetValue<string>();
        var state = word switch
        {
            "QUEUED" or "RUNNING" => JobState.Running,
            "SUCCEEDED" => JobState.Succeeded,
            "CANCELLED" => JobState.Stopped,
            _ => JobState.Failed,
        };
        return new(state, word, status?["StateChangeReason"]?.ToString());
    }

    public async ValueTask StopAsync(string id, CancellationToken cancellationToken) =>
        await _client.AskAsync("StopQueryExecution", new() { ["QueryExecutionId"] = id }, cancellationToken);
}
