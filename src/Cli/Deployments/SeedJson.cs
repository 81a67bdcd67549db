using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Cli.Deployments;

/// <summary>What a seed itself answers (nodes, actors, logs), in the snake case of the rest of the API.</summary>
internal static class SeedJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Spells the names of an answer in snake case.</summary>
    public static string Normalize(string answer)
    {
        try
        {
            return Normalize(JsonNode.Parse(answer))?.ToJsonString(Options) ?? "null";
        }
        catch (JsonException e)
        {
            throw NotUnderstood(e);
        }
    }

    /// <summary>Reads what <see cref="Normalize(string)"/> made.</summary>
    public static T Read<T>(string normalized)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(normalized, Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw NotUnderstood(e);
        }
    }

    private static JsonNode? Normalize(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(member =>
            KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Key), Normalize(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Normalize)]),
        _ => node?.DeepClone(),
    };

    private static DeploymentException NotUnderstood(JsonException e) =>
        new($"The deployment's answer is not understood ({e.Message}); is it the same version as this tool?");
}
