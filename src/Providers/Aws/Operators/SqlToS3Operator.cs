using System.Globalization;
using Sluice.Authoring.Watermarks;
using Sluice.Core.Connections;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Streams the rows of a query or a table into S3 or a folder, as CSV or JSON lines: from MySQL, PostgreSQL, Redshift or SQLite.</summary>
/// <remarks>
/// The object appears whole or not at all; several readers, a limit of rows an object, or evidence make several objects, which one manifest
/// (<c>key.manifest</c>) publishes together. An attempt that was held up cannot overwrite what a later one wrote. Rows never gather in memory.
/// Returns <see cref="SqlToS3Result"/> as <c>{"uri", "rows", "bytes"}</c>; evidence is the XCom <c>evidence</c>.
/// </remarks>
public sealed class SqlToS3Operator : ExtractOperator
{
    /// <summary>Values for <c>@name</c> placeholders of the query, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <summary>The database.</summary>
    [Templated]
    public string SqlConnectionId { get; set; } = "";

    /// <summary>
    /// Reads only rows that are new since the last success, by a column that only grows; the engine keeps the mark. Each run needs a key of its own, such as
    /// one with <c>{{ ts_nodash }}</c> in it. Writes a manifest. The window is the XCom <c>watermark</c>. Default: all rows.
    /// </summary>
    public IncrementalColumn? Incremental { get; set; }

    /// <inheritdoc/>
    public override bool KeepsWatermark => Incremental is not null;

    /// <summary>CSV or JSON lines. Default: CSV.</summary>
    public FileFormat FileFormat { get; set; }

    /// <summary>Which values of a CSV file are in quotes: those that need them (<c>minimal</c>), or <c>all</c> but NULL. Default: minimal.</summary>
    public CsvQuoting Quoting { get; set; }

    /// <summary>Sessions that read at once, all of the same moment; the rows are split by <see cref="PartitionBy"/>. Default: 1.</summary>
    public int Readers { get; set; } = 1;

    /// <summary>Whole-number column by which the rows are split among readers, best one with an index.</summary>
    [Templated]
    public string? PartitionBy { get; set; }

    /// <summary>By ranges of the column's values, or by their remainder. Default: ranges.</summary>
    public PartitionMethod PartitionMethod { get; set; }

    /// <summary>Begins a new object after so many rows. Default: one for each part that is read.</summary>
    public long? MaxRowsPerFile { get; set; }

    /// <summary>Writes <c>key.manifest</c> and the objects that it names, also where one object would do. Default: when there are several, or evidence.</summary>
    public bool Manifest { get; set; }

    /// <summary>Rows a second over all readers. Default: any number.</summary>
    public long? MaxRowsPerSecond { get; set; }

    /// <summary>Bytes a second over all readers, before compression. Default: any number.</summary>
    public long? MaxBytesPerSecond { get; set; }

    /// <summary>Key of the hashes, a secret, such as <c>{{ var.value.mask_salt }}</c>.</summary>
    [Templated]
    [Secret]
    public string? MaskSalt { get; set; }

    /// <summary>Storage class of the objects in S3. Default: the bucket's.</summary>
    public string? StorageClass { get; set; }

    /// <summary>Encryption at rest in S3: AES256 or aws:kms. Default: the bucket's.</summary>
    public string? Encryption { get; set; }

    /// <summary>With aws:kms: id or ARN of the key. Default: the account's.</summary>
    [Templated]
    public string? KmsKeyId { get; set; }

    /// <summary>Tags of the objects in S3.</summary>
    [Templated]
    public Dictionary<string, string> ObjectTags { get; set; } = [];

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var uri = Address();
        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        return Return(context, await ExtractAsync(context, uri, store, feed: null, cancellationToken));
    }

    /// <summary>Extracts as this operator's settings say.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="uri">The object.</param>
    /// <param name="store">Where it goes.</param>
    /// <param name="feed">Is told of each object, for a load that runs beside this; null: nobody.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal async ValueTask<ExtractResult> ExtractAsync(TaskContext context, Uri uri, IObjectStore store, ObjectFeed? feed, CancellationToken cancellationToken)
    {
        var connection = await SourceAsync(context, SqlConnectionId, cancellationToken);
        await using var sql = context.Providers.OpenSql(connection);
        var wrote = await new RowExtract(sql, Request(context, uri, store, connection, feed)).RunAsync(cancellationToken);
        if (context.Watermark is { } window)
        {
            context.Push("watermark", new { window.From, window.To });
        }

        Tell(context, wrote);
        return wrote;
    }

    // The key of a run stays when its Dag or its task gets another name.
    private static string Owner(TaskContext context) => string.Create(CultureInfo.InvariantCulture, $"{context.Run.Key}{(context.Map is { } map ? $"[{map.Index}]" : "")}");

    private ExtractRequest Request(TaskContext context, Uri uri, IObjectStore store, Connection connection, ObjectFeed? feed)
    {
        var request = Request(context, uri, store, connection);
        return request with
        {
            Parameters = SqlParameters.From(Parameters),
            PartitionBy = string.IsNullOrEmpty(PartitionBy) ? null : PartitionBy,
            PartitionMethod = PartitionMethod,
            Readers = Readers,
            Policy = request.Policy with { Salt = MaskSalt },
            MaxRowsPerSecond = MaxRowsPerSecond,
            MaxBytesPerSecond = MaxBytesPerSecond,
            WriteOptions = new()
            {
                Replace = Replace || Incremental is not null, // what other runs wrote is never replaced
                Writer = context.Writer,
                StorageClass = StorageClass,
                Encryption = Encryption,
                KmsKeyId = string.IsNullOrEmpty(KmsKeyId) ? null : KmsKeyId,
                Tags = ObjectTags,
            },
            Format = FileFormat,
            Csv = request.Csv with { Quoting = Quoting },
            MaxRowsPerFile = MaxRowsPerFile,
            Manifest = Manifest,
            Feed = feed,
            Incremental = Incremental is null ? null : new(Incremental, Owner(context), context.OpenWatermarkAsync),
        };
    }
}

/// <summary>What an extraction wrote.</summary>
/// <param name="Uri">The object or the manifest, as an author writes it.</param>
/// <param name="Rows">Rows, without headers.</param>
/// <param name="Bytes">Size of all objects as they are stored.</param>
public sealed record SqlToS3Result(string Uri, long Rows, long Bytes);
