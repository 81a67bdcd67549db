using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Authoring.XComs;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>A task whose output has a type, so that the compiler knows what the next task takes.</summary>
/// <typeparam name="T">What it returns.</typeparam>
public sealed class TaskNode<T> : TaskNode
{
    internal TaskNode(TaskScope scope, string id, Operator op, SourceLocation? location)
        : base(scope, id, op, location)
    {
    }

    /// <summary>What it returns, for tasks after it.</summary>
    public TaskOutput<T> Output => new(this, "return_value");
}

/// <summary>A mapped task; its output is the list of what its instances return.</summary>
/// <typeparam name="T">What one instance returns.</typeparam>
public sealed class MappedNode<T> : TaskNode
{
    internal MappedNode(TaskScope scope, string id, Operator op, SourceLocation? location)
        : base(scope, id, op, location)
    {
    }

    /// <summary>What its instances return, in the order of their indices; those that return nothing are left out.</summary>
    public TaskOutput<IReadOnlyList<T>> Output => new(this, "return_value");
}

/// <summary>A value that is there when the task has run.</summary>
/// <typeparam name="T">Its type.</typeparam>
public sealed class TaskOutput<T>
{
    internal TaskOutput(TaskNode task, string key) => (Task, Key) = (task, key);

    internal TaskNode Task { get; }

    /// <summary>The XCom key.</summary>
    public string Key { get; }

    /// <summary>Reads it in the code of a task that comes after.</summary>
    /// <exception cref="TaskFailedException">The task pushed no such value: it was skipped, or has not run.</exception>
    public async ValueTask<T> GetAsync(TaskContext context)
    {
        var json = await XComReader.ReadAsync(context, Task.Id, Key, context.CancellationToken)
            ?? throw new TaskFailedException($"Task '{Task.Id}' has no output '{Key}' in this run; let this task come after its success.");
        return XComJson.Deserialize<T>(json)!;
    }

    /// <summary>One part of several outputs: with <c>MultipleOutputs</c> each property of what a task returns is pushed under its own name, too.</summary>
    /// <param name="name">The property's name in snake case.</param>
    public TaskOutput<TPart> Part<TPart>(string name) => new(Task, name);
}

/// <summary>The item of a mapped group, for the code of its tasks.</summary>
/// <typeparam name="T">Its type.</typeparam>
public sealed class MappedItem<T>
{
    private readonly MapItems<T> _items;

    internal MappedItem(MapItems<T> items) => _items = items;

    /// <summary>Reads the item of the instance that runs; skips the instance when the item was filtered out.</summary>
    public ValueTask<T> GetAsync(TaskContext context) => MapValues.ReadAsync(_items, context);
}
