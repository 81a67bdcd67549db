using Microsoft.Extensions.Logging;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Runners;

internal sealed partial class RunnerPool
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Runner {Number} (process {ProcessId}) is up after {Took}")]
    private static partial void RunnerStarted(ILogger logger, int number, int processId, TimeSpan took);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Runner {Number} ended under attempt {Attempt}: {Why}")]
    private static partial void RunnerDied(ILogger logger, int number, AttemptId attempt, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Why}")]
    private static partial void RunnerDidNotStart(ILogger logger, string why);
}
