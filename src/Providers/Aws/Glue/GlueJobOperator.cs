using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.RemoteJobs;
using Sluice.Providers.Aws.RemoteJobs;

namespace Sluice.Providers.Aws.Glue;

/// <summary>Runs a job of Glue that exists there. Returns the run's id.</summary>
/// <remarks>
/// The run's id is kept by the engine before it is waited for. An attempt whose worker was lost goes on with it, if need be found by its argument <c>--sluice_attempt</c>; a
/// killed task stops it; and when there is no attempt any more that could, another worker does.
/// </remarks>
public sealed class GlueJobOperator : Operator, IStopsRemoteJob
{
    /// <summary>The job's name.</summary>
    [Templated]
    public string JobName { get; set; } = "";

    /// <summary>Its arguments: <c>--day</c> to a value.</summary>
    [Templated]
    public Dictionary<string, string> ScriptArgs { get; set; } = [];

    /// <summary>After so long Glue itself stops the run, also when nobody waits for it any more; in whole minutes. Default: the job's own.</summary>
    public TimeSpan? RunTimeout { get; set; }

    /// <summary>Kind of its workers, such as <c>G.1X</c>. Default: the job's own.</summary>
    [Templated]
    public string? WorkerType { get; set; }

    /// <summary>How many workers of that kind. Default: the job's own.</summary>
    public int? NumberOfWorkers { get; set; }

    /// <summary>Waits until the run has ended. Default: true; else a <see cref="GlueJobSensor"/> can.</summary>
    public bool WaitForCompletion { get; set; } = true;

    /// <summary>Between two looks. Default: 10 seconds.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connection of AWS. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        if (JobName.Length == 0)
        {
            throw new TaskFailedException("GlueJobOperator needs JobName.");
        }

        var start = Start();
        var glue = await GlueJobs.ThroughAsync(AwsConnectionId, JobName, context, cancellationToken);
        return await new ServiceJob(glue, context, TimeProvider.System).RunAsync(
            token => glue.StartAsync(start, token, cancellationToken), WaitForCompletion, PollInterval, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancellationToken) => await new ServiceJob(
        await GlueJobs.ThroughAsync(job.ConnectionId, job.Name ?? "", context, cancellationToken), context, TimeProvider.System).StopLeftAsync(job.Id, cancellationToken);

    private GlueStart Start()
    {
        if (RunTimeout is { } timeout && (timeout < TimeSpan.FromMinutes(1) || timeout.Ticks % TimeSpan.TicksPerMinute != 0))
        {
            throw new TaskFailedException($"RunTimeout is {timeout}; Glue counts whole minutes, at least one.");
        }

        return string.IsNullOrEmpty(WorkerType) == NumberOfWorkers is null
            ? new(ScriptArgs) { Minutes = (int?)RunTimeout?.TotalMinutes, WorkerType = WorkerType, Workers = NumberOfWorkers }
            : throw new TaskFailedException("WorkerType and NumberOfWorkers of a Glue job go together; give both or neither.");
    }
}

/// <summary>Waits until a run of a job of Glue has ended; one that has failed fails the attempt.</summary>
public sealed class GlueJobSensor : Sensor
{
    /// <summary>The job's name.</summary>
    [Templated]
    public string JobName { get; set; } = "";

    /// <summary>The run: <c>{{ ti.xcom_pull('job') }}</c>.</summary>
    [Templated]
    public string RunId { get; set; } = "";

    /// <summary>Connection of AWS. Default: the AWS SDK's own chain.</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var glue = await GlueJobs.ThroughAsync(AwsConnectionId, JobName, context, cancellationToken);
        return (await glue.LookAsync(RunId, cancellationToken)).ToPoke(glue.Name(RunId));
    }
}
