namespace Sluice.Services.Redshift.Sql;

/// <summary>Takes out of CREATE TABLE what only Redshift knows: keys of distribution and sorting, encodings, its own defaults of length.</summary>
internal static class CreateTable
{
    private static readonly string[] UnknownTypes = ["super", "hllsketch", "geometry", "geography", "json", "jsonb", "bytea", "serial", "bigserial", "uuid", "xml"];

    public static bool IsOne(List<SqlToken> tokens)
    {
        var at = 1;
        while (at < tokens.Count && tokens[at].Value is "temp" or "temporary" or "local")
        {
            at++;
        }

        return at < tokens.Count && tokens[at].IsWord("table");
    }

    /// <exception cref="RedshiftException">It has what this server cannot keep.</exception>
    /// <returns>The table's name, quoted.</returns>
    public static string Edit(string sql, List<SqlToken> tokens, SqlEdits edits, Func<SqlToken, string> fold)
    {
        var at = tokens.FindIndex(token => token.IsWord("table"));
        var isTemporary = tokens.Take(at).Any(token => token.Value is "temp" or "temporary");
        var table = tokens[at++];
        if (at + 2 < tokens.Count && tokens[at].IsWord("if"))
        {
            at += 3;
        }

        if (at < tokens.Count && tokens[at].Value.StartsWith('#') && !isTemporary)
        {
            edits.Replace(table, "TEMP TABLE");
        }

        var name = Translator.ReadName(tokens, ref at, fold);
        if (at < tokens.Count && tokens[at].IsSymbol('('))
        {
            var end = Close(tokens, at);
            EditBody(sql, tokens, at + 1, end, edits);
            at = end + 1;
        }

        EditAttributes(tokens, at, edits);
        return name;
    }

    private static void EditBody(string sql, List<SqlToken> tokens, int at, int end, SqlEdits edits)
    {
        while (at < end)
        {
            var next = at;
            while (next < end && !tokens[next].IsSymbol(','))
            {
                next = tokens[next].IsSymbol('(') ? Close(tokens, next) + 1 : next + 1;
            }

            if (tokens.Skip(at).Take(next - at).Any(token => token.IsWord("references")))
            {
                throw RedshiftException.Unsupported("a foreign key");
            }

            if (!(tokens[at].Kind == SqlTokenKind.Word && tokens[at].Value is "like" or "primary" or "unique" or "constraint") && next - at > 1)
            {
                EditColumn(sql, tokens, at, next, edits);
            }

            at = next + 1;
        }
    }

    private static void EditColumn(string sql, List<SqlToken> tokens, int at, int end, SqlEdits edits)
    {
        var type = tokens[at + 1];
        if (UnknownTypes.Contains(type.Value))
        {
            throw RedshiftException.Unsupported($"the type {type.Value.ToUpperInvariant()}");
        }

        EditType(tokens, at + 1, end, edits);
        for (var i = at + 2; i < end; i++)
        {
            switch (tokens[i].Kind == SqlTokenKind.Word ? tokens[i].Value : "")
            {
                case "encode" when i + 1 < end:
                    edits.Remove(tokens[i], tokens[i + 1]);
                    break;
                case "distkey" or "sortkey":
                    edits.Remove(tokens[i], tokens[i]);
                    break;
                case "identity" when i + 1 < end && tokens[i + 1].IsSymbol('('):
                    EditIdentity(sql, tokens, i, edits);
                    break;
            }
        }
    }

    // TEXT and VARCHAR hold 256 bytes; MAX is 65535. VARBYTE holds 64000.
    private static void EditType(List<SqlToken> tokens, int at, int end, SqlEdits edits)
    {
        var isBinary = tokens[at].Value is "varbyte" or "varbinary" || (tokens[at].IsWord("binary") && at + 1 < end && tokens[at + 1].IsWord("varying"));
        if (isBinary)
        {
            var name = tokens[at].IsWord("binary") ? at + 1 : at;
            edits.Replace(tokens[at].Start, tokens[name].End, name + 1 < end && tokens[name + 1].IsSymbol('(') ? "varbyte" : "varbyte(64000)");
            return;
        }

        var last = tokens[at].Value is "character" && at + 1 < end && tokens[at + 1].IsWord("varying") ? at + 1 : at;
        var isVarying = tokens[at].Value is "varchar" or "nvarchar" or "text" || last > at;
        if (!isVarying)
        {
            return;
        }

        var hasLength = tokens[at].Value != "text" && last + 2 < end && tokens[last + 1].IsSymbol('(');
        edits.Replace(tokens[at].Start, tokens[last].End, hasLength ? "varchar" : "varchar(256)");
        if (hasLength && tokens[last + 2].IsWord("max"))
        {
            edits.Replace(tokens[last + 2], "65535");
        }
    }

    private static void EditIdentity(string sql, List<SqlToken> tokens, int at, SqlEdits edits)
    {
        var close = Close(tokens, at + 1);
        var parts = sql[tokens[at + 1].End..tokens[close].Start].Split(',');
        var byDefault = tokens[at - 1].IsWord("as");
        edits.Replace(
            tokens[at].Start,
            tokens[close].End,
            $"{(byDefault ? "" : "GENERATED ALWAYS AS ")}IDENTITY (START WITH {parts[0]} INCREMENT BY {parts[1]} MINVALUE {parts[0]})");
    }

    private static void EditAttributes(List<SqlToken> tokens, int at, SqlEdits edits)
    {
        while (at < tokens.Count && !tokens[at].IsWord("as"))
        {
            var first = at;
            at = tokens[at].Value switch
            {
                "diststyle" or "backup" or "encode" => at + 2,
                "distkey" or "sortkey" when at + 1 < tokens.Count && tokens[at + 1].IsSymbol('(') => Close(tokens, at + 1) + 1,
                "sortkey" when at + 1 < tokens.Count && tokens[at + 1].IsWord("auto") => at + 2,
                "compound" or "interleaved" when at + 2 < tokens.Count && tokens[at + 2].IsSymbol('(') => Close(tokens, at + 2) + 1,
                _ => throw RedshiftException.Syntax(tokens[at].Value),
            };
            if (at > tokens.Count)
            {
                throw RedshiftException.Syntax(tokens[^1].Value);
            }

            edits.Remove(tokens[first], tokens[at - 1]);
        }
    }

    private static int Close(List<SqlToken> tokens, int open)
    {
        var depth = 0;
        for (var i = open; i < tokens.Count; i++)
        {
            depth += tokens[i].IsSymbol('(') ? 1 : tokens[i].IsSymbol(')') ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        throw RedshiftException.Syntax("(");
    }
}
