using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Sluice.Actors;

/// <summary>The lasting part of an actor: mailbox, turns, children. Instances come and go with restarts.</summary>
/// <remarks>
/// <c>_pending</c> counts the messages that are queued or being handled. Whoever raises it from 0 to 1 schedules the cell, the
/// turn lowers it by what was handled, and as long as it is above 0 the cell is scheduled, running or awaiting: no other lock is needed.
/// Fields without a word on it belong to the turn.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The pause timer is disposed with the cell's own life cycle.")]
internal sealed partial class ActorCell : IThreadPoolWorkItem
{
    private readonly MessageQueue _mailbox = new();
    private readonly MessageQueue _system = new();
    private readonly IDispatcher _dispatcher;
    private readonly Props _props;
    private readonly Action _resume;

    private int _pending;      // shared, see above
    private int _done;         // handled in this turn, not yet taken off _pending; read by others for depth
    private long _processed;   // read by others
    private volatile Phase _phase = Phase.New;
    private volatile bool _awaiting;
    private Operation _operation;
    private System.Runtime.CompilerServices.ValueTaskAwaiter _awaiter;
    private object? _current;
    private ActorRef? _sender;

    private Queue<(object Message, ActorRef? Sender)>? _held;   // ahead of the mailbox; counted in _pending only while Running
    private List<(object Message, ActorRef? Sender)>? _stash;
    private Stack<Func<object, ValueTask>>? _behaviors;
    private Actor? _actor;

    public ActorCell(ActorSystem system, IDispatcher dispatcher, Props props, ActorCell? parent, string path, string name)
    {
        System = system;
        Parent = parent;
        Self = new ActorRef(this, path, name);
        _dispatcher = dispatcher;
        _props = props;
        _resume = Resume;
        _spawnedAt = system.Time.GetUtcNow();
        Context = new ActorContext(this);
    }

    /// <summary>Where a cell is in its life.</summary>
    private enum Phase
    {
        New,
        Starting,
        Running,
        Failed,
        StoppingChildrenToRestart,
        Pausing,
        StoppingChildren,
        Stopping,
        Stopped,
    }

    /// <summary>What is awaited.</summary>
    private enum Operation
    {
        Receive,
        PreStart,
        PostStopToRestart,
        PostStop,
    }

    public ActorSystem System { get; }

    public ActorCell? Parent { get; }

    public bool IsRoot => Parent is null;

    public ActorRef Self { get; }

    public ActorContext Context { get; }

    public ActorRef? Sender => _sender;

    /// <summary>Set by the event stream from any thread: there is something to forget in the end.</summary>
    public bool Subscribed { get; set; }

    [field: AllowNull]
    public ILogger Logger => field ??= System.Loggers.CreateLogger(_actor?.GetType().FullName ?? "Sluice.Actors");

    public void Tell(object message, ActorRef? sender)
    {
        if (_phase == Phase.Stopped)
        {
            System.DeadLetter(message, sender, Self);
            return;
        }

        if (_props.MailboxCapacity > 0 && Volatile.Read(ref _pending) - Volatile.Read(ref _done) >= _props.MailboxCapacity)
        {
            LogMailboxFull(System.Logger, Self.Path, _props.MailboxCapacity, message.GetType().Name);
            System.DeadLetter(message, sender, Self);
            return;
        }

        _mailbox.Enqueue(new Envelope { Message = message, Sender = sender });
        Added();
    }

    /// <summary>Into the mailbox whatever its bound.</summary>
    public void Deliver(object message)
    {
        _mailbox.Enqueue(new Envelope { Message = message });
        Added();
    }

    public void Send(SystemMessage message)
    {
        _system.Enqueue(new Envelope { Message = message });
        Added();
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_awaiting)
        {
            _awaiting = false;
            Complete(_operation, _awaiter);
        }

