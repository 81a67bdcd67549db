using Sluice.Services.Redshift.Copying;
using Sluice.Services.Redshift.Sql;

namespace Sluice.Services.Redshift.Unloading;

/// <summary>Redshift's UNLOAD, taken apart.</summary>
internal sealed record UnloadStatement
{
    /// <summary>For PostgreSQL.</summary>
    public required string Query { get; init; }

    public required S3Address To { get; init; }

    public required CopyAuthorization Authorization { get; init; }

    public bool Csv { get; init; }

    public char? Delimiter { get; init; }

    public bool Header { get; init; }

    public bool Gzip { get; init; }

    public bool Manifest { get; init; }

    /// <summary>The manifest tells rows, too.</summary>
    public bool Verbose { get; init; }

    public bool AllowOverwrite { get; init; }

    public bool Parallel { get; init; } = true;

    public bool AddQuotes { get; init; }

    public bool Escape { get; init; }

    public string NullText { get; init; } = "";

    public string? Region { get; init; }

    public char FieldDelimiter => Delimiter ?? (Csv ? ',' : '|');
}

/// <summary>Reads Redshift's UNLOAD.</summary>
internal sealed class UnloadParser(string sql, List<SqlToken> tokens, Func<string, string> translateQuery)
{
    /// <exception cref="RedshiftException">It is none, or has an option that this server does not know.</exception>
    public UnloadStatement Parse()
    {
        if (tokens is not [_, { Value: "(" }, { Kind: SqlTokenKind.Text } query, { Value: ")" }, { Value: "to" }, { Kind: SqlTokenKind.Text } to, ..])
        {
            throw RedshiftException.Syntax(tokens.Count > 1 ? tokens[1].Value : "end of input");
        }

        var options = new OptionReader(sql, tokens, 6);
        var unload = new UnloadStatement { Query = translateQuery(query.Value), To = S3Address.Parse(to.Value), Authorization = new CopyAuthorization.DefaultRole() };
        CopyAuthorization? authorization = null;
        while (options.More)
        {
            if (options.Take("with", "as"))
            {
                continue;
            }

            if (options.Authorization() is { } found)
            {
                authorization = found;
                continue;
            }

            unload = Read(unload, options);
        }

        return unload with { Authorization = authorization ?? throw new RedshiftException("Must specify credentials or a role", "42601") };
    }

    private static UnloadStatement Read(UnloadStatement unload, OptionReader options)
    {
        switch (options.Word())
        {
            case "format":
                options.Take("as");
                return options.Word() is "csv" ? unload with { Csv = true } : throw RedshiftException.Unsupported("UNLOAD in a format other than CSV or text");
            case "csv":
                return unload with { Csv = true };
            case "delimiter":
                return unload with { Delimiter = options.Character() };
            case "header":
                return unload with { Header = true };
            case "gzip":
                return unload with { Gzip = true };
            case "manifest":
                return unload with { Manifest = true, Verbose = options.Take("verbose") };
            case "allowoverwrite":
                return unload with { AllowOverwrite = true };
            case "parallel":
                return unload with { Parallel = options.Switch() };
            case "addquotes":
                return unload with { AddQuotes = true };
            case "escape":
                return unload with { Escape = true };
            case "null":
                return unload with { NullText = options.RawText() is var raw && raw is "\\\\N" ? "\\N" : raw };
            case "region":
                return unload with { Region = options.Text() };
            case var word:
                throw word is "maxfilesize" or "zstd" or "bzip2" or "encrypted" or "partition" or "cleanpath" or "extension" or "rowgroupsize" or "fixedwidth" or "kms_key_id"
                    ? RedshiftException.Unsupported($"UNLOAD with {word.ToUpperInvariant()}")
                    : RedshiftException.Syntax(word);
        }
    }
}
