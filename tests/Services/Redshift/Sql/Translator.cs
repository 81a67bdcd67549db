using Sluice.Services.Redshift.Copying;
using Sluice.Services.Redshift.Unloading;

namespace Sluice.Services.Redshift.Sql;

/// <summary>Turns Redshift's statements into PostgreSQL's; refuses what Redshift does not know. One of each session.</summary>
internal sealed class Translator
{
    /// <summary>What version() says.</summary>
    internal const string Version = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.60353";

    private const string CaseSetting = "enable_case_sensitive_identifier";

    // Redshift keeps keys for its planner and for people; rows that break them are stored.
    private static string ForgetKeys(string table) =>
        $"SELECT pg_catalog.redshift_forget_keys(to_regclass({Literal(table)}))";

    private static readonly string[] UnknownCommands = ["savepoint", "listen", "notify", "unlisten", "discard", "do", "reindex", "checkpoint", "load"];

    private static readonly string[] UnknownObjects = ["index", "trigger", "rule", "sequence", "extension", "type", "domain", "operator", "aggregate", "unique"];

    private bool _caseSensitive;

    /// <summary>The query number of the session's last COPY that began to load; -1 before any did.</summary>
    public int LastCopyId { get; set; } = -1;

    /// <summary>Rows of the session's last COPY.</summary>
    public long LastCopyCount { get; set; }

    /// <summary>Rows of the session's last UNLOAD.</summary>
    public long LastUnloadCount { get; set; }

    /// <exception cref="RedshiftException">Redshift would refuse it, or this server cannot do it.</exception>
    public Statement Translate(string sql, List<SqlToken> tokens)
    {
        if (tokens.Count == 0)
        {
            return new Statement.Passed(sql, sql);
        }

        Refuse(tokens);
        var edits = new SqlEdits(sql);
        EditNames(tokens, edits);
        switch (tokens[0].Value)
        {
            case "copy":
                return new Statement.Copied(sql, new CopyParser(sql, tokens, Fold).Parse());
            case "unload":
                return new Statement.Unloaded(sql, new UnloadParser(sql, tokens, inner => TranslateQuery(inner)).Parse());
            case "truncate":
                return new Statement.Passed(sql, edits.Apply()) { Afterwards = "COMMIT" };
            case "create" when CreateTable.IsOne(tokens):
                var created = CreateTable.Edit(sql, tokens, edits, Fold);
                return new Statement.Passed(sql, edits.Apply()) { Afterwards = ForgetKeys(created) };
            case "alter" when tokens.Count > 1 && tokens[1].IsWord("table"):
                RefuseStorage(tokens);
                var at = tokens.Count > 3 && tokens[2].IsWord("if") ? 4 : 2;
                return new Statement.Passed(sql, edits.Apply()) { Afterwards = ForgetKeys(ReadName(tokens, ref at, Fold)) };
            case "analyze":
                EditAnalyze(tokens, edits);
                break;
            case "vacuum" when tokens.Skip(1).Any(token => token.Kind == SqlTokenKind.Word && token.Value is "sort" or "delete" or "reindex" or "recluster" or "to"):
                throw RedshiftException.Unsupported("VACUUM with words of its own");
            case "set":
                NoteCase(tokens);
                break;
        }

        return new Statement.Passed(sql, edits.Apply());
    }

    private string TranslateQuery(string sql)
    {
        var tokens = SqlLexer.Read(sql);
        return tokens.Count > 0 && (tokens[0].IsWord("select") || tokens[0].IsWord("with")) && Translate(sql, tokens) is Statement.Passed passed
            ? passed.Text
            : throw RedshiftException.Syntax(tokens.Count == 0 ? "" : tokens[0].Value);
    }

    // By default Redshift folds names in quotes, too.
    private string Fold(SqlToken name) => _caseSensitive && name.Kind == SqlTokenKind.Quoted ? name.Value : Lower(name.Value);

