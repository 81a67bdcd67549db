using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Execution;

/// <summary>What an attempt's templates and mapped arguments came to, for people to look at afterwards.</summary>
public static class RenderedFields
{
    /// <summary>Longest value that is kept, in characters; of longer ones the beginning.</summary>
    public const int LongestValue = 4096;

    /// <summary>Most that is kept of one attempt, in characters of JSON.</summary>
    public const int MostOfAll = 16 * 1024;

    private const int LongestUncut = 1024 * 1024;

    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The templated arguments as a JSON object, secrets in them and all: for <see cref="Shorten"/> and nobody else.</summary>
    /// <param name="op">Rendered.</param>
    internal static string Write(Operator op)
    {
        var fields = new JsonObject();
        foreach (var argument in OperatorArguments.Of(op.GetType()).Where(x => x.IsTemplate))
        {
            try
            {
                if (OperatorArguments.ToShownJson(argument, op) is { } value)
                {
                    // Never cut here: half a secret would not be found any more.
                    var length = value.ToJsonString(Options).Length;
                    fields[argument.Name] = length > LongestUncut ? $"({length} characters)" : value;
                }
            }
            catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException or System.Reflection.TargetInvocationException)
            {
                // An author's own type without a JSON form; the others are shown.
            }
        }

        return fields.ToJsonString(Options);
    }

    /// <summary>Masks secrets, then cuts what is long.</summary>
    /// <param name="json">As <see cref="Write"/> made it.</param>
    /// <param name="mask">Takes secrets out of a text.</param>
    /// <returns>Null when that is no JSON object: it comes from a process that runs the author's code.</returns>
    public static string? Shorten(string json, Func<string, string> mask)
    {
        JsonObject? fields;
        try
        {
            fields = JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            fields = null;
        }

        if (fields is null)
        {
            return null;
        }

        var (shortened, room) = (new JsonObject(), MostOfAll);
        foreach (var (name, value) in fields)
        {
            var masked = Masked(value, mask);
            var text = masked is JsonValue plain && plain.TryGetValue<string>(out var given) ? given : masked?.ToJsonString(Options) ?? "null";
            var keep = Math.Min(LongestValue, room);
            shortened[name] = text.Length <= keep ? masked : $"{text[..keep]}... ({text.Length} characters)";
            room -= Math.Min(text.Length, keep);
        }

        return shortened.ToJsonString(Options);
    }

    /// <summary>The same value with each text masked; names stay.</summary>
    internal static JsonNode? Masked(JsonNode? value, Func<string, string> mask) => value switch
    {
        JsonValue text when text.TryGetValue<string>(out var plain) => JsonValue.Create(mask(plain)),
        JsonArray list => new JsonArray([.. list.Select(x => Masked(x, mask))]),
        JsonObject pairs => new JsonObject(pairs.Select(x => KeyValuePair.Create(x.Key, Masked(x.Value, mask)))),
        _ => value?.DeepClone(),
    };
}
