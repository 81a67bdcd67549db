using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Athena;

/// <summary>Queries of Athena (Amazon Athena API Reference).</summary>
internal sealed class AthenaQueries(Connection? connection, TimeProvider time)
{
    private readonly AwsJsonClient _client = new(connection, "athena", "AmazonAthena", time);

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

    /// <summary>Null while the query runs, true when it has succeeded.</summary>
    /// <exception cref="TaskErrorException">It has failed or was cancelled.</exception>
    internal async ValueTask<bool?> LookAsync(string id, CancellationToken cancellationToken)
    {
        var status = await StatusAsync(id, cancellationToken);
        return status?["State"]?.GetValue<string>() switch
        {
            "QUEUED" or "RUNNING" => null,
            "SUCCEEDED" => true,
            var state => throw new TaskErrorException($"Query {id} of Athena is {state}: {status?["StateChangeReason"] ?? "no reason was given"}"),
        };
    }

    internal async ValueTask<bool> IsStoppedAsync(string id, CancellationToken cancellationToken) =>
        (await StatusAsync(id, cancellationToken))?["State"]?.GetValue<string>() == "CANCELLED";

    private async ValueTask<JsonNode?> StatusAsync(string id, CancellationToken cancellationToken) =>
        (await _client.AskAsync("GetQueryExecution", new() { ["QueryExecutionId"] = id }, cancellationToken))["QueryExecution"]?["Status"];

    internal async ValueTask StopAsync(string id, CancellationToken cancellationToken) =>
        await _client.AskAsync("StopQueryExecution", new() { ["QueryExecutionId"] = id }, cancellationToken);
}
