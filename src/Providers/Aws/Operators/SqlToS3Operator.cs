using System.Globalization;
using Sluice.Authoring.Watermarks;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;
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
public sealed class SqlToS3Operator : Operator
{
    // Small enough that little is left to load when the last one is whole.
    private const long RowsPerFedFile = 250_000;

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

    /// <summary>
    /// Reads only rows that are new since the last success, by a column that only grows; the engine keeps the mark. Each run needs a key of its own, such as
    /// one with <c>{{ ts_nodash }}</c> in it. Writes a manifest. The window is the XCom <c>watermark</c>. Default: all rows.
    /// </summary>
    public IncrementalColumn? Incremental { get; set; }

    /// <inheritdoc/>
    public override bool KeepsWatermark => Incremental is not null;

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

    /// <summary>CSV or JSON lines. Default: CSV.</summary>
    public FileFormat FileFormat { get; set; }

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

    /// <summary>Compares the rows that came with what the database itself says of them in the same moment, and keeps the evidence in the manifest. Default: no.</summary>
    public Reconciliation Reconcile { get; set; }

    /// <summary>Rows a second over all readers. Default: any number.</summary>
    public long? MaxRowsPerSecond { get; set; }

    /// <summary>Bytes a second over all readers, before compression. Default: any number.</summary>
    public long? MaxBytesPerSecond { get; set; }

    /// <summary>In runs of a backfill this connection is read instead. Default: the connection that <c>replica</c> of <see cref="SqlConnectionId"/> names, if it does.</summary>
    [Templated]
    public string? BackfillConnectionId { get; set; }

    /// <summary>Columns that are left out of the rows.</summary>
    [Templated]
    public IReadOnlyList<string> Exclude { get; set; } = [];

    /// <summary>Column to mask: <c>hash</c> (needs <see cref="MaskSalt"/>), <c>null</c>, <c>partial</c> or <c>partial:4</c>, which keeps so many characters at the end.</summary>
    [Templated]
    public Dictionary<string, string> Mask { get; set; } = [];

    /// <summary>Key of the hashes, a secret, such as <c>{{ var.value.mask_salt }}</c>.</summary>
    [Templated]
    [Secret]
    public string? MaskSalt { get; set; }

    /// <summary>Columns tagged as personal besides those of the Dag and of the connection: <c>email</c>, <c>customers.email</c>, <c>customers.*</c>. They leave masked or not at all.</summary>
    [Templated]
    public IReadOnlyList<string> PersonalColumns { get; set; } = [];

    /// <summary>Computed columns (<c>COUNT(email) AS contacts</c>) that show nothing personal, although the query mentions it: the author vouches for them.</summary>
    [Templated]
    public IReadOnlyList<string> NotPersonal { get; set; } = [];

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
        var uri = ObjectAddress.Resolve(S3Bucket, S3Key, Uri);
        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        var wrote = await ExtractAsync(context, uri, store, feed: null, cancellationToken);
        if (wrote.Evidence is { } evidence)
        {
            context.Push("evidence", evidence);
        }

