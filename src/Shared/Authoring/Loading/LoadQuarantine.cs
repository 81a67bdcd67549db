using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>Rows that a table refused, each as a line of JSON with its place and the reason, in an object that people can look into.</summary>
/// <param name="store">Where it goes.</param>
/// <param name="uri">The object; one that is there is replaced.</param>
/// <param name="limit">So many rows may be refused.</param>
public sealed class LoadQuarantine(IObjectStore store, Uri uri, long limit) : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private IObjectWrite? _write;

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
        _write ??= await store.OpenWriteAsync(uri, replace: true, cancellationToken);
        Count++;
        var line = JsonSerializer.Serialize(new { @object = ObjectUri.Text(source), record, reason, row }, Json);
        await _write.Body.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
        if (Count > limit)
        {
            throw new TaskFailedException(
                $"{Count} rows were refused, and {limit} may be. The last one is record {record} of {ObjectUri.Text(source)}: {reason}. They are in {ObjectUri.Text(uri)}.");
        }
    }

    /// <summary>Makes the object visible; when no row was refused, there is none, and one of an earlier attempt goes.</summary>
    public async ValueTask PublishAsync(CancellationToken cancellationToken)
    {
        if (_write is null)
        {
            await store.DeleteAsync(uri, cancellationToken);
            return;
        }

        await _write.CommitAsync(cancellationToken);
        await _write.DisposeAsync();
        _write = null;
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
