using System.Collections;
using System.Runtime.CompilerServices;

namespace Sluice.Authoring.Dags;

/// <summary>Tasks and groups side by side. Written <c>[a, b]</c>; a single task or group converts to it.</summary>
[CollectionBuilder(typeof(Nodes), nameof(Create))]
public sealed class Nodes : IReadOnlyList<IDagNode>
{
    private readonly IDagNode[] _items;

    private Nodes(IDagNode[] items) => _items = items;

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public IDagNode this[int index] => _items[index];

    /// <summary>Puts nodes side by side.</summary>
    public static Nodes Create(ReadOnlySpan<IDagNode> items) => new(items.ToArray());

    /// <inheritdoc/>
    public IEnumerator<IDagNode> GetEnumerator() => _items.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>One task.</summary>
    public static implicit operator Nodes(TaskNode task) => new([task]);

    /// <summary>One group.</summary>
    public static implicit operator Nodes(TaskGroup group) => new([group]);

    /// <summary>Several tasks.</summary>
    public static implicit operator Nodes(TaskNode[] tasks) => new([.. tasks]);

    /// <summary>Several tasks.</summary>
    public static implicit operator Nodes(List<TaskNode> tasks) => new([.. tasks]);

    /// <summary>Several groups.</summary>
    public static implicit operator Nodes(TaskGroup[] groups) => new([.. groups]);

    /// <summary>Several groups.</summary>
    public static implicit operator Nodes(List<TaskGroup> groups) => new([.. groups]);
}
