using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>A session of a load. What it has not committed is gone when it is disposed.</summary>
/// <param name="connection">The cluster.</param>
/// <param name="log">Takes the statements.</param>
internal sealed class RedshiftSession(Connection connection, Action<string>? log) : IAsyncDisposable
{
    private readonly PostgresHook _hook = new(connection, PostgresHook.Redshift);

    /// <summary>For what is not to be logged.</summary>
    internal ISqlHook Hook => _hook;

    internal Connection Connection => connection;

    /// <summary>The server has answered at least once.</summary>
    internal bool WasOpen { get; private set; }

    /// <summary>COMMIT was sent and has not been answered.</summary>
    internal bool IsCommitting { get; private set; }

    /// <summary>Its number at the server.</summary>
    internal long Process { get; private set; }

    /// <exception cref="SqlHookException">The server refused or is not there.</exception>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        Process = await CountAsync("SELECT pg_backend_pid()", cancellationToken);
        WasOpen = true;
        await ExecuteAsync(RedshiftSql.ExactNames, cancellationToken);
    }

    internal async ValueTask<long> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        log?.Invoke(sql);
        return await _hook.ExecuteAsync(sql, null, cancellationToken);
    }

    internal async ValueTask<long> CountAsync(string sql, CancellationToken cancellationToken) =>
        Convert.ToInt64((await _hook.QueryAsync(sql, null, 1, cancellationToken))[0][0]);

    internal async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        IsCommitting = true;
        await ExecuteAsync("COMMIT", cancellationToken);
        IsCommitting = false;
    }

    public ValueTask DisposeAsync() => _hook.DisposeAsync();
}
