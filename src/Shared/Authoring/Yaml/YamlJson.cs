using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>YAML values as JSON. Plain scalars that read as JSON numbers, true, false or null are those; all else is text.</summary>
internal sealed partial class YamlJson
{
    // Anchors may be used in each other: a few lines of them would stand for billions of values.
    private const int MostNodes = 100_000;

    private int _nodes;

    /// <exception cref="YamlException">More values than any Dag has use for.</exception>
    public JsonNode? Convert(YamlNode node)
    {
        if (++_nodes > MostNodes)
        {
            throw new YamlException(node.Start, node.End, $"The file holds more than {MostNodes} values.");
        }

        return node switch
        {
            YamlScalarNode scalar => Scalar(scalar),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
            YamlMappingNode mapping => Mapping(mapping),
            _ => throw new YamlException(node.Start, node.End, "An anchor is used inside itself."),
        };
    }

    private JsonObject Mapping(YamlMappingNode mapping)
    {
        var written = new JsonObject();
        foreach (var (key, value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name })
            {
                throw new YamlException(key.Start, key.End, "A name must be text.");
            }

            written.Add(name, Convert(value));
        }

        return written;
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" => null,
            "true" or "True" => JsonValue.Create(true),
            "false" or "False" => JsonValue.Create(false),
            _ when Number().IsMatch(text) => JsonNode.Parse(text),
            _ => JsonValue.Create(text),
        };
    }

    [GeneratedRegex(@"^-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?\z")]
    private static partial Regex Number();
}
