using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Core.Dags;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Loads CSV objects into a table; its kinds differ by the database.</summary>
/// <remarks>
/// One transaction: readers see the table before or after. REPLACE and UPSERT give the same rows when they run again. Columns go by the
/// header, in any order. <c>S3Key</c> or <c>Uri</c> is that of one object, or of a manifest (<c>name.manifest</c>). When there is no object by this
/// name: the one that <c>key.manifest</c> names, else what manifests name whose keys begin with it, else all objects whose keys do. Parts that no
/// manifest names are passed over. Returns <c>{"rows_loaded", "rows_in_table"}</c>.
/// </remarks>
public abstract class S3ToTableOperator : CsvObjectsOperator
{
    /// <summary>Schema of the table. Default: the connection's own.</summary>
    [Templated]
    public string? Schema { get; set; }

    /// <summary>The table.</summary>
    [Templated]
    public string Table { get; set; } = "";

    /// <summary>Columns of the objects in their order. Default: as the header says; without a header, all of the table.</summary>
    [Templated]
    public IReadOnlyList<string> ColumnList { get; set; } = [];

    /// <summary>What becomes of rows that are there. Default: APPEND.</summary>
    public LoadMethod Method { get; set; } = LoadMethod.Append;

    /// <summary>For UPSERT: columns that identify a row. Default: the table's primary key.</summary>
    [Templated]
    public IReadOnlyList<string> UpsertKeys { get; set; } = [];

    /// <summary>For UPSERT: of rows with equal keys the one with the highest value here wins. Default: the last, where the database can tell.</summary>
    [Templated]
    public string? OrderColumn { get; set; }

    /// <summary>What becomes of columns that the objects have and the table does not: the load fails, adds them, or passes over them. Default: fail.</summary>
    public DriftPolicy Drift { get; set; }

    /// <summary>For a table that keeps one snapshot after the other: its column of the snapshot's date. REPLACE then replaces that snapshot only.</summary>
    [Templated]
    public string? SnapshotColumn { get; set; }

    /// <summary>Value of <see cref="SnapshotColumn"/> in all rows of this load. Default: the date of the data interval's start.</summary>
    [Templated]
    public string SnapshotValue { get; set; } = "{{ ds }}";

    /// <summary>Compares what is in the table with the evidence that the extract took, before the commit. Default: no.</summary>
    public Reconciliation Reconcile { get; set; }

    /// <summary>Object for rows that the table refuses, as JSON lines with the reason. Default: the first such row fails the load.</summary>
    [Templated]
    public string? Quarantine { get; set; }

    /// <summary>So many rows may go to <see cref="Quarantine"/>; with one more the load fails. Default: 0, which only shows the first.</summary>
    public long MaxRejected { get; set; }

    /// <summary>
    /// Remembers in the target (table <c>sluice_loads</c>, in the load's own transaction) what was loaded, so that an interval is not appended twice
    /// and an attempt that was held up cannot undo a later one. Default: true.
    /// </summary>
    public bool Ledger { get; set; } = true;

    /// <summary>With APPEND: loads an interval again that was loaded from other objects, instead of failing. Default: false.</summary>
    public bool AppendAgain { get; set; }

    /// <summary>Says what would be done, DDL too, and changes nothing. Default: false.</summary>
    public bool DryRun { get; set; }

    private protected abstract string TargetConnectionId { get; }

    /// <inheritdoc/>
    public sealed override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var uri = Address();
        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        var objects = await LoadObjects.FindAsync(store, uri, RefusedRows, context.Log, cancellationToken);
        var format = objects.Csv ?? Csv(objects.Uris.Count > 0 ? objects.Uris[0] : uri);
        var result = await LoadAsync(context, new() { Table = Table, Source = ObjectUri.Text(uri), Objects = objects.Uris, Manifest = objects.Manifest, Store = store, Format = format }, cancellationToken);
        if (result.Evidence is { } evidence)
        {
            context.Push("evidence", evidence);
        }

