using System.Text.RegularExpressions;

namespace Sluice.Authoring.Rows;

/// <summary>Looks for names in the text of SQL. Pure. Comments and texts count, too: better found once too often.</summary>
public static partial class SqlMentions
{
    /// <summary>True when a name stands there as a whole word, in any case.</summary>
    public static bool Of(string sql, string name)
    {
        for (var at = Next(0); at >= 0; at = Next(at + 1))
        {
            if ((at == 0 || !IsPart(sql[at - 1])) && (at + name.Length == sql.Length || !IsPart(sql[at + name.Length])))
            {
                return true;
            }
        }

        return false;

        int Next(int from) => name.Length == 0 ? -1 : sql.IndexOf(name, from, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Those definitions that a text names, and that these name in turn, one after the other.</summary>
    /// <param name="sql">A query.</param>
    /// <param name="definitions">Names of views and functions, with what they say.</param>
    public static string Definitions(string sql, IReadOnlyList<(string Name, string Definition)> definitions)
    {
        var left = definitions.ToList();
        var found = "";
        for (var text = sql; text.Length > 0;)
        {
            var named = left.Where(one => Of(text, one.Name)).ToList();
            left.RemoveAll(named.Contains);
            text = string.Join('\n', named.Select(one => one.Definition));
            found += text + "\n";
        }

        return found.Trim();
    }

    /// <summary>True when something makes one value of a whole row, so that no column needs to be named.</summary>
    internal static bool HasWholeRows(string sql) => WholeRows().IsMatch(sql);

    private static bool IsPart(char one) => char.IsLetterOrDigit(one) || one == '_';

    [GeneratedRegex(@"\b(row_to_json|to_jsonb?|jsonb?_agg|jsonb?_build_array|array_to_json|array_agg|hstore|(query|table|schema|database|cursor)_to_xml\w*|xmlforest)\b|\.\s*\*\s*\)|::\s*text\b", RegexOptions.IgnoreCase)]
    private static partial Regex WholeRows();
}
