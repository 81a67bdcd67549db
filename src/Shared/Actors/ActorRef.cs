using System.Diagnostics;

namespace Sluice.Actors;

/// <summary>The address of one actor: all that others know of it. It stays the same over restarts. Safe to use from any thread.</summary>
[DebuggerDisplay("{Path}")]
public sealed class ActorRef
{
    private readonly ActorCell? _cell;
    private readonly IReplySlot? _reply;

    internal ActorRef(ActorCell cell, string path, string name)
    {
        _cell = cell;
        Path = path;
        Name = name;
    }

    internal ActorRef(IReplySlot reply, string path)
    {
        _reply = reply;
        Path = path;
        Name = path;
    }

    /// <summary>Unique in its system: <c>/scheduler/dag-etl</c>.</summary>
    public string Path { get; }

    /// <summary>Unique among the children of its parent.</summary>
    public string Name { get; }

    internal ActorCell? Cell => _cell;

    internal IReplySlot? ReplySlot => _reply;

    /// <summary>Puts a message into the mailbox and returns at once. What a stopped actor is told becomes a <see cref="DeadLetter"/>.</summary>
    public void Tell(object message, ActorRef? sender = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_cell is { } cell)
            cell.Tell(message, sender);
        else
            _reply!.Reply(message);
    }

    /// <summary>Tells the message and waits for the first answer, which the actor gives by <c>Context.Sender?.Tell(reply)</c>.</summary>
    /// <param name="timeout">By the clock of the system; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    /// <exception cref="ActorStoppedException">The actor stopped before it took the message.</exception>
    /// <remarks>An answer that is an <see cref="Exception"/> is thrown.</remarks>
    public Task<T> AskAsync<T>(object message, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (_cell is not { } cell)
            throw new InvalidOperationException($"{Path} waits for an answer itself and cannot be asked.");

        var slot = new ReplySlot<T>(this, message.GetType(), timeout);
        slot.Arm(cell.System.Time, cancellationToken);
        cell.Tell(message, slot.Ref);
        return slot.Task;
    }

    public override string ToString() => Path;
}
