namespace Sluice.Actors;

/// <summary>The far end of a temporary reference.</summary>
internal interface IReplySlot
{
    void Reply(object message);

    /// <summary>The question became a dead letter.</summary>
    void Unreachable();
}

/// <summary>Waits for one answer to one question.</summary>
internal sealed class ReplySlot<T> : TaskCompletionSource<T>, IReplySlot
{
    private readonly ActorRef _asked;
    private readonly Type _question;
    private readonly TimeSpan _timeout;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    public ReplySlot(ActorRef asked, Type question, TimeSpan timeout)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _asked = asked;
        _question = question;
        _timeout = timeout;
        Ref = new ActorRef(this, "/ask");
    }

    public ActorRef Ref { get; }

    public void Arm(TimeProvider time, CancellationToken cancellationToken)
    {
        if (_timeout != Timeout.InfiniteTimeSpan)
            _timer = time.CreateTimer(static slot => ((ReplySlot<T>)slot!).TimedOut(), this, _timeout, Timeout.InfiniteTimeSpan);

        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (slot, token) => ((ReplySlot<T>)slot!).Cancelled(token), this);

        // The clock may have won before the fields were set.
        if (Task.IsCompleted)
            Disarm();
    }

    public void Reply(object message)
    {
        var first = message switch
        {
            T answer => TrySetResult(answer),
            Exception failure => TrySetException(failure),
            _ => TrySetException(new InvalidOperationException(
                $"{_asked.Path} answered {_question.Name} with {message.GetType().Name}; {typeof(T).Name} was expected.")),
        };
        if (first)
            Disarm();
    }

    public void Unreachable()
    {
        if (TrySetException(new ActorStoppedException(_asked.Path, _question.Name)))
            Disarm();
    }

    private void TimedOut()
    {
        if (TrySetException(new AskTimeoutException(_asked.Path, _question.Name, _timeout)))
            Disarm();
    }

    private void Cancelled(CancellationToken token)
    {
        if (TrySetCanceled(token))
            _timer?.Dispose();
    }

    private void Disarm()
    {
        _timer?.Dispose();
        _cancellation.Unregister();
    }
}
