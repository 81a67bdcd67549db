using System.Runtime.CompilerServices;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <content>Tasks that become several instances, and tasks that take what others return.</content>
public abstract partial class TaskScope
{
    internal Mapping? Mapping { get; set; }

    /// <summary>Adds C# code that runs once for each item, each time as an instance of its own.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="items">What it is mapped over. The task waits for those that return it.</param>
    /// <param name="code">What it returns becomes the XCom <c>return_value</c> of its instance.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public MappedNode<TResult> Map<T, TResult>(
        string id,
        MapItems<T> items,
        Func<TaskContext, T, ValueTask<TResult>> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var op = new CodeOperator(async context => await code(context, await MapValues.ReadAsync(items, context)));
        var node = AddNode(new MappedNode<TResult>(this, PrefixOf(id), op, new SourceLocation(file, line)), configure);
        LinkMapped(node, new(items.Mode, items.Fill, items.Origins));
        return node;
    }

    /// <inheritdoc cref="Map{T, TResult}(string, MapItems{T}, Func{TaskContext, T, ValueTask{TResult}}, Action{TaskNode}?, string, int)"/>
    public MappedNode<TResult> Map<T, TResult>(
        string id,
        MapItems<T> items,
        Func<TaskContext, T, TResult> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Map(id, items, (context, item) => ValueTask.FromResult(code(context, item)), configure, file, line);

    /// <inheritdoc cref="Map{T, TResult}(string, MapItems{T}, Func{TaskContext, T, ValueTask{TResult}}, Action{TaskNode}?, string, int)"/>
    public TaskNode Map<T>(
        string id,
        MapItems<T> items,
        Action<TaskContext, T> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Map<T, object?>(
            id,
            items,
            (context, item) =>
            {
                code(context, item);
                return ValueTask.FromResult<object?>(null);
            },
            configure,
            file,
            line);

    /// <summary>Adds an operator that runs once for each combination of the arguments that it is mapped over.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="work">Its other arguments, which are the same for all instances.</param>
    /// <param name="over">Says which arguments vary.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode Expand(
        string id,
        Operator work,
        Action<Expansion> over,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var expansion = new Expansion();
        over(expansion);
        var task = Add(id, work, configure, file, line);
        LinkMapped(task, expansion.Mapping);
        return task;
    }

    /// <summary>Adds a group whose tasks run once for each item: each index goes its own way through the group.</summary>
    /// <param name="id">Letters, digits, <c>_ -</c></param>
    /// <param name="items">What it is mapped over. The group waits for those that return it.</param>
    /// <param name="configure">Adds the group's tasks; the item is there when they run.</param>
    /// <exception cref="DagDefinitionException">It stands in a mapped group itself.</exception>
    public TaskGroup MapGroup<T>(string id, MapItems<T> items, Action<GroupBuilder, MappedItem<T>> configure)
    {
        var group = new TaskGroup(this, PrefixOf(id));
        RefuseNested(group.Id);
        Dag.AddGroup(group);
        var mapping = new Mapping(items.Mode, items.Fill, items.Origins, group);
        foreach (var origin in items.Origins)
        {
            if (origin.Task is { } producer)
            {
                Dependencies.Link(producer, group);
            }
        }

        configure(new GroupBuilder(this, group) { Mapping = mapping }, new(items));
        return group;
    }

    /// <summary>Adds C# code that takes what another task returns, and waits for it.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="input">The task whose output it takes.</param>
    /// <param name="code">What it returns becomes the XCom <c>return_value</c>.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode<TResult> Run<T, TResult>(
        string id,
        TaskOutput<T> input,
        Func<TaskContext, T, TResult> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var node = AddNode(
            new TaskNode<TResult>(this, PrefixOf(id), new CodeOperator(async context => code(context, await input.GetAsync(context))), new SourceLocation(file, line)),
            configure);
        Dependencies.Link(input.Task, node);
        return node;
    }

    /// <inheritdoc cref="Run{T, TResult}(string, TaskOutput{T}, Func{TaskContext, T, TResult}, Action{TaskNode}?, string, int)"/>
    public TaskNode<TResult> Run<T, TResult>(
        string id,
        TaskOutput<T> input,
        Func<TaskContext, T, ValueTask<TResult>> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var op = new CodeOperator(async context => await code(context, await input.GetAsync(context)));
        var node = AddNode(new TaskNode<TResult>(this, PrefixOf(id), op, new SourceLocation(file, line)), configure);
        Dependencies.Link(input.Task, node);
        return node;
    }

    /// <inheritdoc cref="Run{T, TResult}(string, TaskOutput{T}, Func{TaskContext, T, TResult}, Action{TaskNode}?, string, int)"/>
    public TaskNode Run<T>(
        string id,
        TaskOutput<T> input,
        Action<TaskContext, T> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var op = new CodeOperator(async context =>
        {
            code(context, await input.GetAsync(context));
            return null;
        });
        var node = Add(id, op, configure, file, line);
        Dependencies.Link(input.Task, node);
        return node;
    }

    /// <inheritdoc cref="Run{T, TResult}(string, TaskOutput{T}, Func{TaskContext, T, TResult}, Action{TaskNode}?, string, int)"/>
    public TaskNode<TResult> Run<T1, T2, TResult>(
        string id,
        TaskOutput<T1> first,
        TaskOutput<T2> second,
        Func<TaskContext, T1, T2, TResult> code,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var op = new CodeOperator(async context => code(context, await first.GetAsync(context), await second.GetAsync(context)));
        var node = AddNode(new TaskNode<TResult>(this, PrefixOf(id), op, new SourceLocation(file, line)), configure);
        Dependencies.Link(first.Task, node);
        Dependencies.Link(second.Task, node);
        return node;
    }

    internal void LinkMapped(TaskNode task, Mapping mapping)
    {
        RefuseNested(task.Id);
        task.Mapping = mapping;
        foreach (var origin in mapping.Origins)
        {
            if (origin.Task is { } producer)
            {
                Dependencies.Link(producer, task);
            }
        }
    }

    private protected T AddNode<T>(T node, Action<TaskNode>? configure)
        where T : TaskNode
    {
        Dag.AddTask(node);
        configure?.Invoke(node);
        return node;
    }

    /// <summary>The map of the mapped group around, however many groups lie between.</summary>
    internal Mapping? EnclosingMapping
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.Mapping is { } found)
                {
                    return found;
                }
            }

            return null;
        }
    }

    private void RefuseNested(string id)
    {
        if (EnclosingMapping is { Group: { } around })
        {
            throw new DagDefinitionException($"'{id}' cannot be mapped inside the mapped group '{around.Id}'; cross the items of both, or map in another Dag.", null);
        }
    }
}
