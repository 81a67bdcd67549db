using Sluice.Core.RemoteJobs;

namespace Sluice.Authoring.Operators;

/// <summary>An operator that can stop what one of its attempts has started in a service and had kept: <see cref="TaskContext.KeepRemoteJobAsync"/>.</summary>
public interface IStopsRemoteJob
{
    /// <summary>
    /// Stops a job that nobody waits for any more, or finds that it has ended. Another worker calls it, on an operator whose templates are not rendered: everything that it needs
    /// is in the job. It may be called again for the same job, also when that has ended or is forgotten; an exception has it tried again later. Has a minute.
    /// </summary>
    /// <param name="job">What was kept.</param>
    /// <param name="context">Connections and the log.</param>
    /// <param name="cancellationToken">Cancelled when the minute is over.</param>
    ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancellationToken);
}

/// <summary>Has an operator stop what one of its attempts started, as an attempt of its own.</summary>
public sealed class RemoteJobStop : Operator
{
    private readonly IStopsRemoteJob _operator;
    private readonly RemoteJob _job;

    private RemoteJobStop(IStopsRemoteJob op, RemoteJob job) => (_operator, _job) = (op, job);

    /// <summary>The attempt's operator.</summary>
    /// <param name="op">A fresh operator of the task, templates unrendered.</param>
    /// <param name="job">What is to be stopped.</param>
    /// <exception cref="TaskFailedException">The operator cannot stop anything.</exception>
    public static RemoteJobStop Of(Operator op, RemoteJob job) => op is IStopsRemoteJob stops
        ? new(stops, job)
        : throw new TaskFailedException($"{op.GetType().Name} cannot stop {job}; stop it by hand.");

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        await _operator.StopRemoteJobAsync(_job, context, cancellationToken);
        return null;
    }
}
