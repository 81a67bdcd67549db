namespace Sluice.Services.PostgresFaults;

/// <summary>What becomes of a statement that stood still.</summary>
public enum PostgresPauseEnd
{
    /// <summary>The server gets it, and all goes on.</summary>
    GoOn,

    /// <summary>The server gets it, and the client is cut off.</summary>
    Cut,

    /// <summary>The client is cut off, and the server never gets it.</summary>
    CutUnheard,
}

/// <summary>A statement that stands still.</summary>
public sealed class PostgresPause
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<PostgresPauseEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the statement has come.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go.</summary>
    public void End(PostgresPauseEnd end = PostgresPauseEnd.GoOn) => _ended.TrySetResult(end);

    internal Task<PostgresPauseEnd> WaitAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _ended.Task.WaitAsync(cancellationToken);
    }
}
