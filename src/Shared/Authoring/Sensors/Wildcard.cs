using System.Text;
using System.Text.RegularExpressions;

namespace Sluice.Authoring.Sensors;

/// <summary>Names with <c>*</c>, <c>?</c> and <c>[abc]</c>, as a shell has them.</summary>
public static class Wildcard
{
    private static readonly char[] Signs = ['*', '?', '['];

    /// <summary>True when the text holds one of the signs.</summary>
    public static bool IsIn(string text) => text.IndexOfAny(Signs) >= 0;

    /// <summary>What stands before the first sign.</summary>
    public static string Prefix(string pattern) => pattern.IndexOfAny(Signs) is var at and >= 0 ? pattern[..at] : pattern;

    /// <summary>Compiles a pattern; matching takes linear time.</summary>
    /// <param name="pattern">The pattern; all of a name must match it.</param>
    /// <param name="acrossFolders">True: <c>*</c> and <c>?</c> take a slash too, as S3 keys are matched; false: they stop at it, as for files.</param>
    public static Regex Compile(string pattern, bool acrossFolders)
    {
        var any = acrossFolders ? "." : "[^/]";
        var regex = new StringBuilder("\\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            var close = pattern[i] == '[' ? pattern.IndexOf(']', Math.Min(i + 2, pattern.Length)) : -1;
            if (close > 0)
            {
                regex.Append(Set(pattern[(i + 1)..close]));
                i = close;
                continue;
            }

            regex.Append(pattern[i] switch
            {
                '*' => any + "*",
                '?' => any,
                var other => Regex.Escape(other.ToString()),
            });
        }

        return new(regex.Append("\\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);
    }

    private static string Set(string content)
    {
        var negated = content[0] is '!' or '^';
        var members = (negated ? content[1..] : content).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
        return $"[{(negated ? "^" : "")}{members}]";
    }
}
