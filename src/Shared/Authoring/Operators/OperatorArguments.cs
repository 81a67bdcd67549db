using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sluice.Authoring.Operators;

/// <summary>An operator's arguments as JSON: its public settable properties by their names in snake case; what equals its default is left out.</summary>
internal static class OperatorArguments
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false), new DurationConverter(), new TextConverter(), new NestedOperatorConverter() },
    };

    // Weak keys: classes of Dag files come and go with their bundles.
    private static readonly ConditionalWeakTable<Type, OperatorArgument[]> Known = [];

    /// <summary>The arguments of an operator class, in order of declaration.</summary>
    public static IReadOnlyList<OperatorArgument> Of(Type type) => Known.GetValue(type, Find);

    /// <summary>Writes an operator's arguments.</summary>
    /// <param name="op">The operator, templates unrendered.</param>
    /// <param name="strict">False leaves out what has no JSON form instead of refusing it: code of the author's own keeps it in memory.</param>
    /// <exception cref="OperatorArgumentException">An argument has no JSON form.</exception>
    public static string Write(Operator op, bool strict)
    {
        var type = op.GetType();
        var defaults = type.GetConstructor(Type.EmptyTypes) is { } create && strict ? create.Invoke(null) : null;
        var written = new JsonObject();
        foreach (var argument in Of(type))
        {
            try
            {
                var value = ToJson(argument, op);
                if (value is not null && (defaults is null || !JsonNode.DeepEquals(value, ToJson(argument, defaults))))
                {
                    written.Add(argument.Name, value);
                }
            }
            catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException or TargetInvocationException)
            {
                if (strict)
                {
                    throw new OperatorArgumentException(argument.Name, $"Argument {argument.Name} of {type.Name} cannot be written as JSON: {e.Message}", e);
                }
            }
        }

        return written.ToJsonString(Options);
    }

    /// <summary>Sets an operator's arguments.</summary>
    /// <exception cref="OperatorArgumentException">An argument is unknown or of the wrong kind.</exception>
    public static void Read(JsonObject arguments, Operator op)
    {
        var type = op.GetType();
        foreach (var (name, value) in arguments)
        {
            var argument = Of(type).FirstOrDefault(a => a.Name == name)
                ?? throw new OperatorArgumentException(
                    name, $"{type.Name} has no argument '{name}'; it knows: {string.Join(", ", Of(type).Select(a => a.Name))}.");
            try
            {
                argument.Property.SetValue(op, value.Deserialize(argument.Property.PropertyType, Options));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException or FormatException or TargetInvocationException)
            {
                throw new OperatorArgumentException(
                    name, $"Argument '{name}' of {type.Name} cannot be {value?.ToJsonString(Options) ?? "null"}: {Expected(argument.Property.PropertyType)}.", e);
            }
        }
    }

    public static JsonNode? ToJson(OperatorArgument argument, object op) =>
        JsonSerializer.SerializeToNode(argument.Property.GetValue(op), argument.Property.PropertyType, Options);

    /// <summary>As people may see it: secrets, those of operators inside too, are stars.</summary>
    public static JsonNode? ToShownJson(OperatorArgument argument, object op) => (argument.Property.GetValue(op), ToJson(argument, op)) switch
    {
        (null, var none) => none,
        (_, not null) when argument.IsSecret => JsonValue.Create("***"),
        (Operator nested, JsonObject json) => HideSecrets(nested, json),
        (_, var json) => json,
    };

    /// <summary>Values of an operator's secret arguments, those of operators inside too.</summary>
    public static IEnumerable<string> Secrets(Operator op) => Of(op.GetType()).SelectMany(argument => argument.Property.GetValue(op) switch
    {
        string { Length: > 0 } text when argument.IsSecret => [text],
        Operator nested => Secrets(nested),
        _ => [],
    });

    private static JsonObject HideSecrets(Operator op, JsonObject json)
    {
        foreach (var argument in Of(op.GetType()).Where(argument => json[argument.Name] is not null))
        {
            json[argument.Name] = ToShownJson(argument, op);
        }

        return json;
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            { IsEnum: true } => $"use one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}",
            _ when type == typeof(bool) => "use true or false",
            _ when type == typeof(TimeSpan) => "use a duration such as 30s, 5m, 1h or 00:05:00",
            _ when type == typeof(string) => "use text",
            { IsPrimitive: true } => "use a number",
            _ when type.IsAssignableTo(typeof(System.Collections.IEnumerable)) => "use a list, or names with values",
            { IsClass: true } when type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).ToList() is { Count: > 0 } parts =>
                $"use names with values: {string.Join(", ", parts.Select(part => Snake(part.Name) + (part.IsDefined(typeof(RequiredMemberAttribute)) ? " (needed)" : "")))}",
            _ => $"it does not fit {type.Name}",
        };
    }

    private static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static OperatorArgument[] Find(Type type) =>
    [
        .. from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
           where property is { CanRead: true, CanWrite: true } && property.SetMethod!.IsPublic && property.GetIndexParameters().Length == 0
           where property.GetCustomAttribute<JsonIgnoreAttribute>() is null
           orderby property.MetadataToken
           select new OperatorArgument(
               JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property, property.GetCustomAttribute<TemplatedAttribute>(inherit: true)?.Extensions,
               property.GetCustomAttribute<SecretAttribute>(inherit: true) is not null),
    ];

    private sealed class DurationConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && Duration.TryParse(reader.GetString()!, out var duration)
                ? duration
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString("c", CultureInfo.InvariantCulture));
    }

    // YAML has no quotes to tell the text 2021 from the number: where text is wanted, a number's digits are its text.
    private sealed class TextConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => JsonElement.ParseValue(ref reader).GetRawText(),
            _ => throw new JsonException(),
        };

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}

/// <summary>One argument of an operator class.</summary>
/// <param name="Name">In snake case.</param>
/// <param name="Property">Where it is kept.</param>
/// <param name="TemplateExtensions">Endings of the names of template files; null when the argument is no template.</param>
/// <param name="IsSecret">Nobody is shown its value.</param>
internal sealed record OperatorArgument(string Name, PropertyInfo Property, IReadOnlyList<string>? TemplateExtensions, bool IsSecret)
{
    /// <summary>Rendered before the operator runs.</summary>
    public bool IsTemplate => TemplateExtensions is not null;

    public IReadOnlyList<string> Extensions => TemplateExtensions ?? [];
}

/// <summary>An operator was given an argument that it cannot take.</summary>
/// <param name="argument">In snake case.</param>
/// <param name="message">What is wrong and what would be right.</param>
/// <param name="inner">What led to it.</param>
public sealed class OperatorArgumentException(string argument, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The argument, in snake case.</summary>
    public string Argument { get; } = argument;
}
