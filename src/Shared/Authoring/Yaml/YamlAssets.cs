using Sluice.Core.Assets;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>
/// Assets in YAML: a name, or a mapping with <c>asset</c> (and <c>uri</c>, <c>extra</c>) or <c>alias</c>; in a schedule also mappings with <c>all</c> or
/// <c>any</c>, and lists, which mean all.
/// </summary>
internal static class YamlAssets
{
    private const string Forms = "An asset is its name, {asset: NAME, uri: URI, extra: {...}} or {alias: NAME}";

    /// <summary>What a schedule is told that has nothing where its assets should be.</summary>
    public const string Missing = "assets of a schedule names no asset.";

    /// <summary>Outlets or inlets: one, or a list.</summary>
    public static IEnumerable<NamedAsset> Several(YamlFields owner, string field)
    {
        var node = owner.Node(field);
        foreach (var item in node is YamlSequenceNode list ? list.Children : node is null ? [] : [node])
        {
            if (Read(owner, item) is NamedAsset asset)
            {
                yield return asset;
            }
        }
    }

    public static AssetExpression? Expression(YamlFields owner, YamlNode node)
    {
        if (node is YamlSequenceNode list)
        {
            if (list.Children.Count == 0)
            {
                owner.Problem(list, Missing);
            }

            return Parts(owner, list) is { Count: > 0 } parts ? parts is [var only] ? only : new AllOfAssets(parts) : null;
        }

        if (node is YamlMappingNode { Children: [var (key, value)] } && key is YamlScalarNode { Value: "all" or "any" } group)
        {
            if (value is not YamlSequenceNode of)
            {
                owner.Problem(value, $"{group.Value} of assets must be a list.");
                return null;
            }

            var parts = Parts(owner, of);
            return group.Value == "all" ? new AllOfAssets(parts) : new AnyOfAssets(parts);
        }

        return Read(owner, node, "; several are {all: [...]} or {any: [...]}");
    }

    private static List<AssetExpression> Parts(YamlFields owner, YamlSequenceNode list) =>
        [.. list.Children.Select(part => Expression(owner, part)).OfType<AssetExpression>()];

    private static NamedAsset? Read(YamlFields owner, YamlNode node, string more = "")
    {
        switch (node)
        {
            case YamlScalarNode { Value: { } name }:
                return new Asset(name);

            case YamlMappingNode mapping when owner.Of(mapping, "the asset") is var fields && (fields.Has("asset") != fields.Has("alias")):
                NamedAsset? read;
                if (fields.Has("alias"))
                {
                    read = fields.Text("alias") is { } alias ? new AssetAlias(alias) : null;
                }
                else
                {
                    var (name, uri) = (fields.Text("asset"), fields.Text("uri"));
                    var extra = fields.Node("extra") is { } given ? new YamlJson().Convert(given)?.ToJsonString() : null;
                    read = name is null ? null : new Asset(name, uri, extra);
                }

                fields.RefuseOthers();
                return read;

            default:
                owner.Problem(node, Forms + more + ".");
                return null;
        }
    }
}
