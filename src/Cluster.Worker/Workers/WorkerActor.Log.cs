using Microsoft.Extensions.Logging;

namespace Sluice.Cluster.Worker.Workers;

internal sealed partial class WorkerActor
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Registered with the scheduler of epoch {Epoch}: {Held} attempts in hand, {Unknown} of them unknown to it")]
    private static partial void LogRegistered(ILogger logger, long epoch, int held, int unknown);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No scheduler was heard for {Silence}; {Held} attempts are stopped, since another worker may be given them")]
    private static partial void LogFenced(ILogger logger, TimeSpan silence, int held);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The worker has failed too often; its {Held} attempts are killed, and the node ends")]
    private static partial void LogGivenUp(ILogger logger, int held);
}
