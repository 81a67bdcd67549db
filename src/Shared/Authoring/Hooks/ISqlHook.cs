namespace Sluice.Authoring.Hooks;

/// <summary>A session with an SQL database. Not thread-safe; opens on first use.</summary>
/// <remarks>Errors of the database surface as <see cref="SqlHookException"/>, with the server's own message and without the password.</remarks>
public interface ISqlHook : IAsyncDisposable
{
    /// <summary>mysql, postgres, redshift or sqlite.</summary>
    string Dialect { get; }

    /// <summary>Runs statements, separated by semicolons, without reading rows.</summary>
    /// <param name="sql">The statements.</param>
    /// <param name="parameters">Values for <c>@name</c> placeholders; null for none.</param>
    /// <param name="cancellationToken">Cancelling stops the statement on the server too.</param>
    /// <returns>Rows affected by the last statement, or -1 when it tells none.</returns>
    ValueTask<long> ExecuteAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, CancellationToken cancellationToken);

    /// <summary>Runs a query and returns at most <paramref name="limit"/> rows; null for SQL NULL.</summary>
    ValueTask<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(
        string sql, IReadOnlyDictionary<string, object?>? parameters, int limit, CancellationToken cancellationToken);

    /// <summary>Streams the rows of one query into a sink; rows never gather in memory.</summary>
    /// <returns>How many rows were written.</returns>
    ValueTask<long> ExtractAsync(string sql, IReadOnlyDictionary<string, object?>? parameters, IRowSink sink, CancellationToken cancellationToken);
}

/// <summary>Takes rows one value at a time. Values come as UTF-8 text in the form that all loaders read back: see the remarks.</summary>
/// <remarks>
/// Integers and decimals in plain digits, exact; floats shortest round-trip; dates <c>yyyy-MM-dd</c>; times <c>HH:mm:ss[.ffffff]</c>;
/// timestamps <c>yyyy-MM-dd HH:mm:ss[.ffffff]</c>, with an offset only where the column has one; booleans <c>true/false</c>;
/// binary as lower-case hex with the prefix <c>\x</c>; JSON and text as they are.
/// </remarks>
public interface IRowSink
{
    /// <summary>Called once, before the first row.</summary>
    void Begin(IReadOnlyList<SqlColumn> columns);

    /// <summary>Writes SQL NULL as the next value of the row.</summary>
    void WriteNull();

    /// <summary>Writes the next value of the row.</summary>
    void WriteValue(ReadOnlySpan<byte> utf8);

    /// <summary>Ends the row.</summary>
    /// <returns>True when enough has gathered that <see cref="FlushAsync"/> must be awaited before the next row.</returns>
    bool EndRow();

    /// <summary>Hands on what has gathered, waiting for whoever takes it (back-pressure).</summary>
    ValueTask FlushAsync(CancellationToken cancellationToken);
}

/// <summary>A column of a result.</summary>
/// <param name="Name">As the query names it.</param>
/// <param name="Type">The database's own type name.</param>
/// <param name="Kind">What its values are, for whoever cannot know every database's names.</param>
public sealed record SqlColumn(string Name, string Type, SqlColumnKind Kind);

/// <summary>Families of column types.</summary>
public enum SqlColumnKind
{
    /// <summary>Text, JSON, enums and whatever else is written as it is.</summary>
    Text,

    /// <summary>Whole numbers.</summary>
    Integer,

    /// <summary>Exact decimals.</summary>
    Decimal,

    /// <summary>Binary floating point.</summary>
    Float,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A date without time.</summary>
    Date,

    /// <summary>A time of day.</summary>
    Time,

    /// <summary>A date and time.</summary>
    Timestamp,

    /// <summary>Bytes.</summary>
    Binary,

    /// <summary>Binary floating point of four bytes: two texts are the same value when they give the same four bytes.</summary>
    Single,
}

/// <summary>The database refused or went away.</summary>
/// <param name="message">The server's own words.</param>
/// <param name="isTransient">True when trying again may help: lost connection, deadlock, too many connections.</param>
/// <param name="inner">What the driver threw.</param>
public sealed class SqlHookException(string message, bool isTransient, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>True when trying again may help.</summary>
    public bool IsTransient { get; } = isTransient;
}
