using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Extraction;

/// <summary>One attempt to publish objects by a manifest. Who began later has the say: an attempt that was held up cannot undo what it published.</summary>
public sealed class ExtractPublication : IAsyncDisposable
{
    private readonly ExtractRequest _request;
    private readonly Uri _manifest;
    private readonly string _parts;
    private IObjectWrite _write = null!;
    private IReadOnlyList<Uri> _former = [];
    private bool _isPublishing;

    private ExtractPublication(ExtractRequest request)
    {
        _request = request;
        _manifest = ObjectUri.Parse(ObjectUri.Text(request.Uri) + ObjectManifest.Ending);
        _parts = $"{ObjectUri.Text(request.Uri)}.parts/";
        Folder = $"{_parts}{Guid.CreateVersion7():n}/";
    }

    /// <summary>What the keys of this attempt's objects begin with, and no others: an address that ends in a slash.</summary>
    public string Folder { get; }

    /// <summary>Begins, before anything is read: what may not be replaced is told at once.</summary>
    /// <exception cref="ObjectExistsException">There is a manifest, and it may not be replaced.</exception>
    /// <exception cref="TaskFailedException">What another run has read would be lost.</exception>
    public static async ValueTask<ExtractPublication> BeginAsync(ExtractRequest request, CancellationToken cancellationToken)
    {
        var publication = new ExtractPublication(request);
        publication._write = await publication.OpenAsync(cancellationToken);
        try
        {
            publication._former = [.. (await publication.NamedAsync(cancellationToken)).Where(publication.IsPart)];
            await publication.KeepOthersAsync(cancellationToken);
            return publication;
        }
        catch
        {
            await publication.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes; what the former manifest named is deleted.</summary>
    /// <param name="request">As it was carried out.</param>
    /// <param name="written">The objects.</param>
    /// <param name="columns">Of their rows.</param>
    /// <param name="evidence">What was seen of the rows; null when it was not asked for.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="ObjectChangedException">Someone else has published since this attempt began.</exception>
    public async ValueTask<ExtractResult> PublishAsync(
        ExtractRequest request, IReadOnlyList<WrittenObject> written, IReadOnlyList<SqlColumn> columns, RowEvidence? evidence, CancellationToken cancellationToken)
    {
        var published = ExtractManifest.Of(request, written, columns, evidence);
        await _write.Body.WriteAsync(published.ToUtf8(), cancellationToken);
        _isPublishing = true;
        await CommitAsync(published, cancellationToken);
        request.Feed?.Complete(published);
        await DeleteAsync(_former, cancellationToken);
        return new(ObjectUri.Text(_manifest), published.Meta.RecordCount, published.Meta.ContentLength, written.Count, evidence);
    }

    /// <summary>After a failure: deletes this attempt's objects, unless they are published, or nobody can tell.</summary>
    public async ValueTask DiscardAsync(IReadOnlyList<Uri> objects)
    {
        if (!_isPublishing || await IsSomeoneElsesAsync(objects))
        {
            await DeleteAsync(objects, CancellationToken.None);
        }
    }

    /// <summary>Deletes objects that nobody names: they only cost money, so failing to delete them fails nothing.</summary>
    public async ValueTask DeleteAsync(IReadOnlyList<Uri> objects, CancellationToken cancellationToken)
    {
        foreach (var one in objects)
        {
            try
            {
                await _request.Store.DeleteAsync(one, cancellationToken);
            }
            catch (Exception e) when (e is IOException or TaskErrorException or TaskFailedException)
            {
                _request.Log?.Invoke($"{ObjectUri.Text(one)} could not be deleted: {e.Message}");
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _write.DisposeAsync();

    // A try of this task in this run that was killed after it published must not bar the next one.
    private async ValueTask<IObjectWrite> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            var write = await _request.Store.OpenWriteAsync(_manifest, _request.WriteOptions, cancellationToken);
            _request.TellOfTakeOver(_manifest, write);
            return write;
        }
        catch (ObjectExistsException)
        {
            // Where the store does not know who wrote it, the manifest tells itself.
            var there = await _request.Store.HeadAsync(_manifest, cancellationToken);
            var writer = there is { Writer: null } ? await WriterAsync(cancellationToken) : null;
            if (writer is null || AnyTry(writer) != AnyTry(_request.WrittenBy))
            {
                throw;
            }

            _request.TellOfFormer(_manifest, writer);
            return await _request.Store.OpenWriteAsync(_manifest, _request.WriteOptions with { Replace = true }, cancellationToken);
        }
    }

    // A manifest that someone else wrote may name objects anywhere, which are not ours to delete.
    private bool IsPart(Uri uri) => ObjectUri.Text(uri).StartsWith(_parts, StringComparison.Ordinal);

    private async ValueTask<string?> WriterAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await ObjectManifest.ReadAsync(_request.Store, _manifest, cancellationToken)).Meta?.Sluice?.WrittenBy;
        }
        catch (Exception e) when (e is FileNotFoundException or TaskFailedException)
        {
            return null;
        }
    }

