using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.Core.HumanInput;

/// <summary>Questions and answers as they are stored.</summary>
public static class HumanInputJson
{
    public static string Serialize(HumanQuestion question) => JsonSerializer.Serialize(question, HumanInputJsonContext.Default.HumanQuestion);

    public static string Serialize(HumanAnswer answer) => JsonSerializer.Serialize(answer, HumanInputJsonContext.Default.HumanAnswer);

    public static HumanQuestion DeserializeQuestion(string json) => JsonSerializer.Deserialize(json, HumanInputJsonContext.Default.HumanQuestion)!;

    public static HumanAnswer DeserializeAnswer(string json) => JsonSerializer.Deserialize(json, HumanInputJsonContext.Default.HumanAnswer)!;
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HumanQuestion))]
[JsonSerializable(typeof(HumanAnswer))]
internal sealed partial class HumanInputJsonContext : JsonSerializerContext;
