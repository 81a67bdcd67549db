namespace Sluice.Services;

/// <summary>A request or a statement that stands still until the test lets it go.</summary>
public sealed class StandStill
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it has come.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go.</summary>
    public void Release() => _released.TrySetResult();

    internal Task WaitAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _released.Task.WaitAsync(cancellationToken);
    }
}
