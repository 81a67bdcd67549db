using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Aws.Signing;

namespace Sluice.Providers.Aws.Glue;

/// <summary>Runs a job of Glue that exists there. Returns the run's id.</summary>
/// <remarks>An attempt whose worker was lost finds the run that it started, by the argument <c>--sluice_attempt</c>; a killed task stops it.</remarks>
public sealed class GlueJobOperator : Operator
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
        var glue = new GlueJobs(string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken), TimeProvider.System);
        var id = await RemoteJob.StartAsync(
            token => glue.StartAsync(start, token, cancellationToken),
            WaitForCompletion ? started => glue.IsStoppedAsync(JobName, started, CancellationToken.None) : null,
            context);
        context.Log($"Run {id} of the job '{JobName}' is in Glue.");
        if (WaitForCompletion)
        {
            await RemoteJob.WaitAsync(ct => glue.LookAsync(JobName, id, ct), PollInterval, ct => glue.StopAsync(JobName, id, ct), context, TimeProvider.System, cancellationToken);
            context.Log($"Run {id} has succeeded.");
        }

        return id;
    }

    private GlueStart Start()
    {
        if (RunTimeout is { } timeout && (timeout < TimeSpan.FromMinutes(1) || timeout.Ticks % TimeSpan.TicksPerMinute != 0))
        {
            throw new TaskFailedException($"RunTimeout is {timeout}; Glue counts whole minutes, at least one.");
        }

        return string.IsNullOrEmpty(WorkerType) == NumberOfWorkers is null
            ? new(JobName, ScriptArgs) { Minutes = (int?)RunTimeout?.TotalMinutes, WorkerType = WorkerType, Workers = NumberOfWorkers }
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
        var glue = new GlueJobs(string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken), TimeProvider.System);
        return await glue.LookAsync(JobName, RunId, cancellationToken) is null ? Poke.NotYet : Poke.Done;
    }
}
