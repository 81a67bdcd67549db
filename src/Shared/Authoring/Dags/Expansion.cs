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
    /// <param name="argument">Its name in snake case.</param>
    /// <param name="values">One for each instance.</param>
    /// <param name="filter">Expression of the template language over <c>item</c>, such as <c>item.endswith('.csv')</c>: the instances of other values are skipped.</param>
    /// <param name="map">Expression over <c>item</c> whose value the argument takes instead, such as <c>'load ' ~ item</c>.</param>
    public Expansion Over<T>(string argument, IEnumerable<T> values, string? filter = null, string? map = null)
    {
        _origins.Add(new(null, "return_value", XComJson.Serialize(argument, values.ToList()), argument, filter, map));
        return this;
    }

    /// <summary>The argument takes each element of what a task returns or pushes: a list, or an object, whose elements are [key, value].</summary>
    /// <inheritdoc cref="Over{T}(string, IEnumerable{T}, string?, string?)"/>
    /// <param name="argument">Its name in snake case.</param>
    /// <param name="task">Who pushes the list.</param>
    /// <param name="key">Under which key.</param>
    /// <param name="filter">Expression of the template language over <c>item</c>, such as <c>item.endswith('.csv')</c>: the instances of other values are skipped.</param>
    /// <param name="map">Expression over <c>item</c> whose value the argument takes instead, such as <c>'load ' ~ item</c>.</param>
    public Expansion Over(string argument, TaskNode task, string key = "return_value", string? filter = null, string? map = null)
    {
        _origins.Add(new(task, key, null, argument, filter, map));
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
    /// <param name="task">Who pushes the list.</param>
    /// <param name="key">Under which key.</param>
    /// <param name="filter">Expression over <c>item</c>: the instances of elements for which it does not hold are skipped.</param>
    /// <param name="map">Expression over <c>item</c> whose value, an object, takes its place.</param>
    public Expansion OverArguments(TaskNode task, string key = "return_value", string? filter = null, string? map = null)
    {
        _mode = MapMode.Arguments;
        _origins.Add(new(task, key, null, "", filter, map));
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