    private static string AnyTry(string writer) => writer.LastIndexOf(" try ", StringComparison.Ordinal) is > 0 and var at ? writer[..at] : writer;

    // An answer that was lost on its way back must not make an extract fail that is there.
    private async ValueTask CommitAsync(ObjectManifest published, CancellationToken cancellationToken)
    {
        try
        {
            await _write.CommitAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or TaskErrorException or TaskFailedException)
        {
            if (!await IsThereAsync(published, cancellationToken))
            {
                throw;
            }

            _request.Log?.Invoke($"The store answered \"{e.Message}\", but the manifest is there as it was written.");
        }
    }

    private async ValueTask<bool> IsThereAsync(ObjectManifest published, CancellationToken cancellationToken)
    {
        try
        {
            return published.Entries.Count > 0 && (await NamedAsync(cancellationToken)).SequenceEqual(published.Entries.Select(entry => entry.Uri));
        }
        catch (Exception e) when (e is IOException or TaskErrorException)
        {
            return false; // nobody can tell: what made the publishing fail is what the user must see
        }
    }

    // What a published manifest names must stay; while nobody can tell, so must what it might name.
    private async ValueTask<bool> IsSomeoneElsesAsync(IReadOnlyList<Uri> objects)
    {
        try
        {
            var named = (await ObjectManifest.ReadAsync(_request.Store, _manifest, CancellationToken.None)).Entries.Select(entry => entry.Uri).ToHashSet();
            return !objects.Any(named.Contains);
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or TaskErrorException or TaskFailedException)
        {
            return false;
        }
    }

    private async ValueTask<IReadOnlyList<Uri>> NamedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return [.. (await ObjectManifest.ReadAsync(_request.Store, _manifest, cancellationToken)).Entries.Select(entry => entry.Uri)];
        }
        catch (Exception e) when (e is FileNotFoundException or TaskFailedException)
        {
            return [];
        }
    }

    // What another run has read is nowhere else: the mark is past it.
    private async ValueTask KeepOthersAsync(CancellationToken cancellationToken)
    {
        if (_request.Incremental is not { Owner: var owner })
        {
            return;
        }

        try
        {
            var there = await ObjectManifest.ReadAsync(_request.Store, _manifest, cancellationToken);
            if (there.Meta.Sluice?.Window?.Owner != owner)
            {
                throw new TaskFailedException(
                    $"{ObjectUri.Text(_manifest)} was written by {there.Meta.Sluice?.WrittenBy ?? "someone else"}: with Incremental each run needs a key of its own, such as one with {{{{ ts_nodash }}}} in it, since the rows of one run are not read again by the next.");
            }
        }
        catch (FileNotFoundException)
        {
            // The first.
        }
    }
}
