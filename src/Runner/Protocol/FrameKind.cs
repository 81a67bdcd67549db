namespace Sluice.Runner.Protocol;

/// <summary>First byte of every frame. Worker and runner are always of the same build, so the numbers may change between versions.</summary>
internal enum FrameKind : byte
{
    /// <summary>Runner to worker, first on each channel: which of the two it is.</summary>
    Hello = 1,

    /// <summary>Worker to runner: a Dag's data under a short number.</summary>
    Dag,

    /// <summary>Worker to runner: a run's facts under a short number.</summary>
    Run,

    /// <summary>Worker to runner: where a bundle lies, under a short number.</summary>
    Bundle,

    /// <summary>Worker to runner: drop all Dags and runs sent so far; their numbers start again.</summary>
    Forget,

    /// <summary>Worker to runner: run this attempt.</summary>
    Task,

    /// <summary>Worker to runner: end the process.</summary>
    Shutdown,

    /// <summary>Worker to runner, control channel: cancel this attempt.</summary>
    Kill,

    /// <summary>Worker to runner, control channel: the answer to a call.</summary>
    Answer,

    /// <summary>Runner to worker: a line of the attempt's log.</summary>
    Log,

    /// <summary>Runner to worker: a question that the worker answers on the control channel.</summary>
    Call,

    /// <summary>Runner to worker: the attempt ended.</summary>
    Outcome,
}
