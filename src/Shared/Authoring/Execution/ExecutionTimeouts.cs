using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Execution;

/// <summary>What becomes of an attempt that ran longer than its task allows, whoever noticed.</summary>
public static class ExecutionTimeouts
{
    /// <summary>A retryable failure, unless the task says otherwise: to its retry policy it is a <see cref="TimeoutException"/>.</summary>
    public static TaskOutcome Outcome(TaskSpec task)
    {
        var error = $"Ran longer than its execution timeout of {task.ExecutionTimeout:c}.";
        var rule = RetryPolicies.Find(task, new TimeoutException(error));
        var kind = task.Sensor is { SoftFail: true } or { NeverFail: true } || rule?.Action == RetryAction.Skip ? OutcomeKind.Skipped
            : rule?.Action == RetryAction.Fail ? OutcomeKind.FailedFinally
            : OutcomeKind.Failed;
        return new() { Kind = kind, Error = error, RetryAfter = kind == OutcomeKind.Failed ? rule?.Delay : null };
    }
}
