using Microsoft.Extensions.Logging;

namespace Sluice.Actors;

/// <summary>An actor's view of its place. Used from its own handlers only; <see cref="Self"/> and <see cref="System"/> from anywhere.</summary>
public sealed class ActorContext
{
    private readonly ActorCell _cell;

    internal ActorContext(ActorCell cell)
    {
        _cell = cell;
        Timers = new Timers(cell);
    }

    public ActorRef Self => _cell.Self;

    /// <summary>Null at the top.</summary>
    public ActorRef? Parent => _cell.Parent is { IsRoot: false } parent ? parent.Self : null;

    /// <summary>Who told the message that is being handled; for an Ask, the place for the answer.</summary>
    public ActorRef? Sender => _cell.Sender;

    public ActorSystem System => _cell.System;

    public TimeProvider Time => _cell.System.Time;

    /// <summary>Category: the full name of the actor's class.</summary>
    public ILogger Logger => _cell.Logger;

    public Timers Timers { get; }

    public IReadOnlyCollection<ActorRef> Children => _cell.Children;

    /// <summary>Starts a child. Its name is free again once the child has stopped for good.</summary>
    /// <exception cref="InvalidOperationException">There is a child of that name.</exception>
    public ActorRef Spawn(Props props, string name) => _cell.Spawn(props, name);

    /// <summary>Null when there is none of that name.</summary>
    public ActorRef? Child(string name) => _cell.Child(name);

    /// <summary>Stops an actor after the message that it handles now: its children first; what waits in its mailbox becomes dead letters.</summary>
    public void Stop(ActorRef actor) => System.Stop(actor);

    public void StopSelf() => System.Stop(Self);

    /// <summary>Asks for <see cref="Terminated"/>, once, also when the actor has stopped already.</summary>
    public void Watch(ActorRef actor) => _cell.Watch(actor);

    /// <summary>From now on no <see cref="Terminated"/> of it is delivered.</summary>
    public void Unwatch(ActorRef actor) => _cell.Unwatch(actor);

    /// <summary>Handles the following messages by another function, until <see cref="Unbecome"/> or a restart.</summary>
    public void Become(Func<object, ValueTask> behavior) => _cell.Become(behavior);

    /// <summary>Goes back to the behaviour before the last <see cref="Become"/>.</summary>
    public void Unbecome() => _cell.Unbecome();

    /// <summary>Puts the message that is being handled aside.</summary>
    public void Stash() => _cell.Stash();

    /// <summary>Hands the messages that were put aside back, in their order, ahead of the mailbox.</summary>
    public void UnstashAll() => _cell.UnstashAll();

    /// <summary>Tells the actor itself how a task ended, with the sender of the message that is being handled.</summary>
    /// <param name="failure">Gets the exception, also an <see cref="OperationCanceledException"/>.</param>
    public void PipeToSelf<T>(Task<T> task, Func<T, object> success, Func<Exception, object> failure)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(success);
        ArgumentNullException.ThrowIfNull(failure);
        _ = PipeAsync(Self, Sender, task, success, failure);
    }

    private static async Task PipeAsync<T>(ActorRef self, ActorRef? sender, Task<T> task, Func<T, object> success, Func<Exception, object> failure)
    {
        object message;
        try
        {
            message = success(await task);
        }
        catch (Exception thrown)
        {
            message = failure(thrown);
        }

        self.Tell(message, sender);
    }
}
