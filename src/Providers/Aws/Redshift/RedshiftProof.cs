using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Looks, before the commit, whether what arrived is what left. Counts are Redshift's own; for checksums the rows come back to the worker.</summary>
/// <param name="session">In the transaction.</param>
/// <param name="load">What is loaded.</param>
/// <param name="drift">How its columns fit.</param>
/// <param name="typeOf">Type of a column of the table.</param>
internal sealed class RedshiftProof(ISqlHook session, TableLoad load, SchemaDrift drift, Func<string, string> typeOf)
{
    private readonly SentEvidence _sent = SentEvidence.Of(load, drift, typeOf);

    /// <summary>Compares what was sent with what came out of the objects.</summary>
    internal async ValueTask OfStagingAsync(long rejected, CancellationToken cancellationToken) =>
        _sent.RequireAll(await SeeAsync($"{RedshiftSql.Staging} AS t", cancellationToken), EvidenceTrail.Objects, "the objects as they were read", rejected);

    /// <summary>Compares what was to be merged with rows of the table.</summary>
    /// <param name="table">Quoted.</param>
    /// <param name="from">What was merged, with the alias s.</param>
    /// <param name="keys">By which rows of the table are found; none: by <paramref name="where"/>.</param>
    /// <param name="where">Which rows of the table; null when they cannot be told from others, and only their number is compared.</param>
    /// <param name="written">How many rows Redshift says it has written.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <exception cref="TaskFailedException">They differ.</exception>
    internal async ValueTask<RowEvidence> OfMergeAsync(string table, string from, IReadOnlyList<string> keys, string? where, long written, CancellationToken cancellationToken)
    {
        var merged = await SeeAsync(from[..^1] + "t", cancellationToken);
        if (keys.Count == 0 && where is null)
        {
            load.Trail.See(EvidenceTrail.Merged, merged, "what was loaded");
            return written == merged.Rows
                ? merged
                : throw new TaskFailedException($"What arrived is not what left: {merged.Rows} rows were to be appended to {load.Table}, and {written} were.");
        }

        var seen = await SeeAsync(
            keys.Count == 0 ? $"{table} AS t{where}" : $"{table} AS t JOIN {from} ON {SqlNames.SameKey(keys)}",
            cancellationToken);
        _sent.RequireMerged(merged, load.Table, seen);
        return seen;
    }

    private async ValueTask<RowEvidence> SeeAsync(string from, CancellationToken cancellationToken)
    {
        var question = _sent.Ask(from, PostgresHook.Redshift);
        await session.ExtractAsync(question.Sql, null, question.Sink, cancellationToken);
        return question.Answer;
    }
}
