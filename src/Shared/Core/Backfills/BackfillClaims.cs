using System.Collections.Immutable;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Backfills;

/// <summary>Which ranges of one Dag are being backfilled: never two over one interval.</summary>
public sealed record BackfillClaims(DagId Dag)
{
    private ImmutableSortedDictionary<string, DataInterval> Ranges { get; init; } = ImmutableSortedDictionary.Create<string, DataInterval>(StringComparer.Ordinal);

    /// <summary>Whether no backfill is under way.</summary>
    public bool IsEmpty => Ranges.IsEmpty;

    /// <summary>Claims a range <c>[Start, End)</c> of logical dates. Claiming it again under the same id is harmless.</summary>
    /// <returns>The claims from then on, or one sentence with the name of the backfill that holds some of the range.</returns>
    public (BackfillClaims Claims, string? Refusal) Claim(string id, DataInterval range)
    {
        foreach (var (other, held) in Ranges)
        {
            if (other != id && held.Start < range.End && range.Start < held.End)
            {
                return (this, $"Backfill '{other}' of Dag '{Dag}' is running over part of this range; wait for it, or cancel it with: sluice backfill cancel {other}");
            }
        }

        return (this with { Ranges = Ranges.SetItem(id, range) }, null);
    }

    /// <summary>The backfill begins no more runs.</summary>
    public BackfillClaims Release(string id) => this with { Ranges = Ranges.Remove(id) };
}
