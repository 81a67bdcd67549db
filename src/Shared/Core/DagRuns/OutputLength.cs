using System.Text;
using System.Text.Json;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>How many instances an output makes when a task is mapped over it.</summary>
public static class OutputLength
{
    /// <summary>Elements of an array or properties of an object; null when it is neither.</summary>
    public static int? Of(XCom output) => output.Object is { } elsewhere ? elsewhere.Length : Of(output.Value);

    /// <inheritdoc cref="Of(XCom)"/>
    public static int? Of(string json)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
            if (!reader.Read() || reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            {
                return null;
            }

            var isObject = reader.TokenType == JsonTokenType.StartObject;
            var count = 0;
            while (reader.Read() && reader.CurrentDepth > 0)
            {
                count++;
                if (isObject)
                {
                    reader.Read();
                }

                reader.Skip();
            }

            return count;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
