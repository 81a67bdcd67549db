using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Postgres.Loading;

/// <summary>Looks, before the commit, whether what arrived is what left.</summary>
/// <param name="session">In the transaction.</param>
/// <param name="load">What is loaded.</param>
/// <param name="drift">How its columns fit.</param>
/// <param name="rejected">Rows that were refused.</param>
/// <param name="typeOf">Type of a column of the table.</param>
internal sealed class PostgresProof(PostgresSession session, TableLoad load, SchemaDrift drift, long rejected, Func<string, string> typeOf)
{
    /// <summary>Rows that the open transaction wrote.</summary>
    internal const string OfThisTransaction = " WHERE xmin::text = (txid_current() % 4294967296)::text";

    private readonly SentEvidence _sent = SentEvidence.Of(load, drift, typeOf);

    /// <summary>Compares what was sent with rows of the table.</summary>
    internal async ValueTask<RowEvidence> OfTableAsync(string table, string where, CancellationToken cancellationToken) =>
        _sent.RequireAll(await SeeAsync($"{table} AS t{where}", cancellationToken), EvidenceTrail.Target, $"table {load.Table}", rejected);

    /// <summary>Compares what was sent with what came out of the objects.</summary>
    internal async ValueTask OfStagingAsync(string staging, CancellationToken cancellationToken) =>
        _sent.RequireAll(await SeeAsync($"{staging} AS t", cancellationToken), EvidenceTrail.Objects, "the objects as they were read", rejected);

    /// <summary>Compares what was to be merged with rows of the table.</summary>
    /// <param name="table">Quoted.</param>
    /// <param name="from">What was merged, with the alias s or none.</param>
    /// <param name="keys">By which rows of the table are found; none: by <paramref name="where"/>.</param>
    /// <param name="where">Otherwise the rows that the load wrote.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    internal async ValueTask<RowEvidence> OfMergeAsync(string table, string from, IReadOnlyList<string> keys, string where, CancellationToken cancellationToken)
    {
        var merged = await SeeAsync(from.EndsWith(" AS s", StringComparison.Ordinal) ? from[..^1] + "t" : $"{from} AS t", cancellationToken);
        var rows = keys.Count == 0
            ? $"{table} AS t{where}"
            : $"{table} AS t JOIN {(from.EndsWith(" AS s", StringComparison.Ordinal) ? from : $"{from} AS s")} ON {SqlNames.SameKey(keys)}";
        var seen = await SeeAsync(rows, cancellationToken);
        _sent.RequireMerged(merged, load.Table, seen);
        return seen;
    }

    private async ValueTask<RowEvidence> SeeAsync(string from, CancellationToken cancellationToken)
    {
        var question = _sent.Ask(from, PostgresHook.Postgres);
        await PostgresExtract.ByCopyAsync(session, question.Sql, question.Sink, cancellationToken);
        return question.Answer;
    }
}
