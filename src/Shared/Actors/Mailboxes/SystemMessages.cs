namespace Sluice.Actors;

/// <summary>What cells say to each other past the mailbox: these go first, also while the actor is failed or stopping.</summary>
internal abstract record SystemMessage;

internal sealed record StartCell : SystemMessage
{
    public static StartCell Instance { get; } = new();
}

internal sealed record StopCell : SystemMessage
{
    public static StopCell Instance { get; } = new();
}

internal sealed record WatchCell(ActorCell Watcher) : SystemMessage;

internal sealed record UnwatchCell(ActorCell Watcher) : SystemMessage;

internal sealed record ChildFailed(ActorCell Child, Exception Failure, string Message) : SystemMessage;

internal sealed record ChildStopped(ActorCell Child) : SystemMessage;

/// <summary>Parent to failed child: take a fresh instance after the pause.</summary>
internal sealed record RestartCell(TimeSpan Pause) : SystemMessage;

internal sealed record PauseEnded : SystemMessage
{
    public static PauseEnded Instance { get; } = new();
}
