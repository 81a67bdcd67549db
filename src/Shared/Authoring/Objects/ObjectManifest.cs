using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Objects;

/// <summary>The objects of one extract: what is named here belongs together, what is not does not count. Redshift's COPY reads it too.</summary>
/// <remarks>
/// JSON in the shape that Redshift's UNLOAD writes (<c>entries</c> with <c>url</c>, <c>mandatory</c> and <c>meta.content_length</c>); what
/// Sluice adds stands under <c>meta.sluice</c>.
/// </remarks>
public sealed record ObjectManifest
{
    /// <summary>Ending of the key of a manifest.</summary>
    public const string Ending = ".manifest";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>In the order in which they are loaded.</summary>
    public required IReadOnlyList<ManifestEntry> Entries { get; init; }

    /// <summary>All of them together.</summary>
    public required ManifestMeta Meta { get; init; }

    /// <summary>True when a key is named as manifests are.</summary>
    public static bool IsNamedSo(Uri uri) => uri.AbsolutePath.EndsWith(Ending, StringComparison.Ordinal);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="TaskFailedException">It is none.</exception>
    public static async ValueTask<ObjectManifest> ReadAsync(IObjectStore store, Uri uri, CancellationToken cancellationToken)
    {
        await using var body = await store.OpenReadAsync(uri, cancellationToken);
        try
        {
            return await JsonSerializer.DeserializeAsync<ObjectManifest>(body, Json, cancellationToken)
                ?? throw new JsonException("it holds null.");
        }
        catch (JsonException e)
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)} is no manifest: {e.Message}", e);
        }
    }

    /// <summary>As it is stored.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}

/// <summary>One object.</summary>
/// <param name="Url">As COPY reads it: <c>s3://bucket/key</c>, nothing encoded.</param>
/// <param name="Mandatory">A load fails when the object is missing.</param>
/// <param name="Meta">Its size.</param>
public sealed record ManifestEntry(string Url, bool Mandatory, ManifestEntryMeta Meta)
{
    /// <summary>Where it lies.</summary>
    [JsonIgnore]
    public Uri Uri => ObjectUri.Parse(Url);
}

/// <summary>Size of an object.</summary>
/// <param name="ContentLength">Bytes as they are stored.</param>
/// <param name="RecordCount">Rows, without a header.</param>
public sealed record ManifestEntryMeta(long ContentLength, long RecordCount);

/// <summary>Size of all objects, and what Sluice knows of them.</summary>
/// <param name="ContentLength">Bytes as they are stored.</param>
/// <param name="RecordCount">Rows, without headers.</param>
/// <param name="Sluice">How they are written and what was seen in them; null in a manifest that someone else wrote.</param>
public sealed record ManifestMeta(long ContentLength, long RecordCount, ManifestOrigin? Sluice = null);

/// <summary>How the objects of a manifest came to be.</summary>
public sealed record ManifestOrigin
{
    /// <summary>csv or jsonl.</summary>
    public required string Format { get; init; }

    /// <summary>How CSV is written; null for JSON lines.</summary>
    public CsvFormat? Csv { get; init; }

    /// <summary>Compressed with gzip.</summary>
    public bool Gzip { get; init; }

    /// <summary>Columns of the objects, in their order.</summary>
    public IReadOnlyList<ManifestColumn> Columns { get; init; } = [];

    /// <summary>The attempt that wrote them: run, task, try.</summary>
    public required string WrittenBy { get; init; }

    /// <summary>Which rows were read; null for all of the query.</summary>
    public ManifestWindow? Window { get; init; }

    /// <summary>What was seen of the rows when they left the source; null when it was not asked for.</summary>
    public RowEvidence? Evidence { get; init; }
}

/// <summary>Which rows an incremental extract read.</summary>
/// <param name="Column">The column of its watermark.</param>
/// <param name="From">Exclusive; null for the beginning.</param>
/// <param name="To">Inclusive; null when there were no rows.</param>
/// <param name="Owner">The run, for good.</param>
public sealed record ManifestWindow(string Column, string? From, string? To, string Owner);

/// <summary>A column of the objects.</summary>
/// <param name="Name">As the query names it.</param>
/// <param name="Type">The source's own type name.</param>
/// <param name="Kind">What its values are.</param>
public sealed record ManifestColumn(string Name, string Type, [property: JsonConverter(typeof(JsonStringEnumConverter<SqlColumnKind>))] SqlColumnKind Kind);
