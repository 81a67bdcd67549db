using Sluice.Authoring.Dags;
using Sluice.Core.Dags;
using YamlDotNet.RepresentationModel;

namespace Sluice.Authoring.Yaml;

/// <summary>Reads what tasks and groups are mapped over: <c>expand</c> with a list or a task's output for each argument, or <c>expand_kwargs</c>.</summary>
/// <remarks>Linked at the end, when every task is known.</remarks>
internal sealed class YamlMaps(YamlJson json)
{
    private readonly List<Pending> _pending = [];

    /// <summary>Takes note of a task's map.</summary>
    public void Read(TaskNode task, string prefix, YamlFields item) => Note(new(task, null, prefix, item), item);

    /// <summary>Takes note of a group's map.</summary>
    public void Read(TaskGroup group, GroupBuilder scope, string prefix, YamlFields item) => Note(new(group, scope, prefix, item), item);

    /// <summary>Links everything to what it is mapped over.</summary>
    /// <param name="find">Finds a task or group by name, from the group in which the name is written.</param>
    public void Link(Func<string, string, IDagNode?> find)
    {
        foreach (var map in _pending)
        {
            var origins = new List<MapOrigin>();
            foreach (var (argument, value) in map.Sources)
            {
                if (Origin(map, argument, value, find) is { } origin)
                {
                    origins.Add(origin);
                }
            }

            if (origins.Count < map.Sources.Count)
            {
                continue;
            }

            var mapping = new Mapping(map.Mode, map.Fill, origins, map.Node as TaskGroup);
            if (map.Node is TaskNode task)
            {
                task.Scope.LinkMapped(task, mapping);
                continue;
            }

            map.Scope!.Mapping = mapping;
            foreach (var origin in origins)
            {
                if (origin.Task is { } producer)
                {
                    Dependencies.Link(producer, map.Node);
                }
            }
        }
    }

    private void Note(Pending map, YamlFields item)
    {
        var what = $"expand of '{map.Node.Id}'";
        if (item.Mapping("expand", what) is { } over)
        {
            map.Sources.AddRange(over.Unread);
        }

        var zipped = item.Choice<MapMode>("expand_mode") == MapMode.Zip;
        if (item.Node("expand_fill") is { } fill)
        {
            (zipped, map.Fill) = (true, json.Convert(fill)?.ToJsonString() ?? "null");
        }

        map.Mode = zipped ? MapMode.Zip : MapMode.Product;
        if (item.Node("expand_kwargs") is { } arguments)
        {
            if (map.Sources.Count > 0)
            {
                item.Problem(arguments, $"'{map.Node.Id}' has expand and expand_kwargs; use one of them.");
            }

            map.Mode = MapMode.Arguments;
            map.Sources.Add(("", arguments));
        }

        if (map.Sources.Count > 0)
        {
            _pending.Add(map);
        }
    }

    private MapOrigin? Origin(Pending map, string argument, YamlNode value, Func<string, string, IDagNode?> find)
    {
        if (value is YamlMappingNode mapping && IsSource(mapping))
        {
            var known = true;
            foreach (var name in mapping.Children.Keys)
            {
                if (name.ToString() is not ("task" or "key" or "values" or "filter" or "map"))
                {
                    map.Item.Problem(name, $"'{name}' is nothing that can be said of what '{map.Node.Id}' is mapped over; use task and key, or values, and filter and map.");
                    known = false;
                }
            }

            return known ? SourceOf(map, argument, mapping, find) : null;
        }

        if (value is YamlSequenceNode or YamlMappingNode)
        {
            return new(null, "return_value", json.Convert(value)!.ToJsonString(), argument);
        }

        map.Item.Problem(value, $"'{map.Node.Id}' is mapped over '{value}'; give a list, or the output of a task as {{task: its_id}}.");
        return null;
    }

    private MapOrigin? SourceOf(Pending map, string argument, YamlMappingNode source, Func<string, string, IDagNode?> find)
    {
        if (Find(source, "task") is not { } named)
        {
            if (Find(source, "values") is YamlSequenceNode or YamlMappingNode)
            {
                return new(null, "return_value", json.Convert(Find(source, "values")!)!.ToJsonString(), argument, TextOf(source, "filter"), TextOf(source, "map"));
            }

            map.Item.Problem(source, $"The values that '{map.Node.Id}' is mapped over must be a list, or an object, whose elements are [key, value].");
            return null;
        }

        var name = (named as YamlScalarNode)?.Value ?? "";
        if (find(map.Prefix, name) is not TaskNode producer)
        {
            map.Item.Problem(source, $"'{map.Node.Id}' is mapped over '{name}', which is no task of this Dag.");
            return null;
        }

        if (Find(source, "values") is { } both)
        {
            map.Item.Problem(both, $"'{map.Node.Id}' is mapped over a task and over values; use one of them.");
            return null;
        }

        return new(producer, TextOf(source, "key") ?? "return_value", null, argument, TextOf(source, "filter"), TextOf(source, "map"));
    }

    // Any other mapping is a literal, whose elements are [key, value].
    private static bool IsSource(YamlMappingNode mapping) =>
        Find(mapping, "task") is not null || (Find(mapping, "values") is not null && (Find(mapping, "filter") is not null || Find(mapping, "map") is not null));

    private static YamlNode? Find(YamlMappingNode mapping, string name) => mapping.Children.TryGetValue(new YamlScalarNode(name), out var found) ? found : null;

    private static string? TextOf(YamlMappingNode mapping, string name) => (Find(mapping, name) as YamlScalarNode)?.Value;

    private sealed record Pending(IDagNode Node, GroupBuilder? Scope, string Prefix, YamlFields Item)
    {
        public List<(string Name, YamlNode Value)> Sources { get; } = [];

        public MapMode Mode { get; set; }

        public string? Fill { get; set; }
    }
}
