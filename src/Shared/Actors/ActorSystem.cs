using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sluice.Actors;

/// <summary>All actors of one node. Disposing it stops them, children before parents, and waits.</summary>
public sealed partial class ActorSystem : IAsyncDisposable
{
    // At the top there is nobody left to escalate to: what fails there is tried again for ever.
    private static readonly SupervisionStrategy TopStrategy = SupervisionStrategy.Restart(maxRestarts: int.MaxValue);

    private readonly IDispatcher _dispatcher;
    private readonly ConcurrentDictionary<string, ActorCell> _cells = new();
    private readonly ActorCell _root;

    /// <param name="name">For people.</param>
    /// <param name="time">Every use of time by actors goes through it.</param>
    /// <param name="supervision">For the actors at the top. Default: restart with backoff, for ever; what it escalates is stopped.</param>
    public ActorSystem(string name, IDispatcher dispatcher, TimeProvider time, ILoggerFactory loggers, SupervisionStrategy? supervision = null)
    {
        ArgumentNullException.ThrowIfNull(dispatcher);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(loggers);
        Name = name;
        Time = time;
        Loggers = loggers;
        Logger = loggers.CreateLogger("Sluice.Actors");
        _dispatcher = dispatcher;
        var props = Props.Create(static () => new Root()).WithSupervision(supervision ?? TopStrategy);
        _root = new ActorCell(this, dispatcher, props, parent: null, "/", "/");
        _root.Send(StartCell.Instance);
    }

    public string Name { get; }

    public TimeProvider Time { get; }

    public EventStream Events { get; } = new();

    /// <summary>Ends when every actor has stopped.</summary>
    public Task WhenStopped => _root.WhenStopped;

    internal ILoggerFactory Loggers { get; }

    internal ILogger Logger { get; }

    /// <summary>Starts an actor at the top.</summary>
    /// <exception cref="InvalidOperationException">There is one of that name.</exception>
    public ActorRef Spawn(Props props, string name) => _root.Spawn(props, name);

    /// <summary>Null when no actor lives at the path.</summary>
    public ActorRef? Find(string path) => _cells.TryGetValue(path, out var cell) ? cell.Self : null;

    /// <summary>Stops an actor after the message that it handles now.</summary>
    public void Stop(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        actor.Cell?.Send(StopCell.Instance);
    }

    /// <summary>Stops an actor and waits until it has stopped for good.</summary>
    public Task StopAsync(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (actor.Cell is not { } cell)
            return Task.CompletedTask;
        cell.Send(StopCell.Instance);
        return cell.WhenStopped;
    }

    /// <summary>Every actor as it is just now, ordered by path. Does not wait for actors that are busy.</summary>
    public IReadOnlyList<ActorSnapshot> Inspect() =>
        [.. _cells.Values.Select(cell => cell.Snapshot()).OrderBy(actor => actor.Path, StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        _root.Send(StopCell.Instance);
        await _dispatcher.WaitAsync(_root.WhenStopped);
    }

    internal void Register(ActorCell cell) => _cells[cell.Self.Path] = cell;

    internal void Unregister(ActorCell cell) => _cells.TryRemove(KeyValuePair.Create(cell.Self.Path, cell));

    internal void DeadLetter(object message, ActorRef? sender, ActorRef recipient)
    {
        if (message is TimerEntry or Terminated or Actors.DeadLetter)
            return;
        sender?.ReplySlot?.Unreachable();
        LogDeadLetter(Logger, message.GetType().Name, recipient.Path);
        if (Events.HasReceivers(typeof(DeadLetter)))
            Events.Publish(new DeadLetter(message, sender, recipient));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Message} to {Recipient} was not delivered: the actor has stopped or its mailbox is full")]
    private static partial void LogDeadLetter(ILogger logger, string message, string recipient);

    private sealed class Root : Actor
    {
        protected override ValueTask ReceiveAsync(object message) => ValueTask.CompletedTask;
    }
}
