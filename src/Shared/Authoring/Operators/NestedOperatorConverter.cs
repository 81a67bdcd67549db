using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sluice.Authoring.Operators;

/// <summary>An operator that is an argument of another: its own arguments as an object; where its class is open, the key <c>operator</c> names it.</summary>
internal sealed class NestedOperatorConverter : JsonConverterFactory
{
    private const string Name = "operator";

    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsAssignableTo(typeof(Operator));

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert))!;

    private sealed class Converter<T> : JsonConverter<T>
        where T : Operator
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var arguments = JsonNode.Parse(ref reader) as JsonObject ?? throw new JsonException();
            var type = typeof(T);
            if (type.IsAbstract)
            {
                var named = arguments[Name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
                var known = type.Assembly.GetExportedTypes().Where(one => one is { IsAbstract: false } && one.IsAssignableTo(type)).ToList();
                type = known.Find(one => one.Name == named) ?? throw new OperatorArgumentException(
                    Name,
                    (named is null ? "'operator' is missing" : $"There is no operator '{named}' here") + $"; use one of {string.Join(", ", known.Select(one => one.Name).Order(StringComparer.Ordinal))}.");
                arguments.Remove(Name);
            }

            var nested = (T)Activator.CreateInstance(type)!;
            OperatorArguments.Read(arguments, nested);
            return nested;
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            var arguments = JsonNode.Parse(OperatorArguments.Write(value, strict: true))!.AsObject();
            if (typeof(T).IsAbstract)
            {
                arguments.Insert(0, Name, value.GetType().Name);
            }

            arguments.WriteTo(writer, options);
        }
    }
}
