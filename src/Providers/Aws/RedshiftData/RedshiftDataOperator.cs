using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.RedshiftData;

/// <summary>Runs statements in Redshift by its Data API, which needs no network path to the cluster. Returns the statement's id.</summary>
/// <remarks>An attempt whose worker was lost finds the statement that it started; a killed task cancels it.</remarks>
public sealed class RedshiftDataOperator : Operator
{
    /// <summary>One statement.</summary>
    [Templated(".sql")]
    public string Sql { get; set; } = "";

    /// <summary>Values for <c>:name</c> placeholders.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <summary>The database.</summary>
    [Templated]
    public string Database { get; set; } = "";

    /// <summary>A provisioned cluster; or give <see cref="WorkgroupName"/>.</summary>
    [Templated]
    public string? ClusterIdentifier { get; set; }

    /// <summary>A serverless workgroup.</summary>
    [Templated]
    public string? WorkgroupName { get; set; }

    /// <summary>User of the cluster, for temporary credentials; or give <see cref="SecretArn"/>.</summary>
    [Templated]
    public string? DbUser { get; set; }

    /// <summary>Secret with the login.</summary>
    [Templated]
    public string? SecretArn { get; set; }

    /// <summary>Waits until the statement has ended. Default: true.</summary>
    public bool WaitForCompletion { get; set; } = true;

    /// <summary>Between two looks. Default: 2 seconds.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Connection of AWS. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        Check();
        Connection? connection = string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken);
        var client = new AwsJsonClient(connection, "redshift-data", "RedshiftData", TimeProvider.System);
        var id = await RemoteJob.StartAsync(
            async token => (await client.AskAsync("ExecuteStatement", Request(token), cancellationToken))["Id"]?.GetValue<string>()
                ?? throw new TaskErrorException("Redshift started a statement and told no Id."),
            WaitForCompletion
                ? async started => (await client.AskAsync("DescribeStatement", new() { ["Id"] = started }, CancellationToken.None))["Status"]?.GetValue<string>() == "ABORTED"
                : null,
            context);
        context.Log($"Statement {id} is in Redshift.");
        if (WaitForCompletion)
        {
            await RemoteJob.WaitAsync(
                ct => LookAsync(client, id, context, ct),
                PollInterval,
                async ct => await client.AskAsync("CancelStatement", new() { ["Id"] = id }, ct),
                context,
                TimeProvider.System,
                cancellationToken);
        }

        return id;
    }

    private void Check()
    {
        if (string.IsNullOrWhiteSpace(Sql) || Database.Length == 0)
        {
            throw new TaskFailedException("RedshiftDataOperator needs Sql and Database.");
        }

        if (string.IsNullOrEmpty(ClusterIdentifier) == string.IsNullOrEmpty(WorkgroupName))
        {
            throw new TaskFailedException("RedshiftDataOperator needs either ClusterIdentifier or WorkgroupName.");
        }
    }

    private JsonObject Request(string token)
    {
        var body = new JsonObject { [nameof(Sql)] = Sql, [nameof(Database)] = Database, ["ClientToken"] = token };
        foreach (var (name, value) in new[] { (nameof(ClusterIdentifier), ClusterIdentifier), (nameof(WorkgroupName), WorkgroupName), (nameof(DbUser), DbUser), (nameof(SecretArn), SecretArn) })
        {
            if (!string.IsNullOrEmpty(value))
            {
                body[name] = value;
            }
        }

        if (Parameters.Count > 0)
        {
            body[nameof(Parameters)] = new JsonArray([.. Parameters.Select(one => new JsonObject { ["name"] = one.Key, ["value"] = one.Value })]);
        }

        return body;
    }

    private static async ValueTask<bool?> LookAsync(AwsJsonClient client, string id, TaskContext context, CancellationToken cancellationToken)
    {
        var statement = await client.AskAsync("DescribeStatement", new() { ["Id"] = id }, cancellationToken);
        switch (statement["Status"]?.GetValue<string>())
        {
            case "SUBMITTED" or "PICKED" or "STARTED":
                return null;
            case "FINISHED":
                context.Log($"Statement {id} has ended; it touched {statement["ResultRows"] ?? "an unknown number of"} rows.");
                return true;
            case var state:
                throw new TaskErrorException($"Statement {id} of Redshift is {state}: {statement["Error"] ?? "no reason was given"}");
        }
    }
}
