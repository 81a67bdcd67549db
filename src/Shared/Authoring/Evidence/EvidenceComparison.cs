using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Evidence;

/// <summary>Tells whether two places hold the same rows.</summary>
public static class EvidenceComparison
{
    private const int MostTold = 5;

    /// <summary>Differences, each as a sentence; none when the places agree. Columns go by name, in any case and order; hashes count when both sides have one.</summary>
    /// <param name="one">Name of the first place.</param>
    /// <param name="a">What was seen there.</param>
    /// <param name="other">Name of the second place.</param>
    /// <param name="b">What was seen there.</param>
    public static IReadOnlyList<string> Differences(string one, RowEvidence a, string other, RowEvidence b)
    {
        var found = new List<string>();
        if (a.Rows != b.Rows)
        {
            found.Add($"{one} has {a.Rows} rows, {other} {b.Rows}");
        }

        foreach (var column in a.Columns)
        {
            var same = b.Columns.FirstOrDefault(c => string.Equals(c.Name, column.Name, StringComparison.OrdinalIgnoreCase));
            if (same is null)
            {
                found.Add($"{other} has no column {column.Name}");
                continue;
            }

            Add(column.Name, "NULLs", column.Nulls, same.Nulls);
            if (CountedEvidence.HasExtremes(column.Kind))
            {
                Add(column.Name, "as least value", column.Min, same.Min);
                Add(column.Name, "as greatest value", column.Max, same.Max);
            }
        }

        if (found.Count == 0 && a.Hash is not null && b.Hash is not null && a.Hash != b.Hash)
        {
            found.Add($"{one} and {other} agree in rows, NULLs and extremes, but a value differs: the hash is {a.Hash} in {one} and {b.Hash} in {other}");
        }

        return found;

        void Add<T>(string column, string what, T inOne, T inOther)
        {
            if (!EqualityComparer<T>.Default.Equals(inOne, inOther))
            {
                found.Add($"column {column} has {inOne?.ToString() ?? "nothing"} {what} in {one}, {inOther?.ToString() ?? "nothing"} in {other}");
            }
        }
    }

    /// <summary>Fails the attempt when two places differ.</summary>
    /// <exception cref="TaskFailedException">They differ; tells the first differences.</exception>
    internal static void Require(IReadOnlyList<string> differences)
    {
        if (differences.Count > 0)
        {
            var more = differences.Count > MostTold ? $"; and {differences.Count - MostTold} more" : "";
            throw new TaskFailedException($"What arrived is not what left: {string.Join("; ", differences.Take(MostTold))}{more}.");
        }
    }
}
