using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>The objects that a load reads.</summary>
/// <param name="Uris">In order.</param>
/// <param name="Manifest">What named them; null when they were found by their keys.</param>
internal sealed partial record LoadObjects(IReadOnlyList<Uri> Uris, ObjectManifest? Manifest)
{
    /// <summary>How they are written, as the manifest says; null when it does not.</summary>
    internal CsvFormat? Csv => Manifest?.Meta?.Sluice?.Csv;

    /// <summary>Finds them.</summary>
    /// <param name="store">Where they lie.</param>
    /// <param name="uri">An object, a manifest, or what their keys begin with.</param>
    /// <param name="quarantine">The load's own object of refused rows, which is none of them; null when it has none.</param>
    /// <param name="log">Takes lines about what is passed over; null for nobody.</param>
    /// <param name="cancellationToken">Cancels the looking.</param>
    /// <exception cref="TaskErrorException">There is nothing.</exception>
    /// <exception cref="TaskFailedException">There are both objects and manifests by this name, or the objects are no CSV.</exception>
    internal static async ValueTask<LoadObjects> FindAsync(IObjectStore store, Uri uri, Uri? quarantine, Action<string>? log, CancellationToken cancellationToken)
    {
        if (ObjectManifest.IsNamedSo(uri))
        {
            return await store.HeadAsync(uri, cancellationToken) is null
                ? throw new TaskErrorException($"There is no manifest {ObjectUri.Text(uri)}.")
                : await ReadAsync(store, uri, cancellationToken);
        }

        if (uri.AbsolutePath.EndsWith('/'))
        {
            return await ListAsync(store, uri, quarantine, log, cancellationToken);
        }

        var manifest = ObjectUri.Parse(ObjectUri.Text(uri) + ObjectManifest.Ending);
        var hasManifest = await store.HeadAsync(manifest, cancellationToken) is not null;
        var hasObject = await store.HeadAsync(uri, cancellationToken) is not null;
        return (hasManifest, hasObject) switch
        {
            (true, true) => throw new TaskFailedException(
                $"There is both {ObjectUri.Text(uri)} and {ObjectUri.Text(manifest)}, from extracts of different kinds; delete one, or name the manifest."),
            (true, false) => await ReadAsync(store, manifest, cancellationToken),
            (false, true) => new([uri], null),
            _ => await ListAsync(store, uri, quarantine, log, cancellationToken),
        };
    }

