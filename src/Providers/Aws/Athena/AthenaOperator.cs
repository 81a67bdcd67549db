using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Athena;

/// <summary>Runs a query in Athena. Returns its execution id.</summary>
/// <remarks>
/// An attempt whose worker was lost finds the query that it started; a killed task stops it. Nobody stops it when the worker is lost and the run is
/// cancelled or marked before another worker has the attempt: Athena then runs it to its end.
/// </remarks>
public sealed class AthenaOperator : Operator
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

        var athena = new AthenaQueries(string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken), TimeProvider.System);
        var id = await RemoteJob.StartAsync(
            token => athena.StartAsync(Query, Database, Catalog, Workgroup, OutputLocation, token, cancellationToken),
            WaitForCompletion ? started => athena.IsStoppedAsync(started, CancellationToken.None) : null,
            context);
        context.Log($"Query {id} is in Athena.");
        if (WaitForCompletion)
        {
            await RemoteJob.WaitAsync(ct => athena.LookAsync(id, ct), PollInterval, ct => athena.StopAsync(id, ct), context, TimeProvider.System, cancellationToken);
            context.Log($"Query {id} has succeeded.");
        }

        return id;
    }
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
        var athena = new AthenaQueries(string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken), TimeProvider.System);
        return await athena.LookAsync(QueryExecutionId, cancellationToken) is null ? Poke.NotYet : Poke.Done;
    }
}
