namespace Sluice.Services.S3Faults;

/// <summary>What is to go wrong, first come first served; each fault is used up.</summary>
public sealed class S3FaultList
{
    /// <summary>So often that it never ends.</summary>
    public const int Always = int.MaxValue;

    private readonly Lock _gate = new();
    private readonly List<S3Fault> _faults = [];

    /// <summary>Faults that have not come about as often as they should; one that never ends stays.</summary>
    public int Left
    {
        get
        {
            lock (_gate)
            {
                return _faults.Count;
            }
        }
    }

    /// <summary>The server never hears of the request; the client gets this answer.</summary>
    public void Refuse(Func<S3Request, bool> which, int status, string code, int times = 1) =>
        Add(new(which, S3FaultKind.Refuse) { Times = times, Status = status, Code = code });

    /// <summary>The connection is reset when half of the request's body has come.</summary>
    public void ResetInBody(Func<S3Request, bool> which, int times = 1) => Add(new(which, S3FaultKind.ResetInBody) { Times = times });

    /// <summary>The server does what is asked, and the connection is reset instead of an answer.</summary>
    public void SwallowAnswer(Func<S3Request, bool> which, int times = 1) => Add(new(which, S3FaultKind.SwallowAnswer) { Times = times });

    /// <summary>The connection is reset when half of the answer has gone.</summary>
    public void ResetInAnswer(Func<S3Request, bool> which, int times = 1) => Add(new(which, S3FaultKind.ResetInAnswer) { Times = times });

    /// <summary>The next such request waits, unheard by the server, until the test lets it go.</summary>
    public S3Pause Pause(Func<S3Request, bool> which)
    {
        var pause = new S3Pause();
        Add(new(which, S3FaultKind.Pause) { Times = 1, Pause = pause });
        return pause;
    }

    /// <summary>The server does what is asked, and the answer to the next such request waits until the test lets it go.</summary>
    public S3Pause PauseAnswer(Func<S3Request, bool> which)
    {
        var pause = new S3Pause();
        Add(new(which, S3FaultKind.PauseAnswer) { Times = 1, Pause = pause });
        return pause;
    }

    internal S3Fault? Take(S3Request request)
    {
        lock (_gate)
        {
            var found = _faults.FirstOrDefault(fault => fault.Which(request));
            if (found is not null && --found.Times == 0)
            {
                _faults.Remove(found);
            }

            return found;
        }
    }

    private void Add(S3Fault fault)
    {
        lock (_gate)
        {
            _faults.Add(fault);
        }
    }
}

/// <summary>A request that stands still.</summary>
public sealed class S3Pause
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the request has come.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go.</summary>
    public void Release() => _released.TrySetResult();

    internal Task WaitAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _released.Task.WaitAsync(cancellationToken);
    }
}

internal enum S3FaultKind
{
    Refuse,
    ResetInBody,
    SwallowAnswer,
    ResetInAnswer,
    Pause,
    PauseAnswer,
}

internal sealed record S3Fault(Func<S3Request, bool> Which, S3FaultKind Kind)
{
    public int Times { get; set; }

    public int Status { get; init; }

    public string Code { get; init; } = "";

    public S3Pause? Pause { get; init; }
}
