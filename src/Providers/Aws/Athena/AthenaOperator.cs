using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;

namespace Sluice.Providers.Aws.Athena;

/// <summary>Runs a query in Athena. Returns its execution id.</summary>
/// <remarks>
/// The query's id is kept by the engine before it is waited for. An attempt whose worker was lost goes on with it; a killed task stops it; and when there is no
/// attempt any more that could, another worker does.
/// </remarks>
public sealed class AthenaOperator : Operator, IStopsRemoteJob
{
    /// <summary>The query.</summary>
    [Templated(".sql")]
    public string Query { get; set; } = "";

    /// <summary>Database of unqualified names. Default: the workgroup's.</summary>
    [Templated]
    public string? Database { get; set; }

    /// <summary>Catalog of <see cref="Database"/>. Default: AwsDataCatalog.</summary>
    [Templated]
    public string Catalog { get; set; } = "AwsDataCatalog";

    /// <summary>Default: primary.</summary>
    [Templated]
    public string Workgroup { get; set; } = "primary";

    /// <summary>Where results go: <c>s3://bucket/folder/</c>. Default: as the workgroup says.</summary>
    [Templated]
    public string? OutputLocation { get; set; }

    /// <summary>Waits until the query has ended. Default: true; else an <see cref="AthenaSensor"/> can.</summary>
    public bool WaitForCompletion { get; set; } = true;

    /// <summary>Between two looks. Default: 5 seconds.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connection of AWS. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(Query))
        {
            throw new TaskFailedException("AthenaOperator needs Query.");
        }

        var athena = await AthenaQueries.ThroughAsync(AwsConnectionId, context, cancellationToken);
        return await new ServiceJob(athena, context, TimeProvider.System).RunAsync(
            token => athena.StartAsync(Query, Database, Catalog, Workgroup, OutputLocation, token, cancellationToken), WaitForCompletion, PollInterval, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancellationToken) =>
        await new ServiceJob(await AthenaQueries.ThroughAsync(job.ConnectionId, context, cancellationToken), context, TimeProvider.System).StopLeftAsync(job.Id, cancellationToken);
}

/// <summary>Waits until a query of Athena has ended; one that has failed fails the attempt.</summary>
public sealed class AthenaSensor : Sensor
{
    /// <summary>The query: <c>{{ ti.xcom_pull('query') }}</c>.</summary>
    [Templated]
    public string QueryExecutionId { get; set; } = "";

    /// <summary>Connection of AWS. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var athena = await AthenaQueries.ThroughAsync(AwsConnectionId, context, cancellationToken);
        return (await athena.LookAsync(QueryExecutionId, cancellationToken)).ToPoke(athena.Name(QueryExecutionId));
    }
}
