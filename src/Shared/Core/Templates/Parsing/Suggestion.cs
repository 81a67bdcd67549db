namespace Sluice.Core.Templates.Parsing;

/// <summary>The nearest known name, for error messages.</summary>
internal static class Suggestion
{
    /// <summary>A clause to hang on a sentence, or nothing when no name is near.</summary>
    public static string For(string name, IEnumerable<string> known)
    {
        if (name.Length > 64)
        {
            return "";
        }

        var allowed = Math.Max(1, name.Length / 3);
        var best = known.Where(x => x.Length <= 64).Select(x => (Name: x, Distance: Distance(name, x)))
            .Where(x => x.Distance <= allowed).OrderBy(x => x.Distance).ThenBy(x => x.Name, StringComparer.Ordinal).FirstOrDefault();
        return best.Name is null ? "" : $"; perhaps '{best.Name}' is meant";
    }

    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
