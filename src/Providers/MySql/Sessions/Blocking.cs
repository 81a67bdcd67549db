namespace Sluice.Providers.MySql.Sessions;

/// <summary>Runs calls of the library, which block, on a thread of their own: the thread pool stays free for actors.</summary>
internal static class Blocking
{
    public static Task<T> RunAsync<T>(Func<T> calls) =>
        Task.Factory.StartNew(calls, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Connects; when cancelled, the caller goes on at once and the late session is closed.</summary>
    public static async Task<MySqlSession> OpenAsync(MySqlSettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var opening = RunAsync(() => MySqlSession.Open(settings));
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }
    }
}
