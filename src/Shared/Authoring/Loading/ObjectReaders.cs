using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Loading;

/// <summary>The objects of a load, one after the other; the next may be opened while the database still works at the one before. Not thread-safe.</summary>
/// <param name="load">What is loaded.</param>
/// <param name="keepsLines">See <see cref="CsvReader.KeepsLines"/>.</param>
/// <param name="cancellationToken">Stops the waiting and the reading.</param>
public sealed class ObjectReaders(TableLoad load, bool keepsLines, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private IAsyncEnumerator<Uri>? _arriving;
    private Task<OpenedObject?>? _next;

    /// <summary>Begins to open the next object: when the one before it is read to its end, so that no connection to the store waits for a database.</summary>
    public void OpenNext() => _next ??= OpenAsync();

    /// <summary>The next object, opened; the caller disposes its reader. Null when there are no more.</summary>
    public async ValueTask<OpenedObject?> NextAsync()
    {
        OpenNext();
        var next = _next!;
        _next = null;
        return await next;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync(); // an object that is waited for may never come
        if (_next is { } next)
        {
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (next is { IsCompletedSuccessfully: true, Result: { } opened })
            {
                await opened.Reader.DisposeAsync();
            }
        }

        if (_arriving is not null)
        {
            await _arriving.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task<OpenedObject?> OpenAsync()
    {
        _arriving ??= load.ArrivingAsync(_stop.Token).GetAsyncEnumerator(_stop.Token);
        return await _arriving.MoveNextAsync()
            ? new(_arriving.Current, new(await load.Store.OpenReadAsync(_arriving.Current, _stop.Token), load.Format) { KeepsLines = keepsLines })
            : null;
    }
}

/// <summary>An object at its beginning.</summary>
/// <param name="Source">Where it lies.</param>
/// <param name="Reader">Reads it.</param>
public sealed record OpenedObject(Uri Source, CsvReader Reader);
