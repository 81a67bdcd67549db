namespace Sluice.Services.Redshift.Sql;

/// <summary>What a piece of SQL is.</summary>
internal enum SqlTokenKind
{
    /// <summary>A keyword or a name without quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Quoted,

    /// <summary>A text in single quotes or dollars.</summary>
    Text,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A parameter such as $1.</summary>
    Parameter,

    /// <summary>One character of punctuation or of an operator.</summary>
    Symbol,
}

/// <summary>A piece of SQL.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Value">A word in lower case; a name or a text without its quotes; else as it is.</param>
/// <param name="Start">Where it begins in the source.</param>
/// <param name="End">Behind its last character.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Value, int Start, int End)
{
    public bool IsWord(string word) => Kind == SqlTokenKind.Word && Value == word;

    public bool IsSymbol(char symbol) => Kind == SqlTokenKind.Symbol && Value[0] == symbol;

    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.Quoted;
}
