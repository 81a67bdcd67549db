namespace Sluice.Services.Redshift.Copying;

/// <summary>Redshift's COPY, taken apart.</summary>
internal sealed record CopyStatement
{
    /// <summary>Quoted.</summary>
    public required string Table { get; init; }

    /// <summary>Folded, not quoted; empty for all.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>An object, the beginning of keys, or a manifest.</summary>
    public required S3Address From { get; init; }

    public required CopyAuthorization Authorization { get; init; }

    public CopyFormat Format { get; init; } = CopyFormat.Delimited;

    /// <summary>Null for the format's own: comma for CSV, a bar for others.</summary>
    public char? Delimiter { get; init; }

    public char Quote { get; init; } = '"';

    public bool Escape { get; init; }

    public bool JsonIgnoresCase { get; init; }

    public bool Gzip { get; init; }

    public bool Manifest { get; init; }

    public string NullText { get; init; } = "\\N";

    public bool EmptyAsNull { get; init; }

    public bool BlanksAsNull { get; init; }

    public bool TrimBlanks { get; init; }

    public bool TruncateColumns { get; init; }

    public bool FillRecord { get; init; }

    public bool IgnoreBlankLines { get; init; }

    public bool ExplicitIds { get; init; }

    public bool RoundDecimals { get; init; }

    public bool AcceptAnyDate { get; init; }

    /// <summary>Stands for each byte that is no UTF-8; null to refuse them.</summary>
    public char? Replacement { get; init; }

    public int IgnoreHeader { get; init; }

    public int MaxErrors { get; init; }

    public string DateFormat { get; init; } = DateFormats.DefaultDate;

    public string TimeFormat { get; init; } = DateFormats.DefaultTime;

    /// <summary>Null for the cluster's own.</summary>
    public string? Region { get; init; }

    public bool StatUpdate { get; init; }

    public char FieldDelimiter => Delimiter ?? (Format == CopyFormat.Csv ? ',' : '|');
}

/// <summary>How rows are written.</summary>
internal enum CopyFormat
{
    /// <summary>Fields between delimiters, without quotes.</summary>
    Delimited,

    /// <summary>With quotes.</summary>
    Csv,

    /// <summary>One object of JSON after the other.</summary>
    Json,
}

/// <summary>Who Redshift is when it asks S3.</summary>
internal abstract record CopyAuthorization
{
    /// <summary>Roles, each taken on by the one before.</summary>
    internal sealed record Roles(IReadOnlyList<string> Chain) : CopyAuthorization;

    /// <summary>The cluster's default role.</summary>
    internal sealed record DefaultRole : CopyAuthorization;

    /// <summary>A user's keys.</summary>
    internal sealed record Keys(string AccessKey, string SecretKey, string? Token) : CopyAuthorization;
}

/// <summary>An address in S3.</summary>
internal readonly record struct S3Address(string Bucket, string Key)
{
    /// <exception cref="RedshiftException">It does not begin with s3://.</exception>
    public static S3Address Parse(string text)
    {
        const string Scheme = "s3://";
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            throw RedshiftException.Unsupported($"COPY or UNLOAD with '{text}', which is no address of S3");
        }

        var slash = text.IndexOf('/', Scheme.Length);
        return slash < 0 ? new(text[Scheme.Length..], "") : new(text[Scheme.Length..slash], text[(slash + 1)..]);
    }

    public override string ToString() => $"s3://{Bucket}/{Key}";
}
