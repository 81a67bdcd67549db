using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.XComs;

/// <summary>XCom values as JSON: names in snake case, non-ASCII text unescaped.</summary>
public static class XComJson
{
    /// <summary>Longest value, in characters of its JSON.</summary>
    public const int MaxLength = 4 * 1024 * 1024;

    /// <summary>Longest that all values of an attempt may be together, in characters of their JSON.</summary>
    public const int MaxTogether = 2 * MaxLength;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes a value as JSON.</summary>
    /// <exception cref="TaskFailedException">The value has no JSON form.</exception>
    public static string Serialize(string key, object? value)
    {
        try
        {
            return JsonSerializer.Serialize(value, Options);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new TaskFailedException($"XCom '{key}' of type {value?.GetType().Name} cannot be written as JSON: {e.Message}", e);
        }
    }

    /// <summary>Reads a value back.</summary>
    public static T? Deserialize<T>(string json) => JsonSerializer.Deserialize<T>(json, Options);
}
