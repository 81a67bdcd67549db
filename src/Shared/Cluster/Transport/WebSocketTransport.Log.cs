using Microsoft.Extensions.Logging;

namespace Sluice.Cluster.Transport;

public sealed partial class WebSocketTransport
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Link to {Address} refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Link from {Address} refused: {Reason}")]
    private static partial void LogRefusedIncoming(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Address} is this node itself; it is not dialled again")]
    private static partial void LogItself(ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "A link from {Address} was not completed: {Reason}")]
    private static partial void LogIncomingFailed(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No link to {Address}: {Reason}; trying again")]
    private static partial void LogUnreachable(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Message} to {Peer} is too large to send: the limit is {Limit} bytes")]
    private static partial void LogTooLarge(ILogger logger, string message, string peer, int limit);
}
