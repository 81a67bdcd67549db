using Npgsql;
using NpgsqlTypes;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>One connection to the server.</summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    private readonly string _settings;

    private PostgresSession(NpgsqlConnection connection, string settings) => (Connection, _settings) = (connection, settings);

    internal NpgsqlConnection Connection { get; }

    internal static async ValueTask<PostgresSession> OpenAsync(Connection connection, string dialect, CancellationToken cancellationToken)
    {
        var settings = PostgresSettings.Build(connection, dialect);
        var opened = new NpgsqlConnection(settings);
        try
        {
            await opened.OpenAsync(cancellationToken);
            return new(opened, settings);
        }
        catch (NpgsqlException e)
        {
            await opened.DisposeAsync();
            throw PostgresErrors.Describe(e);
        }
    }

    /// <summary>Runs work, with the driver's exceptions as the hook's.</summary>
    internal async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (NpgsqlException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw PostgresErrors.Describe(e);
        }
    }

    internal NpgsqlCommand Command(string sql, IReadOnlyDictionary<string, object?>? parameters = null)
    {
        var command = new NpgsqlCommand(sql, Connection);
        foreach (var (name, value) in parameters ?? new Dictionary<string, object?>())
        {
            // A text goes without a type, as a literal does: the server takes it for whatever stands on the other side of the operator.
            command.Parameters.Add(value is string text
                ? new NpgsqlParameter(name, NpgsqlDbType.Unknown) { Value = text }
                : new NpgsqlParameter(name, value ?? DBNull.Value));
        }

        return command;
    }

    internal async ValueTask<long> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Stops the statement that is running, by a connection of its own. No error when that cannot be had: then this one will be gone, too.</summary>
    internal async ValueTask CancelAsync()
    {
        try
        {
            if (Connection.State is System.Data.ConnectionState.Closed or System.Data.ConnectionState.Broken)
            {
                return;
            }

            await using var other = new NpgsqlConnection(_settings);
            await other.OpenAsync();
            await using var cancel = new NpgsqlCommand($"SELECT pg_cancel_backend({Connection.ProcessID})", other);
            await cancel.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            // What made the caller stop is what the user must see.
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
