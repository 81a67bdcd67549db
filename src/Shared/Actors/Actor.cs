using System.Diagnostics.CodeAnalysis;

namespace Sluice.Actors;

/// <summary>Owns its state alone: messages reach it one at a time, and none while a handler awaits.</summary>
/// <remarks>
/// Await without <c>ConfigureAwait(false)</c>, so that the simulation can decide when the handler goes on.
/// An exception that leaves a handler is a failure: the parent's <see cref="SupervisionStrategy"/> decides what becomes of the actor.
/// </remarks>
public abstract class Actor
{
    /// <summary>Where the actor lives. There from <see cref="PreStartAsync"/> on, not in the constructor.</summary>
    [AllowNull]
    protected ActorContext Context
    {
        get => field ?? throw new InvalidOperationException($"{GetType().Name} used its context in the constructor; use it from PreStartAsync on.");
        private set;
    }

    /// <summary>Handles one message. The next one waits until the returned task has ended.</summary>
    protected abstract ValueTask ReceiveAsync(object message);

    /// <summary>Before the first message, also of each instance that follows a restart.</summary>
    protected virtual ValueTask PreStartAsync() => ValueTask.CompletedTask;

    /// <summary>After the last message, when the children have stopped; also of an instance that failed, before the next one starts.</summary>
    protected virtual ValueTask PostStopAsync() => ValueTask.CompletedTask;

    /// <summary>One line of state for people. Called between messages or while a handler awaits: read fields, enumerate nothing.</summary>
    protected virtual string Describe() => "";

    internal void Attach(ActorContext context) => Context = context;

    internal ValueTask Deliver(object message) => ReceiveAsync(message);

    internal ValueTask PreStart() => PreStartAsync();

    internal ValueTask PostStop() => PostStopAsync();

    internal string DescribeState() => Describe();
}
