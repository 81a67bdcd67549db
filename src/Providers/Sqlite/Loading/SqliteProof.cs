using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Providers.Sqlite.Hooks;

namespace Sluice.Providers.Sqlite.Loading;

/// <summary>Looks, before the commit, whether what arrived is what left.</summary>
/// <param name="session">In the transaction.</param>
/// <param name="load">What is loaded.</param>
/// <param name="drift">How its columns fit.</param>
/// <param name="rejected">Rows refused so far.</param>
internal sealed class SqliteProof(SqliteSession session, TableLoad load, SchemaDrift drift, Func<long> rejected)
{
    private readonly SentEvidence _sent = SentEvidence.Of(load, drift);
    private RowEvidence? _before;

    /// <summary>Remembers what the table holds before rows are added.</summary>
    internal void LookBefore(string table) => _before = See($"{table} AS t");

    /// <summary>Compares what was sent with all rows of the table.</summary>
    internal RowEvidence OfTable(string table) => _sent.RequireAll(See($"{table} AS t"), EvidenceTrail.Target, $"table {load.Table}", rejected());

    /// <summary>Compares what was sent with what the table has more than before.</summary>
    internal RowEvidence OfWhatWasAdded(string table) => _sent.RequireAll(See($"{table} AS t").Since(_before!, _sent.Evidence), EvidenceTrail.Target, $"table {load.Table}", rejected());

    /// <summary>Compares what was sent with what came out of the objects.</summary>
    internal void OfStaging(string staging) => _sent.RequireAll(See($"{staging} AS t"), EvidenceTrail.Objects, "the objects as they were read", rejected());

    /// <summary>Compares what was to be merged with rows of the table, found by their keys, or else by a condition.</summary>
    internal RowEvidence OfMerge(string table, string from, IReadOnlyList<string> keys, string where)
    {
        var merged = See($"{from} AS t");
        var seen = See(keys.Count == 0 ? $"{table} AS t{where}" : $"{table} AS t JOIN {from} AS s ON {SqlNames.SameKey(keys)}");
        _sent.RequireMerged(merged, load.Table, seen);
        return seen;
    }

    private RowEvidence See(string from)
    {
        var question = _sent.Ask(from, "sqlite");
        Read(question.Sql, question.Sink);
        return question.Answer;
    }

    private void Read(string query, IRowSink sink)
    {
        using var command = session.Command(query);
        using var reader = command.ExecuteReader();
        var columns = SqliteColumns.Of(reader);
        sink.Begin(columns);
        while (reader.Read())
        {
            SqliteRow.Write(reader.Handle!, columns, sink);
            sink.EndRow();
        }
    }
}
