using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;

namespace Sluice.Providers.Aws.RedshiftData;

/// <summary>Runs statements in Redshift by its Data API, which needs no network path to the cluster. Returns the statement's id.</summary>
/// <remarks>
/// The statement's id is kept by the engine before it is waited for. An attempt whose worker was lost goes on with it; a killed task cancels it; and when there is no
/// attempt any more that could, another worker does.
/// </remarks>
public sealed class RedshiftDataOperator : Operator, IStopsRemoteJob
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
        var statements = await RedshiftStatements.ThroughAsync(AwsConnectionId, context, cancellationToken);
        return await new ServiceJob(statements, context, TimeProvider.System).RunAsync(
            token => statements.StartAsync(Request(token), cancellationToken), WaitForCompletion, PollInterval, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancellationToken) => await new ServiceJob(
        await RedshiftStatements.ThroughAsync(job.ConnectionId, context, cancellationToken), context, TimeProvider.System).StopLeftAsync(job.Id, cancellationToken);

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
}
