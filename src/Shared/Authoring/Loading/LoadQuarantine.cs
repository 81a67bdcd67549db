using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>Rows that a table refused, each as a line of JSON with its place and the reason, in an object that people can look into.</summary>
public sealed class LoadQuarantine : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IObjectStore _store;
    private readonly Uri _uri;
    private readonly long _limit;
    private IObjectWrite? _write;
    private bool _isPublished;

    private LoadQuarantine(IObjectStore store, Uri uri, long limit) => (_store, _uri, _limit) = (store, uri, limit);

    /// <summary>Rows refused so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a row.</summary>
    /// <param name="source">Its object.</param>
    /// <param name="record">Its number in that, counted from 1, a header included.</param>
    /// <param name="reason">Why it was refused.</param>
    /// <param name="row">As it stands there.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <exception cref="TaskFailedException">It is one more than may be.</exception>
    public async ValueTask AddAsync(Uri source, long record, string reason, string row, CancellationToken cancellationToken)
    {
        _write ??= await _store.OpenWriteAsync(_uri, replace: true, cancellationToken);
        Count++;
        var line = JsonSerializer.Serialize(new { @object = ObjectUri.Text(source), record, reason, row }, Json);
        await _write.Body.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
        if (Count > _limit)
        {
            throw new TaskFailedException(
                $"{Count} rows were refused, and {_limit} may be. The last one is record {record} of {ObjectUri.Text(source)}: {reason}. They are in {ObjectUri.Text(_uri)}.");
        }
    }

    /// <summary>Makes the object visible; when no row was refused, there is none, and one of an earlier attempt goes. Once; to be called before the load commits.</summary>
    public async ValueTask PublishAsync(CancellationToken cancellationToken)
    {
        if (_isPublished)
        {
            return;
        }

        if (_write is null)
        {
            await _store.DeleteAsync(_uri, cancellationToken);
        }
        else
        {
            await _write.CommitAsync(cancellationToken);
        }

        _isPublished = true;
    }

    /// <summary>Runs a load with a quarantine, if it has one. When the load fails the refused rows are published all the same: whoever looks into it needs them most then.</summary>
    public static async ValueTask<T> RunAsync<T>(TableLoad load, Func<LoadQuarantine?, ValueTask<T>> run)
    {
        if (load.Quarantine is not { } uri)
        {
            return await run(null);
        }

        await using var rejects = new LoadQuarantine(load.Store, uri, load.MaxRejected);
        try
        {
            return await run(rejects);
        }
        catch
        {
            await rejects.TryPublishAsync(load);
            throw;
        }
    }

    // The load's own error is the one to be told. One that refused nothing leaves what an earlier or a later attempt has published.
    private async ValueTask TryPublishAsync(TableLoad load)
    {
        if (Count == 0)
        {
            return;
        }

        try
        {
            await PublishAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or TaskErrorException or TaskFailedException)
        {
            load.Log?.Invoke($"The refused rows could not be kept in {ObjectUri.Text(_uri)}: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_write is not null)
        {
            await _write.DisposeAsync();
        }
    }
}
