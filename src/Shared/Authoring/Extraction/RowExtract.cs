using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Rows;

namespace Sluice.Authoring.Extraction;

/// <summary>Streams the rows of a database into an object, or into several that one manifest publishes. Rows never gather in memory.</summary>
/// <remarks>
/// With a manifest each attempt writes under a name of its own (<c>key.parts/attempt/...</c>), and <c>key.manifest</c> names what counts. It is
/// replaced only when it is what it was when the attempt began: an attempt that was held up cannot undo what a later one published. The
/// objects that the former manifest named are then deleted.
/// </remarks>
/// <param name="source">The database; with several readers its connection is used to open more.</param>
/// <param name="request">What to do.</param>
/// <param name="time">The clock, for the rate.</param>
public sealed class RowExtract(ISqlHook source, ExtractRequest request, TimeProvider? time = null)
{
    private const int MostReaders = 64;

    private readonly RateLimit _limit = new(request.MaxRowsPerSecond, request.MaxBytesPerSecond, time ?? TimeProvider.System);
    private readonly ConcurrentBag<EvidenceSink> _evidence = [];
    private QueryText? _query;

    /// <summary>Extracts. What fails leaves nothing behind that counts.</summary>
    /// <exception cref="TaskFailedException">The request contradicts itself or a policy, or the source's own counts differ from the rows that came.</exception>
    public async ValueTask<ExtractResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            Check();
            _query = await request.DescribeAsync(ExtractQueries.Whole(request, source.Dialect), source, cancellationToken);
            return request.HasManifest ? await RunPartsAsync(cancellationToken) : await RunWholeAsync(cancellationToken);
        }
        catch (Exception e)
        {
            request.Feed?.Fail(e);
            throw;
        }
    }

    private async ValueTask<ExtractResult> RunWholeAsync(CancellationToken cancellationToken)
    {
        // Opened before the query runs: an object that may not be replaced is told at once.
        await using var write = await request.Store.OpenWriteAsync(request.Uri, request.WriteOptions, cancellationToken);
        request.TellOfTakeOver(request.Uri, write);
        await using var part = new PartSink(request, _limit, (_, _) => ValueTask.FromResult(write));
        var rows = await source.ExtractAsync(ExtractQueries.Whole(request, source.Dialect), request.Parameters, Guard(part), cancellationToken);
        await part.CompleteAsync(evenEmpty: true, cancellationToken);
        return new(ObjectUri.Text(request.Uri), rows, part.Written.Sum(one => one.Object.Size), 1, null);
    }

    private async ValueTask<ExtractResult> RunPartsAsync(CancellationToken cancellationToken)
    {
        await using var publication = await ExtractPublication.BeginAsync(request, cancellationToken);
        await using var snapshot = await SnapshotAsync(cancellationToken);
        if (request.Incremental is { } incremental)
        {
            request = await incremental.NarrowAsync(request, snapshot.Sessions[0], cancellationToken);
        }

        var queries = await QueriesAsync(snapshot.Sessions[0], cancellationToken);
        var parts = queries.Select((_, i) => new PartSink(
            request, _limit, (file, token) => request.Store.OpenWriteAsync(ObjectUri.Parse(publication.Folder + PartName(i, file)), request.WriteOptions, token))).ToList();
        try
        {
            await ReadAllAsync(snapshot, queries, parts, cancellationToken);
            var evidence = request.Reconcile == Reconciliation.None ? null : await CompareAsync(snapshot.Sessions[0], cancellationToken);
            var written = parts.SelectMany(part => part.Written).ToList();
            return await publication.PublishAsync(request, written, parts[0].Columns, evidence, cancellationToken);
        }
        catch
        {
            foreach (var part in parts)
            {
                await part.DisposeAsync();
            }

            await publication.DiscardAsync([.. parts.SelectMany(part => part.Written).Select(one => one.Object.Uri)]);
            throw;
        }
        finally
        {
            foreach (var part in parts)
            {
                await part.DisposeAsync();
            }
        }
    }

    // Each session takes the next part when it is done with one; the first that fails stops all.
    private async ValueTask ReadAllAsync(SqlSnapshot snapshot, IReadOnlyList<string> queries, List<PartSink> parts, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var next = -1;
        var done = 0;
        Exception? first = null;
        await Task.WhenAll(snapshot.Sessions.Select(session => Task.Run(() => ReadAsync(session), CancellationToken.None)));
        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }

        async Task ReadAsync(ISqlHook session)
        {
            try
            {
                while (Interlocked.Increment(ref next) is var i && i < queries.Count)
                {
                    var rows = await session.ExtractAsync(queries[i], request.Parameters, Guard(parts[i]), stop.Token);
                    await parts[i].CompleteAsync(evenEmpty: i == 0, stop.Token);
                    if (queries.Count > 1)
                    {
                        request.Log?.Invoke($"Part {i + 1}: {rows} rows; {Interlocked.Increment(ref done)} of {queries.Count} parts are written.");
                    }
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                await stop.CancelAsync();
            }
        }
    }

    private IRowSink Guard(IRowSink sink)
    {
        if (request.Reconcile != Reconciliation.None)
        {
            var evidence = new EvidenceSink(sink);
            _evidence.Add(evidence);
            sink = evidence;
        }

        return request.Policy.IsEmpty ? sink : new PolicySink(sink, request.Policy, _query!);
    }

    private async ValueTask<SqlSnapshot> SnapshotAsync(CancellationToken cancellationToken) => source is ISnapshotHook several
        ? await several.OpenSnapshotAsync(request.Readers, request.Schema, string.IsNullOrEmpty(request.Table) ? null : request.Table, cancellationToken)
        : throw new TaskFailedException($"A database of type {source.Dialect} has no snapshots, which parts and evidence need.");

    private async ValueTask<IReadOnlyList<string>> QueriesAsync(ISqlHook session, CancellationToken cancellationToken)
    {
        if (request.PartitionBy is null || request.Readers == 1)
        {
            return [ExtractQueries.Whole(request, source.Dialect)];
        }

        var bounds = (await session.QueryAsync(ExtractQueries.Bounds(request, source.Dialect), request.Parameters, limit: 1, cancellationToken))[0];
        var (least, greatest) = (WholeNumber(bounds[0]), WholeNumber(bounds[1]));
        return request.PartitionMethod == PartitionMethod.Modulus
            ? ExtractQueries.Remainders(request, source.Dialect)
            : ExtractQueries.Ranges(request, source.Dialect, least, greatest);
    }

    private Int128? WholeNumber(object? value) => value switch
    {
        null => null,
        sbyte or byte or short or ushort or int or uint or long or ulong or decimal
            when Int128.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new TaskFailedException($"PartitionBy needs a column of whole numbers, and '{request.PartitionBy}' has values such as {value}."),
    };

    // The database counts in the same moment that the rows were read in.
    private async ValueTask<RowEvidence> CompareAsync(ISqlHook session, CancellationToken cancellationToken)
    {
        var seen = EvidenceSink.Merge([.. _evidence]);
        if (request.Reconcile == Reconciliation.Counts)
        {
            seen = seen with { Hash = null };
        }

        var asked = seen.Columns.Where(column => !request.Policy.Mask.Keys.Contains(column.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var said = new SingleRow();
        await session.ExtractAsync(ExtractQueries.Counts(request, source.Dialect, asked), request.Parameters, said, cancellationToken);
        try
        {
            request.Trail.Require(
                EvidenceTrail.Source, "the source", CountedEvidence.Read(said.Values, asked), EvidenceTrail.Manifest, "the rows that came", seen with { Columns = asked, Hash = null });
        }
        finally
        {
            request.Trail.See(EvidenceTrail.Manifest, seen, "the rows that came");
        }

        return seen;
    }

    private string PartName(int part, int file)
    {
        var ending = (request.Format == FileFormat.Csv ? ".csv" : ".jsonl") + (request.Csv.Gzip ? ".gz" : "");
        return string.Create(CultureInfo.InvariantCulture, $"{part:00000}-{file:0000}{ending}");
    }

    private void Check()
    {
        if (request.Readers is < 1 or > MostReaders)
        {
            throw new TaskFailedException($"Readers must be from 1 to {MostReaders}, and is {request.Readers}.");
        }

        if (request.Readers > 1 && string.IsNullOrEmpty(request.PartitionBy))
        {
            throw new TaskFailedException("Several readers need PartitionBy: a column of whole numbers by which the rows are split.");
        }

        foreach (var (value, what) in new[]
            { (request.MaxRowsPerFile, "MaxRowsPerFile"), (request.MaxRowsPerSecond, "MaxRowsPerSecond"), (request.MaxBytesPerSecond, "MaxBytesPerSecond") })
        {
            if (value < 1)
            {
                throw new TaskFailedException($"{what} must be at least 1, and is {value}.");
            }
        }
    }
}