        var yielding = false;
        for (var left = _dispatcher.MessagesPerTurn; ; left--)
        {
            if (left <= 0)
            {
                yielding = true;
                break;
            }

            if (_system.TryDequeue(out var message, out _))
            {
                if (!Handle((SystemMessage)message))
                    return;
            }
            else if (TryTake(out message, out var sender))
            {
                if (_phase != Phase.Running)
                    PutAway(message, sender);
                else if (!Handle(message, sender))
                    return;
            }
            else
            {
                break;
            }
        }

        if (_describeWanted)
            Describe();
        var done = _done;
        Volatile.Write(ref _done, 0);
        if (Interlocked.Add(ref _pending, -done) > 0)
            _dispatcher.Schedule(this, yielding);
    }

    public override string ToString() => Self.Path;

    private void Added()
    {
        if (Interlocked.Increment(ref _pending) == 1)
            _dispatcher.Schedule(this, yielding: false);
    }

    private bool TryTake(out object message, out ActorRef? sender)
    {
        if (_phase == Phase.Running && _held is { Count: > 0 })
        {
            (message, sender) = _held.Dequeue();
            return true;
        }

        return _mailbox.TryDequeue(out message, out sender);
    }

    /// <summary>A message that came while the actor cannot take it: kept over a restart, a dead letter when it is stopping.</summary>
    private void PutAway(object message, ActorRef? sender)
    {
        Volatile.Write(ref _done, _done + 1);
        if (_phase is Phase.StoppingChildren or Phase.Stopping or Phase.Stopped)
            System.DeadLetter(message, sender, Self);
        else
            (_held ??= new()).Enqueue((message, sender));
    }

    /// <returns>False when the handler awaits: the turn is over and the message is not done.</returns>
    private bool Handle(object message, ActorRef? sender)
    {
        if (message is TimerEntry tick)
        {
            if (Context.Timers.Take(tick) is not { } due)
            {
                Volatile.Write(ref _done, _done + 1);
                return true;
            }

            message = due;
        }
        else if (message is Terminated terminated && _watching?.Remove(terminated.Actor) != true)
        {
            Volatile.Write(ref _done, _done + 1);
            return true;
        }

        _current = message;
        _sender = sender;
        ValueTask handling;
        try
        {
            handling = _behaviors is { Count: > 0 } ? _behaviors.Peek()(message) : _actor!.Deliver(message);
        }
        catch (Exception thrown)
        {
            handling = ValueTask.FromException(thrown);
        }

        return Await(handling, Operation.Receive);
    }

    private bool Await(ValueTask task, Operation operation)
    {
        var awaiter = task.GetAwaiter();
        if (awaiter.IsCompleted)
        {
            Complete(operation, awaiter);
            return true;
        }

        if (_describeWanted)
            Describe();
        _operation = operation;
        _awaiter = awaiter;
        _awaiting = true;

        // Nothing of this cell may be touched after this line: another thread may be in the next turn already.
        awaiter.UnsafeOnCompleted(_resume);
        return false;
    }

    private void Resume() => _dispatcher.Schedule(this, yielding: false);

    private void Complete(Operation operation, System.Runtime.CompilerServices.ValueTaskAwaiter awaiter)
    {
        Exception? failure = null;
        try
        {
            awaiter.GetResult();
        }
        catch (Exception thrown)
        {
            failure = thrown;
        }

        _awaiter = default;
        Volatile.Write(ref _done, _done + 1);
        switch (operation)
        {
            case Operation.Receive:
                var handled = _current;
                _current = null;
                _sender = null;
                Volatile.Write(ref _processed, _processed + 1);
                if (failure is not null)
                    Fail(failure, handled!.GetType().Name);
                break;

            case Operation.PreStart:
                if (failure is not null)
                    Fail(failure, "PreStart");
                else
                    Run();
                break;

            case Operation.PostStopToRestart:
                if (failure is not null)
                    LogPostStopFailed(System.Logger, Self.Path, failure);
                Pause();
                break;

            case Operation.PostStop:
                if (failure is not null)
                    LogPostStopFailed(System.Logger, Self.Path, failure);
                Stopped();
                break;

            default:
                throw new UnreachableException($"No such operation: {operation}.");
        }
    }
}
