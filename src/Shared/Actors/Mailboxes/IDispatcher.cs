namespace Sluice.Actors;

/// <summary>Gives actors their turns on a thread.</summary>
public interface IDispatcher
{
    /// <summary>How many messages an actor may take before others get their turn.</summary>
    int MessagesPerTurn { get; }

    /// <summary>Runs the turn soon, never inside this call.</summary>
    /// <param name="turn">Its <c>ToString</c> names the actor.</param>
    /// <param name="yielding">True when the actor has used up its turn and others should go first.</param>
    void Schedule(IThreadPoolWorkItem turn, bool yielding);

    /// <summary>Waits for something that actors will do.</summary>
    Task WaitAsync(Task task);
}

/// <summary>Turns run on the thread pool of .NET, on as many threads as there are processors.</summary>
public sealed class ThreadPoolDispatcher : IDispatcher
{
    public static ThreadPoolDispatcher Instance { get; } = new();

    public int MessagesPerTurn => 128;

    public void Schedule(IThreadPoolWorkItem turn, bool yielding) => ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: !yielding);

    public Task WaitAsync(Task task) => task;
}
