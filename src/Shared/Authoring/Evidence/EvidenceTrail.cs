using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sluice.Authoring.Evidence;

/// <summary>What an attempt has seen of the rows that it moves, place by place. It is kept with the attempt, whether that succeeds or fails.</summary>
/// <remarks>Thread-safe: an operator that was left behind may still write to it.</remarks>
public sealed class EvidenceTrail
{
    /// <summary>What the database that the rows come from says of them itself.</summary>
    public const string Source = "source";

    /// <summary>What the extract saw of the rows on their way: the manifest tells it.</summary>
    public const string Manifest = "manifest";

    /// <summary>The objects as the load read them.</summary>
    public const string Objects = "objects";

    /// <summary>What was to be written, after duplicates were removed.</summary>
    public const string Merged = "merged";

    /// <summary>The table at the end, before the commit.</summary>
    public const string Target = "target";

    private const int MostColumns = 300;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock _gate = new();
    private readonly List<EvidencePlace> _places = [];
    private readonly List<EvidencePair> _pairs = [];

    /// <summary>True while nothing was seen.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _places.Count == 0;
            }
        }
    }

    /// <summary>Keeps what was seen in a place; what was seen there before is replaced.</summary>
    /// <param name="place">One of the names above, or one of the author's own.</param>
    /// <param name="seen">What was seen.</param>
    /// <param name="what">The place in words, such as <c>table orders</c>; null for its name.</param>
    public void See(string place, RowEvidence seen, string? what = null)
    {
        lock (_gate)
        {
            var known = new EvidencePlace(place, what, seen.Rows, seen.Hash, seen.Columns.Count > MostColumns ? [.. seen.Columns.Take(MostColumns)] : seen.Columns)
            {
                ColumnsLeftOut = Math.Max(0, seen.Columns.Count - MostColumns),
            };
            if (_places.FindIndex(one => one.Name == place) is >= 0 and var at)
            {
                _places[at] = known;
            }
            else
            {
                _places.Add(known);
            }
        }
    }

    /// <summary>Keeps what was seen in two places, and fails the attempt when they differ.</summary>
    /// <exception cref="Operators.TaskFailedException">They differ; tells the first differences.</exception>
    public void Require(string one, string oneInWords, RowEvidence a, string other, string otherInWords, RowEvidence b)
    {
        See(one, a, oneInWords);
        See(other, b, otherInWords);
        var differences = EvidenceComparison.Differences(oneInWords, a, otherInWords, b);
        Differ(one, other, differences);
        EvidenceComparison.Require(differences);
    }

    /// <summary>Keeps that two places were compared.</summary>
    /// <param name="one">First place.</param>
    /// <param name="other">Second place.</param>
    /// <param name="differences">Each as a sentence; none when they agree.</param>
    public void Differ(string one, string other, IReadOnlyList<string> differences)
    {
        lock (_gate)
        {
            _pairs.RemoveAll(pair => pair.One == one && pair.Other == other);
            _pairs.Add(new(one, other, differences.Count > MostColumns ? [.. differences.Take(MostColumns)] : [.. differences]));
        }
    }

    /// <summary>As JSON; null while nothing was seen.</summary>
    internal string? Write()
    {
        lock (_gate)
        {
            return _places.Count == 0 ? null : JsonSerializer.Serialize(new EvidenceRecord(_places, _pairs), Json);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static EvidenceRecord Read(string json) => JsonSerializer.Deserialize<EvidenceRecord>(json, Json) ?? throw new JsonException("It holds null.");
}
