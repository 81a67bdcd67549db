namespace Sluice.Authoring.Evidence;

/// <summary>The evidence of one attempt, as it is kept.</summary>
/// <param name="Places">In the order in which they were seen: from the source to the target.</param>
/// <param name="Comparisons">Which of them were compared.</param>
public sealed record EvidenceRecord(IReadOnlyList<EvidencePlace> Places, IReadOnlyList<EvidencePair> Comparisons)
{
    /// <summary>Names of all columns, in the order in which they were first seen; the same in any case is one.</summary>
    public IReadOnlyList<string> ColumnNames() =>
        [.. Places.SelectMany(place => place.Columns).Select(column => column.Name).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>True when a fact is not the same in two places that were compared, and both tell it.</summary>
    /// <param name="fact">Such as the rows of a place; null where the place does not tell.</param>
    public bool Differs(Func<EvidencePlace, string?> fact) => Comparisons.Any(pair =>
        Places.FirstOrDefault(place => place.Name == pair.One) is { } one && Places.FirstOrDefault(place => place.Name == pair.Other) is { } other
        && fact(one) is { } a && fact(other) is { } b && a != b);
}

/// <summary>What was seen in one place.</summary>
/// <param name="Name">source, manifest, objects, merged, target, or an author's own.</param>
/// <param name="What">The place in words; null when there is nothing to add.</param>
/// <param name="Rows">How many.</param>
/// <param name="Hash">Of all rows, whatever their order; null when only counts were taken.</param>
/// <param name="Columns">In the order of the rows.</param>
public sealed record EvidencePlace(string Name, string? What, long Rows, string? Hash, IReadOnlyList<ColumnEvidence> Columns)
{
    /// <summary>Columns after the first three hundred, which are not kept.</summary>
    public int ColumnsLeftOut { get; init; }

    /// <summary>A column, in any case; null when the place has none by that name.</summary>
    public ColumnEvidence? Column(string name) => Columns.FirstOrDefault(column => string.Equals(column.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Two places that were compared.</summary>
/// <param name="One">Name of the first place.</param>
/// <param name="Other">Name of the second.</param>
/// <param name="Differences">Each as a sentence; none when they agree.</param>
public sealed record EvidencePair(string One, string Other, IReadOnlyList<string> Differences);
