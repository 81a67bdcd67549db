namespace Sluice.Actors;

internal sealed partial class ActorCell
{
    private readonly DateTimeOffset _spawnedAt;
    private int _restarts;
    private volatile ErrorNote? _lastError;
    private volatile string _described = "";
    private volatile bool _describeWanted;
    private volatile string? _type;

    /// <summary>From any thread.</summary>
    public ActorSnapshot Snapshot()
    {
        var state = State();
        var waiting = Volatile.Read(ref _pending) - Volatile.Read(ref _done) - (_awaiting ? 1 : 0);
        if (_phase != Phase.Running)
            waiting += _held?.Count ?? 0;
        var error = _lastError;
        return new ActorSnapshot(
            Self.Path,
            Parent is { IsRoot: false } parent ? parent.Self.Path : null,
            _type ?? "",
            Math.Max(0, waiting),
            Volatile.Read(ref _processed),
            Volatile.Read(ref _restarts),
            error?.Text,
            error?.At,
            System.Time.GetUtcNow() - _spawnedAt,
            _awaiting,
            state);
    }

    private string State() => _phase switch
    {
        Phase.New or Phase.Starting => "starting",
        Phase.Failed or Phase.StoppingChildrenToRestart => "failed",
        Phase.Pausing => "waits to restart",
        Phase.StoppingChildren or Phase.Stopping => "stopping",
        Phase.Stopped => "stopped",
        _ => DescribeFromOutside(),
    };

    /// <summary>Asks an idle actor at once; one in the middle of a turn leaves its answer for the next look.</summary>
    private string DescribeFromOutside()
    {
        if (Interlocked.CompareExchange(ref _pending, 1, 0) == 0)
        {
            // The turn is ours: whoever tells something now finds the count above 0 and leaves the scheduling to us.
            Describe();
            if (Interlocked.Decrement(ref _pending) > 0)
                _dispatcher.Schedule(this, yielding: false);
        }
        else if (_awaiting)
        {
            Describe();
        }
        else
        {
            _describeWanted = true;
        }

        return _described;
    }

    private void Describe()
    {
        _describeWanted = false;
        try
        {
            _described = _actor?.DescribeState() ?? "";
        }
        catch (Exception thrown)
        {
            _described = $"cannot describe itself: {thrown.Message}";
        }
    }

    private void NoteError(Exception failure) =>
        _lastError = new ErrorNote($"{failure.GetType().Name}: {failure.Message.ReplaceLineEndings(" ")}", System.Time.GetUtcNow());

    private sealed record ErrorNote(string Text, DateTimeOffset At);
}
