using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.RedshiftData;

/// <summary>Statements of Redshift's Data API (Amazon Redshift Data API Reference).</summary>
internal sealed class RedshiftStatements(Connection? connection, TaskContext context, TimeProvider time) : IJobService
{
    private readonly AwsJsonClient _client = new(connection, "redshift-data", "RedshiftData", time);

    internal static async ValueTask<RedshiftStatements> ThroughAsync(string? connectionId, TaskContext context, CancellationToken cancellationToken) =>
        new(string.IsNullOrEmpty(connectionId) ? null : await context.ConnectionAsync(connectionId, cancellationToken), context, TimeProvider.System);

    /// <summary>Starts a statement, or finds the one that was started by the same token.</summary>
    /// <returns>Its id.</returns>
    internal async ValueTask<string> StartAsync(JsonObject request, CancellationToken cancellationToken) =>
        (await _client.AskAsync("ExecuteStatement", request, cancellationToken))["Id"]?.GetValue<string>()
        ?? throw new TaskErrorException("Redshift started a statement and told no Id.");

    public RemoteJob Of(string id) => new("redshift-data", id) { ConnectionId = connection?.Id };

    public string Name(string id) => $"Statement {id} of Redshift";

    public IReadOnlyList<string> UnknownErrors { get; } = ["ResourceNotFoundException"];

    public async ValueTask<JobLook> LookAsync(string id, CancellationToken cancellationToken)
    {
        var statement = await _client.AskAsync("DescribeStatement", new() { ["Id"] = id }, cancellationToken);
        var word = statement["Status"]?.GetValue<string>();
        if (word == "FINISHED")
        {
            context.Log($"Statement {id} touched {statement["ResultRows"] ?? "an unknown number of"} rows.");
        }

        var state = word switch
        {
            "SUBMITTED" or "PICKED" or "STARTED" => JobState.Running,
            "FINISHED" => JobState.Succeeded,
            "ABORTED" => JobState.Stopped,
            _ => JobState.Failed,
        };
        return new(state, word, statement["Error"]?.ToString());
    }

    public async ValueTask StopAsync(string id, CancellationToken cancellationToken) =>
        await _client.AskAsync("CancelStatement", new() { ["Id"] = id }, cancellationToken);
}
