namespace Sluice.Core.Dags.Plans;

/// <summary>Pairs what is gone with what is new when they look alike: renamed, most likely.</summary>
internal static class Renames
{
    private const double Enough = 0.6;

    // Beyond this the pairs are too many to compare, and nobody renames so many things at once.
    private const int MostPairs = 250_000;

    /// <summary>The most alike first; each in one pair.</summary>
    /// <returns>New item to gone item, as indices.</returns>
    public static Dictionary<int, int> Pair(int gone, int added, Func<int, int, double> likeness)
    {
        var pairs = new Dictionary<int, int>();
        if ((long)gone * added > MostPairs)
        {
            return pairs;
        }

        var taken = new HashSet<int>();
        foreach (var (g, a, _) in (from g in Enumerable.Range(0, gone)
                                   from a in Enumerable.Range(0, added)
                                   let score = likeness(g, a)
                                   where score >= Enough
                                   orderby score descending, g, a
                                   select (g, a, score)).ToList())
        {
            if (!taken.Contains(g) && pairs.TryAdd(a, g))
            {
                taken.Add(g);
            }
        }

        return pairs;
    }

    /// <summary>The part of two sets that they share; 1 for two empty ones.</summary>
    public static double Shared<T>(IEnumerable<T> left, IEnumerable<T> right)
    {
        var (a, b) = (left.ToHashSet(), right.ToHashSet());
        var union = a.Union(b).Count();
        return union == 0 ? 1 : (double)a.Intersect(b).Count() / union;
    }

    /// <summary>Names are as alike as their pairs of letters.</summary>
    public static double OfNames(string left, string right) => Shared(Bigrams(left), Bigrams(right));

    private static IEnumerable<string> Bigrams(string name) => Enumerable.Range(0, Math.Max(0, name.Length - 1)).Select(i => name.Substring(i, 2));
}
