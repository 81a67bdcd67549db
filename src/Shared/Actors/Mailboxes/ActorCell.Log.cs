using Microsoft.Extensions.Logging;

namespace Sluice.Actors;

internal sealed partial class ActorCell
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Actor {Path} failed on {Message}; it restarts in {Pause}")]
    private static partial void LogRestarting(ILogger logger, string path, string message, TimeSpan pause, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Actor {Path} failed on {Message}; it is stopped")]
    private static partial void LogStopping(ILogger logger, string path, string message, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Actor {Path} failed on {Message}; its parent {Parent} fails with it")]
    private static partial void LogEscalating(ILogger logger, string path, string message, string parent, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The supervision strategy of {Path} threw; the child that failed is stopped")]
    private static partial void LogDeciderFailed(ILogger logger, string path, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Actor {Path} failed while it stopped")]
    private static partial void LogPostStopFailed(ILogger logger, string path, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The mailbox of {Path} is full ({Capacity} messages); {Message} was not delivered")]
    private static partial void LogMailboxFull(ILogger logger, string path, int capacity, string message);
}
