using Sluice.Services.Redshift.Sql;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Walks over the options of COPY and UNLOAD, which stand in any order.</summary>
internal sealed class OptionReader(string sql, List<SqlToken> tokens, int at)
{
    public bool More => at < tokens.Count;

    public SqlToken Peek => at < tokens.Count ? tokens[at] : new(SqlTokenKind.Symbol, "end of input", sql.Length, sql.Length);

    /// <summary>The next word, in lower case.</summary>
    public string Word()
    {
        var token = Peek;
        at++;
        return token.Kind == SqlTokenKind.Word ? token.Value : throw RedshiftException.Syntax(token.Value);
    }

    /// <summary>Takes the word if it comes next.</summary>
    public bool Take(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (Peek.IsWord(word))
            {
                at++;
                return true;
            }
        }

        return false;
    }

    public string Text()
    {
        Take("as");
        return Next(SqlTokenKind.Text).Value;
    }

    /// <summary>Without reading backslashes: COPY has its own reading of some.</summary>
    public string RawText()
    {
        Take("as");
        var token = Next(SqlTokenKind.Text);
        return sql[(token.Start + 1)..(token.End - 1)].Replace("''", "'", StringComparison.Ordinal);
    }

    public int Number()
    {
        Take("as");
        return int.Parse(Next(SqlTokenKind.Number).Value);
    }

    /// <summary>One character, which may be written as a backslash and what follows.</summary>
    public char Character()
    {
        var raw = RawText();
        return raw switch
        {
            [var one] => one,
            "\\t" => '\t',
            "\\\\" => '\\',
            ['\\', .. var octal] when octal.Length == 3 && octal.All(digit => digit is >= '0' and <= '7') => (char)Convert.ToInt32(octal, 8),
            ['\\', var one] => one,
            _ => throw new RedshiftException($"COPY delimiter must be a single character", "0A000"),
        };
    }

    /// <summary>ON, OFF, TRUE, FALSE or nothing, which is ON.</summary>
    public bool Switch() => !Take("off", "false") && (Take("on", "true", "preset") || true);

    /// <returns>Null when what comes next is something else.</returns>
    public CopyAuthorization? Authorization()
    {
        if (Take("iam_role"))
        {
            return Take("default") ? new CopyAuthorization.DefaultRole() : Roles(Text());
        }

        if (Take("access_key_id"))
        {
            var key = Text();
            var secret = Take("secret_access_key") ? Text() : throw RedshiftException.Syntax(Peek.Value);
            return new CopyAuthorization.Keys(key, secret, Take("session_token") ? Text() : null);
        }

        return Take("credentials") ? Credentials(Text()) : null;
    }

    private static CopyAuthorization.Roles Roles(string text) => new([.. text.Split(',')]);

    private static CopyAuthorization Credentials(string text)
    {
        var parts = text.Split(';').Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0].Trim(), part => part[1].Trim());
        return parts.TryGetValue("aws_iam_role", out var roles) ? Roles(roles)
            : parts.TryGetValue("aws_access_key_id", out var key) && parts.TryGetValue("aws_secret_access_key", out var secret)
                ? new CopyAuthorization.Keys(key, secret, parts.GetValueOrDefault("token"))
                : throw new RedshiftException("Invalid credentials. Must be of the format: credentials 'aws_iam_role=...' or 'aws_access_key_id=...;aws_secret_access_key=...[;token=...]'");
    }

    private SqlToken Next(SqlTokenKind kind)
    {
        var token = Peek;
        at++;
        return token.Kind == kind ? token : throw RedshiftException.Syntax(token.Value);
    }
}
