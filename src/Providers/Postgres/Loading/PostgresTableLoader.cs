using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Core.Connections;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Loads CSV objects into a PostgreSQL table by COPY, in one transaction.</summary>
/// <remarks>
/// REPLACE and APPEND copy straight into the table; UPSERT, snapshots, changed columns and quarantines go by way of a temporary table. Other
/// writers of the table wait while it is replaced, readers never do: they see the old rows until the commit.
/// </remarks>
/// <param name="connection">The database.</param>
public sealed class PostgresTableLoader(Connection connection) : ITableLoader
{
    private PostgresSession? _session;

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var session = _session ??= await PostgresSession.OpenAsync(connection, PostgresHook.Postgres, cancellationToken);
        return await session.RunAsync(
            async () =>
            {
                await PostgresExtract.PrepareAsync(session, PostgresHook.Postgres, cancellationToken);
                var ledger = load.Identity is null || load.DryRun ? null : await PostgresLedger.OpenAsync(session, load, cancellationToken);
                return await LoadQuarantine.RunAsync(load, rejects => InTransactionAsync(session, load, ledger, rejects, cancellationToken));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async ValueTask<LoadResult> InTransactionAsync(
        PostgresSession session, TableLoad load, PostgresLedger? ledger, LoadQuarantine? rejects, CancellationToken cancellationToken)
    {
        // Rolls back when disposed without a commit.
        await using var transaction = await session.Connection.BeginTransactionAsync(cancellationToken);
        var result = await LoadInTransactionAsync(session, load, ledger, rejects, cancellationToken);
        if (!load.DryRun)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return result;
    }

    private static async ValueTask<LoadResult> LoadInTransactionAsync(
        PostgresSession session, TableLoad load, PostgresLedger? ledger, LoadQuarantine? rejects, CancellationToken cancellationToken)
    {
        string? content = null;
        if (ledger is not null)
        {
            var entry = await ledger.LockAsync(load, cancellationToken);
            if (LoadLedger.GoesByContent(load, entry))
            {
                load = await load.WhenWholeAsync(cancellationToken);
            }

            content = load.Feed is null ? await LoadContent.OfAsync(load, cancellationToken) : null;
            if (LoadLedger.Decide(load, content ?? "", entry) is { } rows)
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
