namespace Sluice.Actors;

internal sealed partial class ActorCell
{
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _childrenGate = new(); // the root's children come from any thread
    private Dictionary<string, ActorCell>? _children;
    private HashSet<ActorRef>? _watching;
    private HashSet<ActorCell>? _watchers;
    private ITimer? _pause;
    private bool _closed; // takes no more children; under the gate

    public Task WhenStopped => _stopped.Task;

    public IReadOnlyCollection<ActorRef> Children
    {
        get
        {
            lock (_childrenGate)
                return _children is null ? [] : [.. _children.Values.Select(child => child.Self)];
        }
    }

    public ActorRef? Child(string name)
    {
        lock (_childrenGate)
            return _children is not null && _children.TryGetValue(name, out var child) ? child.Self : null;
    }

    public ActorRef Spawn(Props props, string name)
    {
        ArgumentNullException.ThrowIfNull(props);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var path = IsRoot ? "/" + name : $"{Self.Path}/{name}";
        var child = new ActorCell(System, _dispatcher, props, this, path, name);
        lock (_childrenGate)
        {
            if (_closed)
                throw new InvalidOperationException($"{Self.Path} is stopping and cannot spawn '{name}'.");
            if (!(_children ??= []).TryAdd(name, child))
                throw new InvalidOperationException($"{Self.Path} has a child named '{name}' already; wait for its Terminated before the name is used again.");
        }

        System.Register(child);
        child.Send(StartCell.Instance);
        return child.Self;
    }

    public void Watch(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (actor.Cell is { } cell && (_watching ??= []).Add(actor))
            cell.Send(new WatchCell(this));
    }

    public void Unwatch(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (actor.Cell is { } cell && _watching?.Remove(actor) == true)
            cell.Send(new UnwatchCell(this));
    }

    /// <returns>False when the turn is over because something is awaited.</returns>
    private bool Handle(SystemMessage message)
    {
        switch (message)
        {
            case StartCell when _phase == Phase.New:
                return Instantiate();

            case StopCell when _phase < Phase.StoppingChildren:
                CloseChildren();
                LeaveRunning();
                _phase = Phase.StoppingChildren;
                _pause?.Dispose();
                Context.Timers.CancelAll();
                DiscardHeld();
                return StopChildrenThenGoOn();

            case ChildStopped stopped:
                ForgetChild(stopped.Child);
                return ChildrenStopped();

            case ChildFailed failed:
                Supervise(failed);
                break;

            case RestartCell restart when _phase == Phase.Failed:
                _pauseLength = restart.Pause;
                _phase = Phase.StoppingChildrenToRestart;
                return StopChildrenThenGoOn();

            case PauseEnded when _phase == Phase.Pausing:
                Volatile.Write(ref _restarts, _restarts + 1);
                return Instantiate();

            case WatchCell watch:
                if (_phase == Phase.Stopped)
                    watch.Watcher.Deliver(new Terminated(Self));
                else
                    (_watchers ??= []).Add(watch.Watcher);
                break;

            case UnwatchCell unwatch:
                _watchers?.Remove(unwatch.Watcher);
                break;
        }

        Volatile.Write(ref _done, _done + 1);
        return true;
    }

    private bool Instantiate()
    {
        _phase = Phase.Starting;
        ValueTask starting;
        try
        {
            _actor = _props.Factory();
            _type = _actor.GetType().Name;
            _actor.Attach(Context);
            starting = _actor.PreStart();
        }
        catch (Exception thrown)
        {
            starting = ValueTask.FromException(thrown);
        }

        return Await(starting, Operation.PreStart);
    }

    private void Run()
    {
        _phase = Phase.Running;
        if (_held is { Count: > 0 })
            Interlocked.Add(ref _pending, _held.Count); // above 0 during a turn, so nobody else schedules
    }

    /// <summary>From now on, what is held is not counted in _pending: nothing could be done about it.</summary>
    private void LeaveRunning()
    {
        if (_phase == Phase.Running && _held is { Count: > 0 })
            Volatile.Write(ref _done, _done + _held.Count);
    }

    private bool StopChildrenThenGoOn()
    {
        ActorCell[] children;
        lock (_childrenGate)
            children = _children is null ? [] : [.. _children.Values];
        foreach (var child in children)
        {
            if (_phase == Phase.StoppingChildrenToRestart)
                Unwatch(child.Self); // the next instance knows nothing of them
            child.Send(StopCell.Instance);
        }

        return ChildrenStopped();
    }

    /// <summary>Goes on with a stop or restart once the last child is gone.</summary>
    private bool ChildrenStopped()
    {
        bool any;
        lock (_childrenGate)
            any = _children is { Count: > 0 };
        if (any || _phase is not (Phase.StoppingChildren or Phase.StoppingChildrenToRestart))
        {
            Volatile.Write(ref _done, _done + 1);
            return true;
        }

        var restart = _phase == Phase.StoppingChildrenToRestart;
        _phase = restart ? Phase.Pausing : Phase.Stopping;
        ValueTask stopping;
        try
        {
            stopping = _actor?.PostStop() ?? ValueTask.CompletedTask;
        }
        catch (Exception thrown)
        {
            stopping = ValueTask.FromException(thrown);
        }

        return Await(stopping, restart ? Operation.PostStopToRestart : Operation.PostStop);
    }

    private void Pause()
    {
        _actor = null;
        _pause?.Dispose();
        _pause = System.Time.CreateTimer(static cell => ((ActorCell)cell!).Send(PauseEnded.Instance), this, _pauseLength, Timeout.InfiniteTimeSpan);
    }

    private void Stopped()
    {
        _phase = Phase.Stopped;
        _actor = null;
        _behaviors = null;
        DiscardHeld();
        if (Subscribed)
            System.Events.Forget(Self);
        foreach (var watched in _watching ?? [])
            watched.Cell!.Send(new UnwatchCell(this));
        _watching = null;
        System.Unregister(this);
        Parent?.Send(new ChildStopped(this)); // before Terminated, so that the name is free when the watcher hears of it
        foreach (var watcher in _watchers ?? [])
            watcher.Deliver(new Terminated(Self));
        _watchers = null;
        _stopped.TrySetResult();
    }

    private void CloseChildren()
    {
        lock (_childrenGate)
            _closed = true;
    }

    private void ForgetChild(ActorCell child)
    {
        lock (_childrenGate)
            _children?.Remove(child.Self.Name);
    }

    /// <summary>Messages that were put aside become dead letters.</summary>
    private void DiscardHeld()
    {
        var held = _held;
        _held = null;
        var stash = _stash;
        _stash = null;
        foreach (var (message, sender) in held ?? [])
            System.DeadLetter(message, sender, Self);
        foreach (var (message, sender) in stash ?? [])
            System.DeadLetter(message, sender, Self);
    }
}
