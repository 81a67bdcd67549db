using System.Text.Json.Nodes;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Watermarks;
using Sluice.Providers.All;

namespace Sluice.Providers.Tests;

/// <summary>Whatever an operator can be told in C# can be told it in YAML, and comes through the form in which Dags are stored.</summary>
public sealed class OperatorArgumentTests
{
    public static TheoryData<string> Operators => [.. BuiltInProviders.Catalog().Operators.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Operators))]
    public void Each_argument_is_read_and_written(string name)
    {
        var factory = new OperatorFactory(BuiltInProviders.Catalog());
        var type = BuiltInProviders.Catalog().FindOperator(name)!;
        foreach (var argument in OperatorArguments.Of(type))
        {
            var sample = Sample(argument.Property.PropertyType, OperatorArguments.ToJson(argument, Activator.CreateInstance(type)!));
            var written = OperatorArguments.Write(factory.Create(name, new JsonObject { [argument.Name] = sample.DeepClone() }.ToJsonString()), strict: true);

            Assert.True(JsonNode.DeepEquals(sample, JsonNode.Parse(written)![argument.Name]), $"{name}.{argument.Name}: {sample.ToJsonString()} came back in {written}");
        }
    }

    // Other than the default, which is not written.
    private static JsonNode Sample(Type type, JsonNode? standard)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(bool))
        {
            return JsonValue.Create(!(standard?.GetValue<bool>() ?? false));
        }

        if (type.IsEnum)
        {
            return JsonValue.Create(Enum.GetNames(type).Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName).Last(value => value != standard?.GetValue<string>()));
        }

        return 0 switch
        {
            _ when type == typeof(string) => JsonValue.Create("of {{ ds }}"),
            _ when type == typeof(TimeSpan) => JsonValue.Create("01:02:03"),
            _ when type == typeof(char) => JsonValue.Create(";"),
            _ when type.IsPrimitive || type == typeof(decimal) => JsonValue.Create(7),
            _ when type.IsAssignableTo(typeof(Operator)) => new JsonObject(
                type.IsAbstract
                    ? [KeyValuePair.Create<string, JsonNode?>("operator", "S3ToPostgresOperator"), KeyValuePair.Create<string, JsonNode?>("table", "t")]
                    : [KeyValuePair.Create<string, JsonNode?>("table", "t")]),
            _ when type == typeof(IncrementalColumn) => new JsonObject { ["column"] = "id", ["start"] = "1", ["overlap"] = "5", ["nulls"] = "skip" },
            _ when type.IsAssignableTo(typeof(IEnumerable<KeyValuePair<string, string>>)) || type.IsAssignableTo(typeof(IEnumerable<KeyValuePair<string, object?>>)) => new JsonObject { ["a"] = "b" },
            _ when type.IsAssignableTo(typeof(IEnumerable<string>)) => new JsonArray("a", "b"),
            _ when type.IsAssignableTo(typeof(System.Collections.IEnumerable)) && type.GetGenericArguments() is [{ IsEnum: true } item] => new JsonArray(Sample(item, (standard as JsonArray)?.FirstOrDefault())),
            _ when type.IsAssignableTo(typeof(System.Collections.IEnumerable)) => new JsonArray(7),
            _ => new JsonObject(),
        };
    }
}
