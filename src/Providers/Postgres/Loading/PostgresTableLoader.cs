using Npgsql;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Loads CSV objects into a PostgreSQL table by COPY, in one transaction.</summary>
/// <remarks>
/// REPLACE and APPEND copy straight into the table; UPSERT, snapshots, changed columns and quarantines go by way of a temporary table. Other
/// writers of the table wait while it is replaced, readers never do: they see the old rows until the commit. A deadlock or a serialization
/// conflict, which leaves nothing, is tried again a few times.
/// </remarks>
/// <param name="connection">The database.</param>
/// <param name="time">For waits between tries; null for the system's clock.</param>
public sealed class PostgresTableLoader(Connection connection, TimeProvider? time = null) : ITableLoader
{
    private const int MostTries = 5;

    // Doubled with each try, and then anything between a half and one and a half of it: those that collided do not meet again.
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);

    private PostgresSession? _session;

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var session = _session ??= await PostgresSession.OpenAsync(connection, PostgresHook.Postgres, cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                await PostgresExtract.PrepareAsync(session, PostgresHook.Postgres, cancellationToken);
                await session.ExecuteAsync("SET standard_conforming_strings TO on", cancellationToken); // as our literals are written
                var ledger = load.Identity is null || load.DryRun ? null : await PostgresLedger.OpenAsync(session, load, cancellationToken);
                return await TryAsync(
                    load, one => LoadQuarantine.RunAsync(one, rejects => InTransactionAsync(session, one, ledger, rejects, cancellationToken)), cancellationToken);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<LoadResult> TryAsync(TableLoad load, Func<TableLoad, ValueTask<LoadResult>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work(load);
            }
            catch (PostgresException e) when (attempt < MostTries && IsConflict(e, load))
            {
                load.Log?.Invoke($"Try {attempt} of {MostTries} met another writer and left the table as it was: {e.MessageText}");
                await Task.Delay(FirstWait * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble()), time ?? TimeProvider.System, cancellationToken);
                load = await load.WhenWholeAsync(cancellationToken); // objects that came while it ran do not come again
            }
        }
    }

    private static async ValueTask<LoadResult> InTransactionAsync(
        PostgresSession session, TableLoad load, PostgresLedger? ledger, LoadQuarantine? rejects, CancellationToken cancellationToken)
    {
        // Rolls back when disposed without a commit.
        await using var transaction = await session.Connection.BeginTransactionAsync(cancellationToken);
        var result = await LoadInTransactionAsync(session, load, ledger, rejects, cancellationToken);
        if (!load.DryRun)
        {
            await CommitAsync(transaction, load, cancellationToken);
        }

        return result;
    }

    // A server that answers with an error has not committed; one that says nothing, or that it ends, may have.
    private static async ValueTask CommitAsync(NpgsqlTransaction transaction, TableLoad load, CancellationToken cancellationToken)
    {
        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        catch (NpgsqlException e) when (load is { Method: LoadMethod.Append, Identity: null } && e is not PostgresException { InvariantSeverity: "ERROR" })
        {
            throw new TaskFailedException(
                $"The connection broke while the rows for {load.Table} were being committed, so they may be in the table or not: count them, then clear this task or mark it. ({e.Message})", e);
        }
    }

    // A column that another load has added since the table was looked at: the next try finds it there.
    private static bool IsConflict(PostgresException e, TableLoad load) => e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
        || (e.SqlState == PostgresErrorCodes.DuplicateColumn && load.Drift == DriftPolicy.AddColumns);

    private static async ValueTask<LoadResult> LoadInTransactionAsync(
        PostgresSession session, TableLoad load, PostgresLedger? ledger, LoadQuarantine? rejects, CancellationToken cancellationToken)
    {
        string? content = null;
        if (ledger is not null)
        {
            var entries = await ledger.LockAsync(load, cancellationToken);
            if (LoadLedger.GoesByContent(load, entries))
            {
                load = await load.WhenWholeAsync(cancellationToken);
            }

            content = load.Feed is null ? await LoadContent.OfAsync(load, cancellationToken) : null;
            if (LoadLedger.Decide(load, content ?? "", entries) is { } rows)
            {
                load.Log?.Invoke($"These objects were appended to {load.Table} already: {rows} rows. Nothing is loaded again.");
                return new(rows, rows);
            }
        }

        var table = await PostgresTable.DescribeAsync(session, load.Schema, load.Table, cancellationToken);
        var work = new PostgresLoad(session, table, load, rejects);
        var result = await work.RunAsync(cancellationToken);
        if (rejects is not null && !load.DryRun)
        {
            await rejects.PublishAsync(cancellationToken);
        }

        if (ledger is not null)
        {
            await ledger.RememberAsync(work.Load, content ?? await LoadContent.OfAsync(work.Load, cancellationToken), result, cancellationToken);
        }

        return result;
    }
}
