using System.Text;

namespace Sluice.Services.Redshift.Sql;

/// <summary>Cuts Redshift's SQL into tokens: a backslash in a text escapes, names may begin with a number sign.</summary>
internal static class SqlLexer
{
    /// <exception cref="RedshiftException">A quote or a comment is never closed.</exception>
    public static List<SqlToken> Read(string sql)
    {
        var tokens = new List<SqlToken>();
        for (var at = 0; SkipBlank(sql, at) is var start && start < sql.Length;)
        {
            var token = Next(sql, start);
            tokens.Add(token);
            at = token.End;
        }

        return tokens;
    }

    /// <summary>The statements between the semicolons, without empty ones.</summary>
    public static IEnumerable<(string Sql, List<SqlToken> Tokens)> Split(string sql)
    {
        var one = new List<SqlToken>();
        foreach (var token in Read(sql).Append(new(SqlTokenKind.Symbol, ";", sql.Length, sql.Length)))
        {
            if (!token.IsSymbol(';'))
            {
                one.Add(token);
                continue;
            }

            if (one.Count > 0)
            {
                var text = sql[one[0].Start..one[^1].End];
                yield return (text, Read(text));
            }

            one.Clear();
        }
    }

    private static int SkipBlank(string sql, int at)
    {
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at]))
            {
                at++;
            }
            else if (sql.AsSpan(at).StartsWith("--"))
            {
                var end = sql.IndexOf('\n', at);
                at = end < 0 ? sql.Length : end + 1;
            }
            else if (sql.AsSpan(at).StartsWith("/*"))
            {
                at = EndOfComment(sql, at);
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static int EndOfComment(string sql, int at)
    {
        for (var depth = 0; at < sql.Length; at++)
        {
            if (sql.AsSpan(at).StartsWith("/*"))
            {
                depth++;
                at++;
            }
            else if (sql.AsSpan(at).StartsWith("*/"))
            {
                depth--;
                at++;
                if (depth == 0)
                {
                    return at + 1;
                }
            }
        }

        throw new RedshiftException("unterminated /* comment", "42601");
    }

    private static SqlToken Next(string sql, int start) => sql[start] switch
    {
        '"' => Quoted(sql, start),
        '\'' => Text(sql, start, start + 1),
        'e' or 'E' when start + 1 < sql.Length && sql[start + 1] == '\'' => Text(sql, start, start + 2),
        '$' when start + 1 < sql.Length && char.IsAsciiDigit(sql[start + 1]) => Run(sql, start, start + 1, SqlTokenKind.Parameter, char.IsAsciiDigit),
        '$' when DollarTag(sql, start) is { } tag => Dollars(sql, start, tag),
        '#' when start + 1 < sql.Length && IsNameStart(sql[start + 1]) => Run(sql, start, start + 1, SqlTokenKind.Word, IsNamePart),
        var c when IsNameStart(c) => Run(sql, start, start, SqlTokenKind.Word, IsNamePart),
        var c when char.IsAsciiDigit(c) => Run(sql, start, start, SqlTokenKind.Number, part => char.IsAsciiLetterOrDigit(part) || part == '.'),
        var c => new(SqlTokenKind.Symbol, c.ToString(), start, start + 1),
    };

    private static SqlToken Run(string sql, int start, int at, SqlTokenKind kind, Func<char, bool> belongs)
    {
        while (at < sql.Length && belongs(sql[at]))
        {
            at++;
        }

        var text = sql[start..at];
        return new(kind, kind == SqlTokenKind.Word ? text.ToLowerInvariant() : text, start, at);
    }

    private static SqlToken Quoted(string sql, int start)
    {
        var value = new StringBuilder();
        for (var at = start + 1; at < sql.Length; at++)
        {
            if (sql[at] != '"')
            {
                value.Append(sql[at]);
            }
            else if (at + 1 < sql.Length && sql[at + 1] == '"')
            {
                value.Append('"');
                at++;
            }
            else
            {
                return new(SqlTokenKind.Quoted, value.ToString(), start, at + 1);
            }
        }

        throw new RedshiftException("unterminated quoted identifier", "42601");
    }

    private static SqlToken Text(string sql, int start, int at)
    {
        var value = new StringBuilder();
        for (; at < sql.Length; at++)
        {
            if (sql[at] == '\\' && at + 1 < sql.Length)
            {
                value.Append(sql[++at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\b',
                    'f' => '\f',
                    var other => other,
                });
            }
            else if (sql[at] != '\'')
            {
                value.Append(sql[at]);
            }
            else if (at + 1 < sql.Length && sql[at + 1] == '\'')
            {
                value.Append('\'');
                at++;
            }
            else
            {
                return new(SqlTokenKind.Text, value.ToString(), start, at + 1);
            }
        }

        throw new RedshiftException("unterminated quoted string", "42601");
    }

    private static string? DollarTag(string sql, int start)
    {
        var end = start + 1;
        while (end < sql.Length && (char.IsLetterOrDigit(sql[end]) || sql[end] == '_'))
        {
            end++;
        }

        return end < sql.Length && sql[end] == '$' ? sql[start..(end + 1)] : null;
    }

    private static SqlToken Dollars(string sql, int start, string tag)
    {
        var from = start + tag.Length;
        var to = sql.IndexOf(tag, from, StringComparison.Ordinal);
        return to < 0
            ? throw new RedshiftException("unterminated dollar-quoted string", "42601")
            : new(SqlTokenKind.Text, sql[from..to], start, to + tag.Length);
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_' || c > 127;

    private static bool IsNamePart(char c) => IsNameStart(c) || char.IsAsciiDigit(c) || c is '$' or '#';
}
