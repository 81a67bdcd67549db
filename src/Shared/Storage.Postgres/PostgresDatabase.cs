using Npgsql;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>The pool of connections, and errors in plain words.</summary>
internal sealed class PostgresDatabase : ISqlDatabase, IAsyncDisposable
{
    private readonly NpgsqlDataSource _pool;

    public PostgresDatabase(NpgsqlConnectionStringBuilder server)
    {
        server.ApplicationName ??= "sluice";
        server.MaxAutoPrepare = 100; // every statement of ours has a fixed text and is prepared on its second use
        server.AutoPrepareMinUsages = 2;
        server.WriteBufferSize = 64 * 1024; // most groups leave in one write
        if (server.MaxPoolSize == new NpgsqlConnectionStringBuilder().MaxPoolSize)
        {
            server.MaxPoolSize = 20; // unless the address asks for another number: few queries run at once, and servers allow about 100 in all
        }

        Server = server;
        _pool = NpgsqlDataSource.Create(server);
    }

    /// <summary>For messages; holds the password, which they never show.</summary>
    public NpgsqlConnectionStringBuilder Server { get; }

    public async ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _pool.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.Explain(error, Server);
        }
    }

    /// <summary>Runs with a connection from the pool.</summary>
    public async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var scope = connection.ConfigureAwait(false);
        try
        {
            return await work(connection).ConfigureAwait(false);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.Explain(error, Server);
        }
    }

    public ValueTask<int> ExecuteAsync(string sql, object?[] values, CancellationToken cancellationToken) => UseAsync(async connection =>
    {
        var command = Command(connection, sql, values);
        await using var scope = command.ConfigureAwait(false);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }, cancellationToken);

    public ValueTask<List<T>> QueryAsync<T>(string sql, object?[] values, Func<SqlRow, T> read, CancellationToken cancellationToken) =>
        UseAsync(async connection =>
        {
            var command = Command(connection, sql, values);
            await using var commandScope = command.ConfigureAwait(false);
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var readerScope = reader.ConfigureAwait(false);
            var row = new SqlRow(reader, timesAreNumbers: false);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                rows.Add(read(row));
            }

            return rows;
        }, cancellationToken);

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object?[] values)
    {
#pragma warning disable CA2100 // Every text is a constant of ours; values are parameters.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = value switch
                {
                    null => DBNull.Value,
                    string text => StorableText.Clean(text),
                    DateTimeOffset time => StoredTime.Truncate(time).UtcDateTime,
                    _ => value,
                },
            });
        }

        return command;
    }
}
