using System.Globalization;
using System.Text;

namespace Sluice.Cluster.Worker.Logs;

/// <summary>Where the log of an attempt lies: <c>{home}/logs/{dag}/{run}/{task}/{token}.log</c>.</summary>
internal static class LogPaths
{
    private const int LongestName = 200;

    public static string For(string home, string dag, string run, string task, int token) =>
        Path.Combine(home, "logs", Safe(dag), Safe(run), Safe(task), token.ToString(CultureInfo.InvariantCulture) + ".log");

    /// <summary>An id as a file name: what is not a letter, digit or one of <c>_ - . + =</c> becomes <c>%XX</c>, so that no two ids share one.</summary>
    internal static string Safe(string id)
    {
        if (id.Length <= LongestName && id.All(IsPlain) && id.Trim('.').Length > 0)
        {
            return id;
        }

        var name = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetBytes(id))
        {
            var plain = rune < 128 && IsPlain((char)rune) && !(rune == '.' && name.Length == 0);
            _ = plain ? name.Append((char)rune) : name.Append(CultureInfo.InvariantCulture, $"%{rune:X2}");
        }

        if (name.Length > LongestName)
        {
            var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..16];
            name.Length = LongestName - hash.Length - 1;
            name.Append('~').Append(hash);
        }

        return name.ToString();
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '+' or '=';
}
