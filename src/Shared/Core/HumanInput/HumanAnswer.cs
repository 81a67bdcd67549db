using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Core.HumanInput;

/// <summary>A person's answer to a <see cref="HumanQuestion"/>.</summary>
public sealed record HumanAnswer
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What was chosen.</summary>
    public required IReadOnlyList<string> Options { get; init; }

    /// <summary>JSON object of what was filled in.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>Who; null: nobody did in time, and the defaults were taken.</summary>
    public string? By { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why.</summary>
    public string? Note { get; init; }

    /// <summary>What the task returns.</summary>
    public string ToJson() => new JsonObject
    {
        ["chosen_options"] = new JsonArray([.. Options.Select(option => JsonValue.Create(option))]),
        ["params_input"] = JsonNode.Parse(Params),
        ["responded_at"] = At.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz", CultureInfo.InvariantCulture),
        ["responded_by"] = By,
        ["note"] = Note,
    }.ToJsonString(Readable);
}
