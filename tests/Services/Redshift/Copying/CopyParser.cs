using Sluice.Services.Redshift.Sql;

namespace Sluice.Services.Redshift.Copying;

/// <summary>Reads Redshift's COPY.</summary>
internal sealed class CopyParser(string sql, List<SqlToken> tokens, Func<SqlToken, string> fold)
{
    /// <exception cref="RedshiftException">It is none, or has an option that this server does not know.</exception>
    public CopyStatement Parse()
    {
        var at = 1;
        if (tokens.Count > 1 && tokens[1].IsSymbol('('))
        {
            throw RedshiftException.Syntax("(");
        }

        var table = Translator.ReadName(tokens, ref at, fold);
        var columns = ReadColumns(ref at);
        if (at + 1 >= tokens.Count || !tokens[at].IsWord("from") || tokens[at + 1].Kind != SqlTokenKind.Text)
        {
            throw RedshiftException.Syntax(at + 1 < tokens.Count ? tokens[at + 1].Value : "end of input");
        }

        var options = new OptionReader(sql, tokens, at + 2);
        var copy = new CopyStatement { Table = table, Columns = columns, From = S3Address.Parse(tokens[at + 1].Value), Authorization = new CopyAuthorization.DefaultRole() };
        CopyAuthorization? authorization = null;
        while (options.More)
        {
            if (options.Take("with", "authorization"))
            {
                continue;
            }

            if (options.Authorization() is { } found)
            {
                authorization = authorization is null ? found : throw new RedshiftException("conflicting or redundant credentials", "42601");
                continue;
            }

            copy = Read(copy, options);
        }

        return copy with
        {
            Authorization = authorization ?? throw new RedshiftException("Must specify credentials or a role: IAM_ROLE, ACCESS_KEY_ID or CREDENTIALS", "42601"),
        };
    }

    private List<string> ReadColumns(ref int at)
    {
        var columns = new List<string>();
        if (at >= tokens.Count || !tokens[at].IsSymbol('('))
        {
            return columns;
        }

        for (at++; ; at += 2)
        {
            if (at + 1 >= tokens.Count || !tokens[at].IsName || !(tokens[at + 1].IsSymbol(',') || tokens[at + 1].IsSymbol(')')))
            {
                throw RedshiftException.Syntax(at < tokens.Count ? tokens[at].Value : "end of input");
            }

            columns.Add(fold(tokens[at]));
            if (tokens[at + 1].IsSymbol(')'))
            {
                at += 2;
                return columns;
            }
        }
    }

    private static CopyStatement Read(CopyStatement copy, OptionReader options)
    {
        switch (options.Word())
        {
            case "format":
                options.Take("as");
                return ReadFormat(copy, options, options.Word());
            case ("csv" or "json" or "avro" or "parquet" or "orc" or "fixedwidth" or "shapefile") and var format:
                return ReadFormat(copy, options, format);
            case "quote":
                return copy with { Quote = options.Character() };
            case "delimiter":
                return copy with { Delimiter = options.Character() };
            case "escape":
                return copy with { Escape = true };
            case "gzip":
                return copy with { Gzip = true };
            case "manifest":
                return copy with { Manifest = true };
            case "null":
                return copy with { NullText = options.RawText() is var raw && raw is "\\\\N" ? "\\N" : raw };
            case "emptyasnull":
                return copy with { EmptyAsNull = true };
            case "blanksasnull":
                return copy with { BlanksAsNull = true };
            case "trimblanks":
                return copy with { TrimBlanks = true };
            case "truncatecolumns":
                return copy with { TruncateColumns = true };
            case "fillrecord":
                return copy with { FillRecord = true };
            case "ignoreblanklines":
                return copy with { IgnoreBlankLines = true };
            case "explicit_ids":
                return copy with { ExplicitIds = true };
            case "roundec":
                return copy with { RoundDecimals = true };
            case "acceptanydate":
                return copy with { AcceptAnyDate = true };
            case "acceptinvchars":
                return copy with { Replacement = options.Peek.IsWord("as") || options.Peek.Kind == SqlTokenKind.Text ? options.Character() : '?' };
            case "ignoreheader":
                return copy with { IgnoreHeader = options.Number() };
            case "maxerror":
                return copy with { MaxErrors = options.Number() is var most and <= 100_000 ? most : throw new RedshiftException("MAXERROR must be between 0 and 100000", "22023") };
            case "dateformat":
                return copy with { DateFormat = options.Text() };
            case "timeformat":
                return copy with { TimeFormat = options.Text() };
            case "region":
                return copy with { Region = options.Text() };
            case "encoding":
                return options.Peek.Kind == SqlTokenKind.Word && options.Word() is var encoding && encoding != "as"
                    ? Encoding(copy, encoding)
                    : Encoding(copy, options.Text());
            case "statupdate":
                return copy with { StatUpdate = options.Switch() };
            case "compupdate":
                options.Switch(); // what is stored looks the same
                return copy;
            case var word:
                throw word is "zstd" or "bzip2" or "lzop" or "removequotes" or "readratio" or "ssh" or "encrypted" or "noload" or "comprows" or "master_symmetric_key" or "kms_key_id"
                    ? RedshiftException.Unsupported($"COPY with {word.ToUpperInvariant()}")
                    : RedshiftException.Syntax(word);
        }
    }

    private static CopyStatement Encoding(CopyStatement copy, string name) =>
        name.Equals("utf8", StringComparison.OrdinalIgnoreCase) ? copy : throw RedshiftException.Unsupported($"COPY with ENCODING {name}");

    private static CopyStatement ReadFormat(CopyStatement copy, OptionReader options, string format)
    {
        switch (format)
        {
            case "csv":
                return copy with { Format = CopyFormat.Csv };
            case "json":
                var paths = options.Peek.Kind == SqlTokenKind.Text || options.Peek.IsWord("as") ? options.Text() : "auto";
                return paths is "auto" or "auto ignorecase"
                    ? copy with { Format = CopyFormat.Json, JsonIgnoresCase = paths != "auto" }
                    : throw RedshiftException.Unsupported($"COPY with JSON '{paths}'");
            default:
                throw RedshiftException.Unsupported($"COPY with FORMAT {format.ToUpperInvariant()}");
        }
    }
}