        return result;
    }

    /// <summary>Loads objects as this operator's settings say.</summary>
    internal async ValueTask<LoadResult> LoadAsync(TaskContext context, TableLoad objects, CancellationToken cancellationToken)
    {
        if (Table.Length == 0)
        {
            throw new TaskFailedException($"{GetType().Name} needs Table.");
        }

        Check(objects.Source);
        var target = await context.ConnectionAsync(TargetConnectionId, cancellationToken);
        var load = Complete(Common(context, objects), target) with
        {
            StoreConnection = AwsConnectionId is null ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken),
        };
        await using var loader = context.Providers.OpenLoader(target);
        var result = await loader.LoadAsync(load, cancellationToken);
        if (!DryRun)
        {
            context.Log($"Loaded {result.RowsLoaded} rows into {Table}; {result.RowsInTable} were written{(result.RowsRejected > 0 ? $", {result.RowsRejected} refused: see {Quarantine}" : "")}.");
        }

        return result;
    }

    // What would be passed over in silence.
    private void Check(string source)
    {
        if (MaxRejected > 0 && string.IsNullOrEmpty(Quarantine))
        {
            throw new TaskFailedException("MaxRejected lets rows be refused only where Quarantine names the object that keeps them; give it, or leave MaxRejected out.");
        }

        if (AppendAgain && (!Ledger || Method != LoadMethod.Append))
        {
            throw new TaskFailedException("AppendAgain is for APPEND with its ledger, which else refuses an interval that was appended from other objects; leave it out.");
        }

        if (!string.IsNullOrEmpty(OrderColumn) && Method != LoadMethod.Upsert)
        {
            throw new TaskFailedException($"OrderColumn tells which of several rows of one key wins, and only UPSERT has keys; Method is {Method.ToString().ToUpperInvariant()}.");
        }

        if (RefusedRows is { } own && ObjectUri.Text(own) == source)
        {
            throw new TaskFailedException($"Quarantine is {source}, and it is what is to be loaded: refused rows would replace it, and without any it would be deleted. Give them an object of their own.");
        }

        if (RefusedRows is { } refused && refused.Scheme != ObjectUri.Parse(source).Scheme)
        {
            throw new TaskFailedException($"Quarantine is {ObjectUri.Text(refused)}, and the objects are in {source}: refused rows are kept in the store that the objects are in.");
        }
    }

    private Uri? RefusedRows => string.IsNullOrEmpty(Quarantine) ? null : ObjectUri.Parse(Quarantine);

    /// <summary>Adds what one kind of database has of its own.</summary>
    /// <exception cref="TaskFailedException">The connection is of another kind.</exception>
    private protected abstract TableLoad Complete(TableLoad load, Connection target);

    private protected TaskFailedException Misfit(Connection target, string wanted) =>
        new($"{GetType().Name} loads into {wanted}; connection '{target.Id}' is of type {target.Type}.");

    private TableLoad Common(TaskContext context, TableLoad objects) => objects with
    {
        Schema = string.IsNullOrEmpty(Schema) ? null : Schema,
        Table = Table,
        Columns = ColumnList.Count == 0 ? null : ColumnList,
        Method = Method,
        UpsertKeys = UpsertKeys.Count == 0 ? null : UpsertKeys,
        OrderColumn = string.IsNullOrEmpty(OrderColumn) ? null : OrderColumn,
        Drift = Drift,
        SnapshotColumn = string.IsNullOrEmpty(SnapshotColumn) ? null : SnapshotColumn,
        SnapshotValue = SnapshotValue,
        Reconcile = Reconcile,
        Trail = context.Evidence,
        Quarantine = RefusedRows,
        MaxRejected = MaxRejected,
        Identity = Ledger ? Identity(context, objects.Source) : null,
        AppendAgain = AppendAgain,
        DryRun = DryRun,
        Log = context.Log,
    };

    // A test run is no load that a target should remember.
    private static LoadIdentity? Identity(TaskContext context, string source) => context.Attempt is not { } attempt
        ? null
        : new(
            context.Dag.Id.Value,
            TaskRenames.CodeIdOf(context.Task).Value, // the same load, whatever the task is called since
            context.DataInterval.Start,
            context.Run.Id.Value,
            context.Run.Key,
            attempt.Token)
        {
            MapIndex = context.Map?.Index,
            Source = source,
            FormerTask = context.Task.RenamedFrom?.Value,
            FormerDag = context.Dag.RenamedFrom?.Value,
        };
}
