using System.Threading.Channels;
using Sluice.Authoring.Objects;

namespace Sluice.Authoring.Loading;

/// <summary>The objects of an extract that still runs, one after the other as they become whole, for a load that runs beside it.</summary>
/// <remarks>One extract fills it, one load reads it. The load has not read everything before the extract's manifest is published.</remarks>
public sealed class ObjectFeed
{
    // A load that keeps up waits for the next object as long as that takes: the first is whole at once, and the next never takes much longer than the one before.
    private const long FewestRows = 25_000;
    private const long Growth = 4; // by a quarter

    // Small enough that little is left to load when the last one is whole.
    private const long MostRows = 250_000;

    private readonly Channel<Uri> _objects = Channel.CreateUnbounded<Uri>(new() { SingleReader = true });

    private readonly Lock _sizes = new();
    private long _nextRows = FewestRows;

    /// <summary>What is known of the objects: with the first of them how they are written, and at the end the manifest that was published.</summary>
    internal ObjectManifest? Manifest { get; private set; }

    /// <summary>Why there will be no more objects; null when all have come, or may yet.</summary>
    public Exception? Error { get; private set; }

    /// <summary>How many rows to write into the object that is begun now, where the author says nothing. Safe for concurrent use.</summary>
    internal long NextRows()
    {
        lock (_sizes)
        {
            var rows = _nextRows;
            _nextRows = Math.Min(MostRows, rows + (rows / Growth));
            return rows;
        }
    }

    /// <summary>An object is whole.</summary>
    internal void Add(Uri uri, ManifestOrigin origin)
    {
        Manifest ??= new() { Entries = [], Meta = new(0, 0, origin) };
        _objects.Writer.TryWrite(uri);
    }

    /// <summary>All objects are whole, and published.</summary>
    internal void Complete(ObjectManifest published)
    {
        Manifest = published;
        _objects.Writer.TryComplete();
    }

    /// <summary>The extract has failed: so does the load, by the same error.</summary>
    internal void Fail(Exception error)
    {
        if (_objects.Writer.TryComplete(error))
        {
            Error = error;
        }
    }

    /// <summary>The objects as they come; ends when all of them are published.</summary>
    internal IAsyncEnumerable<Uri> ReadAllAsync(CancellationToken cancellationToken) => _objects.Reader.ReadAllAsync(cancellationToken);
}
