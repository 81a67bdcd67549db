using System.Text.Json;
using Sluice.Authoring.Operators;
using Sluice.Authoring.XComs;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>What a task or group is mapped over: one instance for each item, known when the run comes to it.</summary>
/// <remarks>Made by <see cref="MapItems.Of{T}"/> from a literal, and by <c>task.Items()</c> from what a task returns.</remarks>
/// <typeparam name="T">What one instance gets.</typeparam>
public sealed class MapItems<T>
{
    private readonly Func<IReadOnlyList<JsonElement?>, (bool Kept, T Value)> _read;

    internal MapItems(MapMode mode, string? fill, IReadOnlyList<MapOrigin> origins, Func<IReadOnlyList<JsonElement?>, (bool Kept, T Value)> read) =>
        (Mode, Fill, Origins, _read) = (mode, fill, origins, read);

    internal MapMode Mode { get; }

    internal string? Fill { get; }

    internal IReadOnlyList<MapOrigin> Origins { get; }

    /// <summary>Changes each item, in its instance.</summary>
    public MapItems<TResult> Select<TResult>(Func<T, TResult> change) => new(Mode, Fill, Origins, elements =>
    {
        var (kept, value) = _read(elements);
        return kept ? (true, change(value)) : (false, default!);
    });

    /// <summary>Skips the instances of items that do not fit: their number stays, because it is known before they are looked at.</summary>
    public MapItems<T> Where(Func<T, bool> fits) => new(Mode, Fill, Origins, elements =>
    {
        var (kept, value) = _read(elements);
        return (kept && fits(value), value);
    });

    /// <summary>The first with the first, the second with the second, to the end of the shorter.</summary>
    /// <exception cref="DagDefinitionException">One of them is a product already.</exception>
    public MapItems<(T First, TOther Second)> Zip<TOther>(MapItems<TOther> other) => Combine(other, MapMode.Zip, null);

    /// <summary>The first with the first, the second with the second, to the end of the longer; what the shorter lacks is the fill value.</summary>
    /// <inheritdoc cref="Zip{TOther}(MapItems{TOther})"/>
    public MapItems<(T First, TOther Second)> Zip<TOther>(MapItems<TOther> other, object? fill) =>
        Combine(other, MapMode.Zip, XComJson.Serialize("fill", fill));

    /// <summary>Every item of this with every one of the other, which varies faster.</summary>
    /// <exception cref="DagDefinitionException">One of them is zipped already.</exception>
    public MapItems<(T First, TOther Second)> Cross<TOther>(MapItems<TOther> other) => Combine(other, MapMode.Product, null);

    internal (bool Kept, T Value) Read(IReadOnlyList<JsonElement?> elements) => _read(elements);

    private MapItems<(T First, TOther Second)> Combine<TOther>(MapItems<TOther> other, MapMode mode, string? fill)
    {
        if ((Origins.Count > 1 && Mode != mode) || (other.Origins.Count > 1 && other.Mode != mode))
        {
            throw new DagDefinitionException("Items that are zipped cannot be crossed, nor the other way round; make such a list in a task, and map over what it returns.", null);
        }

        var own = Origins.Count;
        return new(mode, fill ?? Fill ?? other.Fill, [.. Origins, .. other.Origins], elements =>
        {
            var (first, second) = (_read([.. elements.Take(own)]), other._read([.. elements.Skip(own)]));
            return (first.Kept && second.Kept, (first.Value, second.Value));
        });
    }
}

/// <summary>Ways to say what a task is mapped over.</summary>
public static class MapItems
{
    /// <summary>A list that is known when the Dag is defined.</summary>
    public static MapItems<T> Of<T>(params IEnumerable<T> items) => new(
        MapMode.Product, null, [new(null, "return_value", XComJson.Serialize("items", items.ToList()))], ReadFirst<T>);

    /// <summary>The elements of what a task returns.</summary>
    public static MapItems<T> Items<T>(this TaskNode<List<T>> task) => From<T>(task);

    /// <inheritdoc cref="Items{T}(TaskNode{List{T}})"/>
    public static MapItems<T> Items<T>(this TaskNode<T[]> task) => From<T>(task);

    /// <inheritdoc cref="Items{T}(TaskNode{List{T}})"/>
    public static MapItems<T> Items<T>(this TaskNode<IReadOnlyList<T>> task) => From<T>(task);

    /// <inheritdoc cref="Items{T}(TaskNode{List{T}})"/>
    public static MapItems<T> Items<T>(this TaskNode<IEnumerable<T>> task) => From<T>(task);

    /// <summary>What the instances of a mapped task return, in the order of their indices; those that return nothing are left out.</summary>
    public static MapItems<T> Items<T>(this MappedNode<T> task) => From<T>(task);

    /// <summary>The elements of a list that a task pushes, or of what one from a template operator returns.</summary>
    /// <param name="task">The task.</param>
    /// <param name="key">Under which it pushes the list.</param>
    public static MapItems<T> ItemsOf<T>(TaskNode task, string key = "return_value") => From<T>(task, key);

    private static MapItems<T> From<T>(TaskNode task, string key = "return_value") =>
        new(MapMode.Product, null, [new(task, key, null)], ReadFirst<T>);

    private static (bool, T) ReadFirst<T>(IReadOnlyList<JsonElement?> elements) =>
        (true, elements[0] is { } element ? XComJson.Deserialize<T>(element.GetRawText())! : default!);
}

/// <summary>Where items come from: a task's output, or a literal.</summary>
internal sealed record MapOrigin(TaskNode? Task, string Key, string? Values, string Argument = "", string? Filter = null, string? Map = null);

/// <summary>A map as the definition has it: <see cref="MapSpec"/> with tasks instead of indices.</summary>
internal sealed record Mapping(MapMode Mode, string? Fill, IReadOnlyList<MapOrigin> Origins, TaskGroup? Group = null)
{
    public MapSpec Write(Func<TaskNode, int> indexOf) => new()
    {
        Mode = Mode,
        Fill = Fill,
        Group = Group?.Id,
        Sources = [.. Origins.Select(origin => new MapSource
        {
            Argument = origin.Argument,
            Values = origin.Values,
            Task = origin.Task is null ? null : indexOf(origin.Task),
            Key = origin.Key,
            Filter = origin.Filter,
            Map = origin.Map,
        })],
    };
}
