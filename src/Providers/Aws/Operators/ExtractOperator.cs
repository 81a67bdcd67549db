using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Writes the rows of a query or a table into objects: what is read, and what of it may leave.</summary>
public abstract class ExtractOperator : CsvObjectsOperator
{
    private protected ExtractOperator()
    {
    }

    /// <summary>The query; or give <see cref="Table"/>. What a template puts here is spliced in as text.</summary>
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

    /// <summary>Overwrites what is there, instead of failing; what an earlier try of this task in this run wrote is overwritten anyway. Default: false.</summary>
    public bool Replace { get; set; }

    /// <summary>Compares the rows that came with what the database itself says of them in the same moment, and keeps the evidence in the manifest. Default: no.</summary>
    public Reconciliation Reconcile { get; set; }

    /// <summary>In runs of a backfill this connection is read instead. Default: the connection that <c>replica</c> of the source's names, if it does.</summary>
    [Templated]
    public string? BackfillConnectionId { get; set; }

    /// <summary>Columns that are left out of the rows.</summary>
    [Templated]
    public IReadOnlyList<string> Exclude { get; set; } = [];

    /// <summary>Column to mask: <c>null</c>; and, where the rows pass the worker, <c>hash</c> (needs a salt), <c>partial</c> or <c>partial:4</c>, which keeps so many characters at the end.</summary>
    [Templated]
    public Dictionary<string, string> Mask { get; set; } = [];

    /// <summary>Columns tagged as personal besides those of the Dag and of the connection: <c>email</c>, <c>customers.email</c>, <c>customers.*</c>. They leave masked or not at all.</summary>
    [Templated]
    public IReadOnlyList<string> PersonalColumns { get; set; } = [];

    /// <summary>Computed columns (<c>COUNT(email) AS contacts</c>) that show nothing personal, although the query mentions it: the author vouches for them.</summary>
    [Templated]
    public IReadOnlyList<string> NotPersonal { get; set; } = [];

    private protected async ValueTask<Connection> SourceAsync(TaskContext context, string connectionId, CancellationToken cancellationToken)
    {
        var primary = await context.ConnectionAsync(connectionId, cancellationToken);
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

    /// <summary>What the settings here say.</summary>
    private protected ExtractRequest Request(TaskContext context, Uri uri, IObjectStore store, Connection source) => new()
    {
        Query = Query,
        Table = Table,
        Schema = string.IsNullOrEmpty(Schema) ? null : Schema,
        Columns = Columns,
        Policy = new()
        {
            Exclude = Exclude,
            Mask = Mask,
            NotPersonal = NotPersonal,
            Personal = [.. PersonalColumns, .. context.Dag.PersonalColumns ?? [], .. DataPolicySettings.PersonalOf(source)],
        },
        Uri = uri,
        Store = store,
        WriteOptions = new() { Replace = Replace, Writer = context.Writer },
        Csv = Csv(uri),
        Reconcile = Reconcile,
        Trail = context.Evidence,
        WrittenBy = $"{context.Dag.Id} {context.Run.Id} {context.Task.Id}{(context.Map is { } map ? $"[{map.Index}]" : "")} try {context.TryNumber}",
        Log = context.Log,
    };

    private protected static void Tell(TaskContext context, ExtractResult wrote) => context.Log(wrote.Objects == 1
        ? $"Wrote {wrote.Rows} rows, {wrote.Bytes} bytes, to {wrote.Uri}."
        : $"Wrote {wrote.Rows} rows, {wrote.Bytes} bytes, in {wrote.Objects} objects, named by {wrote.Uri}.");

    private protected static SqlToS3Result Return(TaskContext context, ExtractResult wrote)
    {
        if (wrote.Evidence is { } evidence)
        {
            context.Push("evidence", evidence);
        }

        return new(wrote.Uri, wrote.Rows, wrote.Bytes);
    }
}
