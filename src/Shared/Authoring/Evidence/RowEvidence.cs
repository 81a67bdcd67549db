using System.Text.Json.Serialization;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Evidence;

/// <summary>What was seen of a set of rows, whatever their order and however they were cut into files: enough to tell whether another place holds the same.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Hash">128 bits in hex: the sum over all rows of each row's hash, so that neither order nor splitting counts. Null when only counts were taken.</param>
/// <param name="Columns">In the order of the rows.</param>
public sealed record RowEvidence(long Rows, string? Hash, IReadOnlyList<ColumnEvidence> Columns)
{
    /// <summary>What a place has more than it had: rows, NULLs and hashes are sums, and can be taken apart again. Extremes cannot; they are taken as given.</summary>
    /// <param name="before">What was seen earlier in the same place.</param>
    /// <param name="extremes">Whose extremes to take.</param>
    public RowEvidence Since(RowEvidence before, RowEvidence extremes) => new(
        Rows - before.Rows,
        Hash is null || before.Hash is null ? null : RowHash.Difference(Hash, before.Hash),
        [.. Columns.Select((column, i) => column with { Nulls = column.Nulls - before.Columns[i].Nulls, Min = extremes.Columns[i].Min, Max = extremes.Columns[i].Max })]);
}

/// <summary>What was seen of one column.</summary>
/// <param name="Name">As the rows name it.</param>
/// <param name="Kind">What its values are; decides when two texts are the same value (1.50 and 1.5 as decimals).</param>
/// <param name="Nulls">How many NULLs.</param>
/// <param name="Min">Least value, in canonical form; null without values, and for kinds whose order databases do not agree on (text, times, booleans, bytes).</param>
/// <param name="Max">Greatest value, likewise.</param>
public sealed record ColumnEvidence(string Name, [property: JsonConverter(typeof(JsonStringEnumConverter<SqlColumnKind>))] SqlColumnKind Kind, long Nulls, string? Min, string? Max);
