using System.Runtime.ExceptionServices;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Extracts and loads in one task: PostgreSQL reads the first objects while the later ones are still being written.</summary>
/// <remarks>
/// The load commits after the extract has published its manifest, so readers of the table see what is in the store, or what was there before. If
/// either fails, both do, and nothing has changed but for the objects of an extract that had ended. Redshift and SQLite are loaded after the extract: the one
/// copies all files at once best, the other would lock its file for all that time. Returns <see cref="TransferResult"/>; evidence is the XCom <c>evidence</c>.
/// </remarks>
public sealed class TransferOperator : Operator
{
    /// <summary>What is read, and where its objects go. It writes CSV with <c>Replace</c>: a retry begins anew. Objects are loaded as they become whole: by default the first has 25,000 rows, each later one a quarter more, up to 250,000; <c>MaxRowsPerFile</c> says otherwise.</summary>
    [Templated]
    public SqlToS3Operator? Extract { get; set; }

    /// <summary>Where the rows go. Its objects are the extract's, so it names none, and says nothing of their format.</summary>
    [Templated]
    public S3ToTableOperator? Load { get; set; }

    /// <inheritdoc/>
    public override bool KeepsWatermark => Extract?.Incremental is not null;

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var (extract, load) = Check();
        var uri = extract.Address();
        await using var store = await context.ObjectStoreAsync(uri, extract.AwsConnectionId, cancellationToken);
        var feed = new ObjectFeed();
        var objects = new TableLoad { Table = load.Table, Source = ObjectUri.Text(uri), Objects = [], Feed = feed, Store = store, Format = extract.Csv(uri) };
        var wrote = default(ExtractResult);
        var loaded = default(LoadResult);
        var failure = await BothAsync(
            async stop => wrote = await extract.ExtractAsync(context, uri, store, feed, stop),
            async stop => loaded = await load.LoadAsync(context, objects, stop),
            cancellationToken);
        if (failure is not null)
        {
            // Where the extract fails the load finds objects gone, and says so first.
            ExceptionDispatchInfo.Throw(feed.Error is { } error and not OperationCanceledException ? error : failure);
        }

        if ((loaded!.Evidence ?? wrote!.Evidence) is { } evidence)
        {
            context.Push("evidence", evidence);
        }

        return new TransferResult(wrote!.Uri, wrote.Rows, wrote.Bytes, loaded.RowsLoaded, loaded.RowsInTable) { RowsRejected = loaded.RowsRejected };
    }

    private (SqlToS3Operator Extract, S3ToTableOperator Load) Check()
    {
        if (Extract is null || Load is null)
        {
            throw new TaskFailedException("TransferOperator needs Extract and Load.");
        }

        if (!Extract.Replace || Extract.FileFormat != FileFormat.Csv)
        {
            throw new TaskFailedException("The Extract of a TransferOperator needs Replace, and CSV: a retry writes its objects again, and they are loaded.");
        }

        if (Load.DryRun)
        {
            throw new TaskFailedException("The Load of a TransferOperator cannot be a DryRun: its Extract would write its objects all the same. Load what an extract of its own has written.");
        }

        // A retry extracts anew; only by a hash over the rows does the ledger know that they have been appended.
        if (Load is { Method: LoadMethod.Append, Ledger: true } && Extract.Reconcile != Reconciliation.Checksums)
        {
            throw new TaskFailedException(
                "A TransferOperator that appends needs Reconcile checksums in its Extract: an attempt that was killed after its commit is done again, and must know its rows.");
        }

        return string.IsNullOrEmpty(Load.Uri) && string.IsNullOrEmpty(Load.S3Key) && string.IsNullOrEmpty(Load.S3Bucket)
            ? (Extract, Load)
            : throw new TaskFailedException("The Load of a TransferOperator takes what its Extract writes; leave out its Uri, S3Bucket and S3Key.");
    }

    // The first that fails stops the other.
    private static async Task<Exception?> BothAsync(Func<CancellationToken, ValueTask> one, Func<CancellationToken, ValueTask> other, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        await Task.WhenAll(Task.Run(() => RunAsync(one), CancellationToken.None), Task.Run(() => RunAsync(other), CancellationToken.None));
        return first;

        async Task RunAsync(Func<CancellationToken, ValueTask> work)
        {
            try
            {
                await work(stop.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                await stop.CancelAsync();
            }
        }
    }
}

/// <summary>What a transfer moved.</summary>
/// <param name="Uri">The manifest, as an author writes it.</param>
/// <param name="Rows">Rows that were extracted.</param>
/// <param name="Bytes">Size of all objects as they are stored.</param>
/// <param name="RowsLoaded">Rows read from the objects.</param>
/// <param name="RowsInTable">Rows that the load left written to the table.</param>
public sealed record TransferResult(string Uri, long Rows, long Bytes, long RowsLoaded, long RowsInTable)
{
    /// <summary>Rows that the table refused; they are in the quarantine.</summary>
    public long RowsRejected { get; init; }
}
