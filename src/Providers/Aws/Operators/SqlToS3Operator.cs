using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Streams the rows of a query into one CSV object: from MySQL, PostgreSQL, Redshift or SQLite into S3 or a folder.</summary>
/// <remarks>
/// The object appears whole or not at all. Rows never gather in memory. Returns <see cref="SqlToS3Result"/> as
/// <c>{"uri", "rows", "bytes"}</c>.
/// </remarks>
public sealed class SqlToS3Operator : Operator
{
    /// <summary>The query; or give <see cref="Table"/>. Values belong into <see cref="Parameters"/>: what a template puts here is spliced in as text.</summary>
    [Templated(".sql")]
    public string? Query { get; set; }

    /// <summary>Instead of a query: all rows of this table.</summary>
    [Templated]
    public string? Table { get; set; }

    /// <summary>Schema of <see cref="Table"/>. Default: the connection's own.</summary>
    [Templated]
    public string? Schema { get; set; }

    /// <summary>Columns of <see cref="Table"/>. Default: all.</summary>
    [Templated]
    public IReadOnlyList<string> Columns { get; set; } = [];

    /// <summary>Values for <c>@name</c> placeholders of the query, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <summary>The database.</summary>
    [Templated]
    public string SqlConnectionId { get; set; } = "";

    /// <summary>Bucket of the object.</summary>
    [Templated]
    public string? S3Bucket { get; set; }

    /// <summary>Key of the object.</summary>
    [Templated]
    public string? S3Key { get; set; }

    /// <summary>Instead of bucket and key: <c>s3://bucket/key</c>, or <c>file:///folder/name.csv</c> for a folder that the worker sees.</summary>
    [Templated]
    public string? Uri { get; set; }

    /// <summary>Connection of S3. Default: the AWS SDK's own chain (environment, profile, role of the machine).</summary>
    [Templated]
    public string? AwsConnectionId { get; set; }

    /// <summary>Overwrites the object when it exists, instead of failing. Default: false.</summary>
    public bool Replace { get; set; }

    /// <summary>Between two fields: one ASCII character, or <c>\t</c>. Default: comma.</summary>
    public string Delimiter { get; set; } = ",";

    /// <summary>First line names the columns. Default: true.</summary>
    public bool Header { get; set; } = true;

    /// <summary>Compressed with gzip. Default: when the key ends in <c>.gz</c>.</summary>
    public bool? Gzip { get; set; }

    /// <summary>Unquoted text for NULL. Default: nothing; an empty string is <c>""</c>.</summary>
    public string NullMarker { get; set; } = "";

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var uri = ObjectAddress.Resolve(S3Bucket, S3Key, Uri);
        var format = ObjectAddress.Format(Delimiter, Header, Gzip, NullMarker, uri);
        await using var sql = await context.SqlAsync(SqlConnectionId, cancellationToken);
        var query = QueryFor(sql.Dialect);

        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        await using var write = await store.OpenWriteAsync(uri, Replace, cancellationToken);
        await using var sink = new CsvRowSink(write.Body, format);
        var rows = await sql.ExtractAsync(query, SqlParameters.From(Parameters), sink, cancellationToken);
        await sink.CompleteAsync(cancellationToken);
        var stored = await write.CommitAsync(cancellationToken);

        context.Log($"Wrote {rows} rows, {stored.Size} bytes, to {ObjectUri.Text(uri)}.");
        return new SqlToS3Result(ObjectUri.Text(uri), rows, stored.Size);
    }

    private string QueryFor(string dialect)
    {
        if (string.IsNullOrWhiteSpace(Query) == string.IsNullOrEmpty(Table))
        {
            throw new TaskFailedException("SqlToS3Operator needs either Query or Table.");
        }

        var columns = Columns.Count == 0 ? "*" : SqlNames.Join(Columns, dialect);
        return string.IsNullOrEmpty(Table) ? Query! : $"SELECT {columns} FROM {SqlNames.Quote(Schema, Table, dialect)}";
    }
}

/// <summary>What an extraction wrote.</summary>
/// <param name="Uri">The object, as an author writes it.</param>
/// <param name="Rows">Rows, without the header.</param>
/// <param name="Bytes">Size of the object as it is stored.</param>
public sealed record SqlToS3Result(string Uri, long Rows, long Bytes);
