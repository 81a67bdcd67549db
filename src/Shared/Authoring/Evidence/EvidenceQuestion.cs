using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Evidence;

/// <summary>A query for evidence: whoever can run <see cref="Sql"/> lets its rows go into <see cref="Sink"/>, and then has the <see cref="Answer"/>.</summary>
public sealed class EvidenceQuestion
{
    private readonly Func<RowEvidence> _answer;

    private EvidenceQuestion(string sql, IRowSink sink, Func<RowEvidence> answer) => (Sql, Sink, _answer) = (sql, sink, answer);

    /// <summary>The query.</summary>
    public string Sql { get; }

    /// <summary>Takes its rows.</summary>
    public IRowSink Sink { get; }

    /// <summary>What was seen, after the rows have gone by.</summary>
    public RowEvidence Answer => _answer();

    /// <summary>All rows, for a hash over them.</summary>
    internal static EvidenceQuestion OfRows(string query, IReadOnlyList<ColumnEvidence> columns, bool hash = true)
    {
        var sink = new EvidenceSink(null, [.. columns.Select(column => column.Kind)]);
        return new(query, sink, () => hash ? sink.Evidence : sink.Evidence with { Hash = null });
    }

    /// <summary>Counts and extremes, which the database finds itself.</summary>
    internal static EvidenceQuestion OfCounts(string query, string dialect, IReadOnlyList<ColumnEvidence> columns)
    {
        var row = new SingleRow();
        return new(CountedEvidence.Query($"({query}) AS q", dialect, columns), row, () => CountedEvidence.Read(row.Values, columns));
    }
}
