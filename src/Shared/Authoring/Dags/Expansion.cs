using Sluice.Authoring.XComs;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>Which arguments of an operator vary over its instances, by their names in snake case.</summary>
public sealed class Expansion
{
    private readonly List<MapOrigin> _origins = [];
    private MapMode _mode = MapMode.Product;
    private string? _fill;

    internal Expansion()
    {
    }

    internal Mapping Mapping => new(_mode, _fill, [.. _origins]);

    /// <summary>The argument takes each of these values; with several arguments every combination, the last varying fastest.</summary>
    public Expansion Over<T>(string argument, IEnumerable<T> values)
    {
        _origins.Add(new(null, "return_value", XComJson.Serialize(argument, values.ToList()), argument));
        return this;
    }

    /// <summary>The argument takes each element of what a task returns or pushes: a list, or an object, whose elements are [key, value].</summary>
    public Expansion Over(string argument, TaskNode task, string key = "return_value")
    {
        _origins.Add(new(task, key, null, argument));
        return this;
    }

    /// <summary>The first values together, then the second, to the end of the shortest.</summary>
    public Expansion Zipped()
    {
        _mode = MapMode.Zip;
        return this;
    }

    /// <summary>The first values together, then the second, to the end of the longest; this stands for what the others lack.</summary>
    public Expansion Zipped(object? fill)
    {
        _fill = XComJson.Serialize("fill", fill);
        return Zipped();
    }

    /// <summary>Each instance takes its arguments from one object of a list that a task returns or pushes.</summary>
    public Expansion OverArguments(TaskNode task, string key = "return_value")
    {
        _mode = MapMode.Arguments;
        _origins.Add(new(task, key, null));
        return this;
    }

    /// <summary>Each instance takes its arguments from one of these objects.</summary>
    public Expansion OverArguments<T>(IEnumerable<T> arguments)
    {
        _mode = MapMode.Arguments;
        _origins.Add(new(null, "return_value", XComJson.Serialize("arguments", arguments.ToList())));
        return this;
    }

    internal void Add(MapOrigin origin) => _origins.Add(origin);

    internal void Set(MapMode mode, string? fill) => (_mode, _fill) = (mode, fill);
}