    // Letters beyond ASCII stay as they are.
    private static string Lower(string name) => string.Create(name.Length, name, (to, from) =>
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
        }
    });

    private void EditNames(List<SqlToken> tokens, SqlEdits edits)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            var isCall = i + 2 < tokens.Count && tokens[i + 1].IsSymbol('(') && tokens[i + 2].IsSymbol(')');
            switch (token)
            {
                case { Kind: SqlTokenKind.Quoted } when Fold(token) != token.Value:
                    edits.Replace(token, Quote(Fold(token)));
                    break;
                case { Kind: SqlTokenKind.Word } when token.Value[0] == '#':
                    edits.Replace(token, Quote(token.Value));
                    break;
                case { Kind: SqlTokenKind.Word, Value: "version" } when isCall:
                    edits.Replace(tokens[i + 1], $"('{Version}'");
                    break;
                case { Kind: SqlTokenKind.Word, Value: "pg_last_copy_id" } when isCall:
                    edits.Replace(tokens[i + 1], $"({LastCopyId}::integer");
                    break;
                case { Kind: SqlTokenKind.Word, Value: "pg_last_copy_count" } when isCall:
                    edits.Replace(tokens[i + 1], $"({LastCopyCount}::bigint");
                    break;
                case { Kind: SqlTokenKind.Word, Value: "pg_last_unload_count" } when isCall:
                    edits.Replace(tokens[i + 1], $"({LastUnloadCount}::bigint");
                    break;
                case { Kind: SqlTokenKind.Word, Value: CaseSetting }:
                    edits.Replace(token, $"redshift.{CaseSetting}");
                    break;
                case { Kind: SqlTokenKind.Word, Value: "information_schema" }
                    when i + 2 < tokens.Count && tokens[i + 1].IsSymbol('.') && tokens[i + 2] is { IsName: true, Value: "columns" }:
                    edits.Replace(token.Start, tokens[i + 2].End, "pg_catalog.redshift_columns");
                    break;
            }
        }
    }

    private void NoteCase(List<SqlToken> tokens)
    {
        if (tokens.Count >= 4 && tokens.Any(token => token.IsWord(CaseSetting)))
        {
            _caseSensitive = tokens[^1].Value.ToLowerInvariant() is "true" or "on" or "1";
        }
    }

    private static void Refuse(List<SqlToken> tokens)
    {
        var first = tokens[0].Value;
        if (tokens[0].Kind == SqlTokenKind.Word && UnknownCommands.Contains(first))
        {
            throw RedshiftException.NotInRedshift($"SQL command \"{first.ToUpperInvariant()}\"");
        }

        if (first == "create" && tokens.Count > 1 && UnknownObjects.Contains(tokens[1].Value))
        {
            throw RedshiftException.NotInRedshift($"CREATE {tokens[1].Value.ToUpperInvariant()}");
        }

        for (var i = 1; i < tokens.Count && first is "insert" or "update" or "delete" or "with"; i++)
        {
            if (tokens[i].IsWord("returning") || (tokens[i].IsWord("conflict") && tokens[i - 1].IsWord("on")))
            {
                throw RedshiftException.Syntax(tokens[i].Value);
            }
        }
    }

    private static void RefuseStorage(List<SqlToken> tokens)
    {
        if (tokens.FirstOrDefault(token => token.Kind == SqlTokenKind.Word && token.Value is "distkey" or "sortkey" or "diststyle" or "encode" or "append") is { Value: { } word })
        {
            throw RedshiftException.Unsupported($"ALTER TABLE with {word.ToUpperInvariant()}");
        }
    }

    private static void EditAnalyze(List<SqlToken> tokens, SqlEdits edits)
    {
        if (tokens.Count > 1 && tokens[1].IsWord("compression"))
        {
            throw RedshiftException.Unsupported("ANALYZE COMPRESSION");
        }

        if (tokens.Count > 2 && tokens[^1].IsWord("columns") && (tokens[^2].IsWord("predicate") || tokens[^2].IsWord("all")))
        {
            edits.Remove(tokens[^2], tokens[^1]);
        }
    }

    /// <summary>Reads a table's name with its schema, if there is one.</summary>
    /// <returns>Quoted.</returns>
    internal static string ReadName(List<SqlToken> tokens, ref int at, Func<SqlToken, string> fold)
    {
        var name = "";
        while (at < tokens.Count && tokens[at].IsName)
        {
            name += Quote(fold(tokens[at++]));
            if (at >= tokens.Count || !tokens[at].IsSymbol('.'))
            {
                return name;
            }

            name += ".";
            at++;
        }

        throw RedshiftException.Syntax(at < tokens.Count ? tokens[at].Value : "end of input");
    }

    internal static string Literal(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    internal static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
