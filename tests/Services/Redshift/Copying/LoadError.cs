namespace Sluice.Services.Redshift.Copying;

/// <summary>Why a row does not fit: codes and words of Redshift's "Load error reference".</summary>
/// <param name="Code">Such as 1204.</param>
/// <param name="Reason">At most 100 characters.</param>
/// <param name="Position">Where in the field.</param>
internal sealed record LoadError(int Code, string Reason, int Position = 0)
{
    internal static LoadError MissingDelimiter { get; } = new(1214, "Delimiter not found");

    internal static LoadError ExtraColumns { get; } = new(1202, "Extra column(s) found");

    internal static LoadError TooLong { get; } = new(1204, "String length exceeds DDL length");

    internal static LoadError NullRefused { get; } = new(1213, "Missing data for not-null field");

    internal static LoadError BadQuotes { get; } = new(1214, "Invalid quote formatting for CSV");

    internal static LoadError BadDate { get; } = new(1205, "Invalid Date Format - length must be 10 or more");

    internal static LoadError BadTime { get; } = new(1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]");

    internal static LoadError BadBoolean { get; } = new(1210, "Unknown boolean format");

    internal static LoadError BadFloat { get; } = new(1208, "Invalid FLOAT format or value");

    internal static LoadError BadJson { get; } = new(1224, "Invalid value");

    internal static LoadError BadDigit(char digit, int position, string type) => new(1207, $"Invalid digit, Value '{digit}', Pos {position}, Type: {type}", position);

    internal static LoadError Overflow(string type) => new(1222, $"Overflow for NUMERIC({type})");

    internal static LoadError BadUtf8(byte first, int position) => new(1220, $"String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {first:x2} (error 4)", position);

    internal static LoadError MultibyteChar { get; } = new(1220, "Multibyte character not supported for CHAR (Hint: try using VARCHAR)");
}

/// <summary>A row that did not fit, with its place.</summary>
internal sealed record RejectedRow(LoadError Error, string FileName, long Line, TargetColumn? Column, string RawLine, string RawField);