    private static async ValueTask<LoadObjects> ReadAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        var manifest = await ObjectManifest.ReadAsync(store, uri, cancellationToken);
        return manifest.Meta?.Sluice is { Format: not "csv" } other
            ? throw new TaskFailedException($"The objects of {ObjectUri.Text(uri)} are {other.Format}; only CSV can be loaded.")
            : new([.. manifest.Entries.Select(entry => entry.Uri)], manifest);
    }

    // What an extract published is what its manifest names: other parts are of attempts that were killed, or that a later one superseded.
    private static async ValueTask<LoadObjects> ListAsync(IObjectStore store, Uri uri, Uri? quarantine, Action<string>? log, CancellationToken cancellationToken)
    {
        var (manifests, loose) = (new List<(Uri Uri, ObjectManifest Manifest)>(), new List<Uri>());
        var (parts, lines) = (new List<Uri>(), 0);
        await foreach (var one in store.ListAsync(uri, cancellationToken))
        {
            var key = ObjectUri.Key(one.Uri);
            if (ObjectManifest.IsNamedSo(one.Uri))
            {
                if (await TryReadAsync(store, one.Uri, cancellationToken) is { } manifest)
                {
                    manifests.Add((one.Uri, manifest));
                }
            }
            else if (Part().IsMatch(key))
            {
                parts.Add(one.Uri);
            }
            else if (one.Uri != quarantine && !JsonLines().IsMatch(key))
            {
                loose.Add(one.Uri);
            }
            else
            {
                lines++;
            }
        }

        var named = manifests.SelectMany(one => one.Manifest.Entries.Select(entry => entry.Uri)).ToHashSet();
        Tell(log, parts.Count(part => !named.Contains(part)), "parts that no manifest names: an extract that was stopped or superseded left them");
        Tell(log, lines, "objects of JSON lines, such as refused rows: only CSV is loaded");
        return (manifests.Count, loose.Count) switch
        {
            (0, 0) => throw new TaskErrorException(
                $"There is no object {ObjectUri.Text(uri)}, and none whose key begins so{(parts.Count > 0 ? $" but {parts.Count} parts that no manifest names: no extract has published them" : "")}."),
            (0, _) => new(loose, null),
            (1, 0) => new([.. manifests[0].Manifest.Entries.Select(entry => entry.Uri)], manifests[0].Manifest),
            (_, 0) => Together(uri, manifests),
            _ => throw new TaskFailedException(
                $"Below {ObjectUri.Text(uri)} there are both objects that {ObjectUri.Text(manifests[0].Uri)} names and others, such as {ObjectUri.Text(loose[0])}, "
                + "from extracts of different kinds; delete one kind, or load them one after the other."),
        };
    }

    // A COPY that runs at this moment, or that was killed, has a manifest of its own, which only lists what it reads.
    private static async ValueTask<ObjectManifest?> TryReadAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            return await ObjectManifest.ReadAsync(store, uri, cancellationToken) is { Meta.Sluice: { } origin } manifest
                ? origin.Format == "csv" ? manifest : throw new TaskFailedException($"The objects of {ObjectUri.Text(uri)} are {origin.Format}; only CSV can be loaded.")
                : null;
        }
        catch (Exception e) when (e is FileNotFoundException or TaskFailedException { InnerException: System.Text.Json.JsonException })
        {
            return null;
        }
    }

    // One format for all; of their evidence each would have to be compared by itself.
    private static LoadObjects Together(Uri uri, List<(Uri Uri, ObjectManifest Manifest)> manifests)
    {
        var first = manifests[0].Manifest.Meta.Sluice!;
        if (manifests.Find(one => one.Manifest.Meta.Sluice!.Csv != first.Csv) is { Manifest: not null } other)
        {
            throw new TaskFailedException(
                $"Below {ObjectUri.Text(uri)} the objects of {ObjectUri.Text(manifests[0].Uri)} and those of {ObjectUri.Text(other.Uri)} are written differently; load them one after the other.");
        }

        if (first.Csv is { Header: false } && manifests.Find(one => !Names(one.Manifest).SequenceEqual(Names(manifests[0].Manifest))) is { Manifest: not null } odd)
        {
            throw new TaskFailedException(
                $"Below {ObjectUri.Text(uri)} the objects of {ObjectUri.Text(manifests[0].Uri)} and those of {ObjectUri.Text(odd.Uri)} have different columns, and no header that tells which is which; load them one after the other.");
        }

        var entries = manifests.SelectMany(one => one.Manifest.Entries).ToList();
        var all = manifests[0].Manifest with
        {
            Entries = entries,
            Meta = new(entries.Sum(entry => entry.Meta.ContentLength), entries.Sum(entry => entry.Meta.RecordCount), first with { Evidence = null }),
        };
        return new([.. entries.Select(entry => entry.Uri)], all);
    }

    private static IEnumerable<string> Names(ObjectManifest manifest) => manifest.Meta.Sluice!.Columns.Select(column => column.Name);

    private static void Tell(Action<string>? log, int count, string what)
    {
        if (count > 0)
        {
            log?.Invoke($"Passed over {count} {what}.");
        }
    }

    // Below an attempt's own name lies nothing else: parts as Sluice or as Redshift names them, and Redshift's list of them.
    [GeneratedRegex(@"\.parts/[0-9a-f]{32}/[^/]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    [GeneratedRegex(@"\.jsonl(\.gz)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex JsonLines();
}
