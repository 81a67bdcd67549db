namespace Sluice.Services.S3Faults;

/// <summary>What is to go wrong, first come first served; each fault is used up.</summary>
public sealed class S3FaultList
{
    /// <summary>So often that it never ends.</summary>
    public const int Always = int.MaxValue;

    private readonly FaultQueue<S3Fault> _faults = new();

    /// <summary>Faults that have not come about as often as they should; one that never ends stays.</summary>
    public int Left => _faults.Left;

    /// <summary>The server never hears of the request; the client gets this answer.</summary>
    public void Refuse(Func<S3Request, bool> which, int status, string code, int times = 1) =>
        _faults.Add(new(which, S3FaultKind.Refuse) { Times = times, Status = status, Code = code });

    /// <summary>The connection is reset when half of the request's body has come.</summary>
    public void ResetInBody(Func<S3Request, bool> which, int times = 1) => _faults.Add(new(which, S3FaultKind.ResetInBody) { Times = times });

    /// <summary>The server does what is asked, and the connection is reset instead of an answer.</summary>
    public void SwallowAnswer(Func<S3Request, bool> which, int times = 1) => _faults.Add(new(which, S3FaultKind.SwallowAnswer) { Times = times });

    /// <summary>The connection is reset when half of the answer has gone.</summary>
    public void ResetInAnswer(Func<S3Request, bool> which, int times = 1) => _faults.Add(new(which, S3FaultKind.ResetInAnswer) { Times = times });

    /// <summary>The next such request waits, unheard by the server, until the test lets it go.</summary>
    public StandStill Pause(Func<S3Request, bool> which)
    {
        var pause = new StandStill();
        _faults.Add(new(which, S3FaultKind.Pause) { Pause = pause });
        return pause;
    }

    /// <summary>The server does what is asked, and the answer to the next such request waits until the test lets it go.</summary>
    public StandStill PauseAnswer(Func<S3Request, bool> which)
    {
        var pause = new StandStill();
        _faults.Add(new(which, S3FaultKind.PauseAnswer) { Pause = pause });
        return pause;
    }

    internal S3Fault? Take(S3Request request) => _faults.Take(fault => fault.Which(request));
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

internal sealed record S3Fault(Func<S3Request, bool> Which, S3FaultKind Kind) : CountedFault
{
    public int Status { get; init; }

    public string Code { get; init; } = "";

    public StandStill? Pause { get; init; }
}