        return new SqlToS3Result(wrote.Uri, wrote.Rows, wrote.Bytes);
    }

    /// <summary>Extracts as this operator's settings say.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="uri">The object.</param>
    /// <param name="store">Where it goes.</param>
    /// <param name="feed">Is told of each object, for a load that runs beside this; null: nobody.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal async ValueTask<ExtractResult> ExtractAsync(TaskContext context, Uri uri, IObjectStore store, ObjectFeed? feed, CancellationToken cancellationToken)
    {
        var connection = await SourceAsync(context, cancellationToken);
        await using var sql = context.Providers.OpenSql(connection);
        var request = Request(context, uri, store, connection) with { Feed = feed, MaxRowsPerFile = MaxRowsPerFile ?? (feed is null ? null : RowsPerFedFile) };
        var wrote = await new RowExtract(sql, request).RunAsync(cancellationToken);
        if (context.Watermark is { } window)
        {
            context.Push("watermark", new { window.From, window.To });
        }

        context.Log(wrote.Objects == 1
            ? $"Wrote {wrote.Rows} rows, {wrote.Bytes} bytes, to {wrote.Uri}."
            : $"Wrote {wrote.Rows} rows, {wrote.Bytes} bytes, in {wrote.Objects} objects, named by {wrote.Uri}.");
        return wrote;
    }

    /// <summary>How CSV is written.</summary>
    internal CsvFormat Csv(Uri uri) => ObjectAddress.Format(Delimiter, Header, Gzip, NullMarker, uri);

    private async ValueTask<Connection> SourceAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var primary = await context.ConnectionAsync(SqlConnectionId, cancellationToken);
        var replica = string.IsNullOrEmpty(BackfillConnectionId) ? primary.Extra.GetValueOrDefault(DataPolicySettings.Replica) : BackfillConnectionId;
        if (context.Run.Type != RunType.Backfill || string.IsNullOrEmpty(replica))
        {
            return primary;
        }

        context.Log($"This run is of a backfill: reading from '{replica}' instead of '{primary.Id}'.");
        var read = await context.ConnectionAsync(replica, cancellationToken);

        // What is personal in the primary is so in its replica.
        var personal = DataPolicySettings.PersonalOf(primary).Concat(DataPolicySettings.PersonalOf(read)).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return personal.Count == 0
            ? read
            : read with { Extra = new Dictionary<string, string>(read.Extra) { [DataPolicySettings.PersonalColumns] = string.Join(',', personal) } };
    }

    // The key of a run stays when its Dag or its task gets another name.
    private static string Owner(TaskContext context) => string.Create(CultureInfo.InvariantCulture, $"{context.Run.Key}{(context.Map is { } map ? $"[{map.Index}]" : "")}");

    private ExtractRequest Request(TaskContext context, Uri uri, IObjectStore store, Connection connection) => new()
    {
        Query = Query,
        Table = Table,
        Schema = string.IsNullOrEmpty(Schema) ? null : Schema,
        Columns = Columns,
        Parameters = SqlParameters.From(Parameters),
        PartitionBy = string.IsNullOrEmpty(PartitionBy) ? null : PartitionBy,
        PartitionMethod = PartitionMethod,
        Readers = Readers,
        Policy = new()
        {
            Exclude = Exclude,
            Mask = Mask,
            Salt = MaskSalt,
            NotPersonal = NotPersonal,
            Personal = [.. PersonalColumns, .. context.Dag.PersonalColumns ?? [], .. DataPolicySettings.PersonalOf(connection)],
        },
        MaxRowsPerSecond = MaxRowsPerSecond,
        MaxBytesPerSecond = MaxBytesPerSecond,
        Uri = uri,
        Store = store,
        WriteOptions = new()
        {
            Replace = Replace || Incremental is not null, // what other runs wrote is never replaced
            StorageClass = StorageClass,
            Encryption = Encryption,
            KmsKeyId = string.IsNullOrEmpty(KmsKeyId) ? null : KmsKeyId,
            Tags = ObjectTags,
        },
        Format = FileFormat,
        Csv = Csv(uri),
        MaxRowsPerFile = MaxRowsPerFile,
        Manifest = Manifest,
        Reconcile = Reconcile,
        Trail = context.Evidence,
        Incremental = Incremental is null ? null : new(Incremental, Owner(context), context.OpenWatermarkAsync),
        WrittenBy = $"{context.Dag.Id} {context.Run.Id} {context.Task.Id}{(context.Map is { } map ? $"[{map.Index}]" : "")} try {context.TryNumber}",
        Log = context.Log,
    };
}

/// <summary>What an extraction wrote.</summary>
/// <param name="Uri">The object or the manifest, as an author writes it.</param>
/// <param name="Rows">Rows, without headers.</param>
/// <param name="Bytes">Size of all objects as they are stored.</param>
public sealed record SqlToS3Result(string Uri, long Rows, long Bytes);
