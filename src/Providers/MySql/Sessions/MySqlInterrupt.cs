using System.Text;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>Stops the running statement of a session when a token is cancelled: by KILL QUERY, and where that does not help, by breaking the connection.</summary>
internal sealed class MySqlInterrupt : IDisposable
{
    /// <summary>How long a killed statement may take to end before its connection is broken.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly MySqlSession _session;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private readonly ManualResetEventSlim _ended = new();
    private readonly Lock _gate = new();
    private Task _kill = Task.CompletedTask;

    public MySqlInterrupt(MySqlSession session, CancellationToken cancellationToken)
    {
        _session = session;
        _cancellationToken = cancellationToken;
        _registration = cancellationToken.Register(Interrupt);
    }

    /// <summary>Asks the server, through a second connection, to stop what a session is doing.</summary>
    /// <returns>False when the server could not be asked.</returns>
    public static bool KillQuery(MySqlSession session)
    {
        try
        {
            using var second = MySqlSession.Open(session.Settings with { ConnectTimeout = Grace, ReadTimeout = Grace, Database = null });
            second.Query(Encoding.UTF8.GetBytes($"KILL QUERY {session.ThreadId}"));
            return true;
        }
        catch (MySqlException error)
        {
            // 1094: there is no such thread any more.
            return error.Number == 1094;
        }
    }

    /// <summary>Runs blocking calls; what fails because of the cancellation surfaces as such.</summary>
    public static T Run<T>(MySqlSession session, Func<T> calls, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        T result;
        try
        {
            using var interrupt = session.InterruptOn(cancellationToken);
            result = calls();
        }
        catch (MySqlException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        // Some statements, such as SELECT SLEEP(9), end without an error when they are killed.
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }

    public void Dispose()
    {
        _registration.Dispose();
        _ended.Set();
        Task kill;
        lock (_gate)
        {
            kill = _kill;
        }

        // A kill under way must not hit the session's next statement.
        kill.GetAwaiter().GetResult();
        _ended.Dispose();
    }

    private void Interrupt()
    {
        lock (_gate)
        {
            _kill = Task.Factory.StartNew(
                () =>
                {
                    if (!KillQuery(_session) || !_ended.Wait(Grace, CancellationToken.None))
                    {
                        _session.Abort();
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }
    }
}
