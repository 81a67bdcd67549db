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

    // Changed, missing, extra and swapped neighbouring letters count one each.
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                var change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
