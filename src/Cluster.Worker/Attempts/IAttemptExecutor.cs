using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>Runs attempts for the worker's actors: for real, or in virtual time.</summary>
public interface IAttemptExecutor
{
    /// <summary>Runs one attempt to its end.</summary>
    /// <param name="work">What to run. Whoever kills it says why in <see cref="AttemptWork.KillReason"/> first.</param>
    /// <param name="kill">Cancelled when the attempt must stop; the outcome may still be a success that was faster.</param>
    /// <returns>The outcome; whatever goes wrong is one, too.</returns>
    Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill);
}
