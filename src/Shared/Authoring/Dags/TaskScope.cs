using System.Runtime.CompilerServices;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>Where tasks are added: a Dag, or a group inside it.</summary>
public abstract partial class TaskScope
{
    private readonly string _prefix;

    private protected TaskScope(TaskScope? outer, string prefix, TaskGroup? group) => (Outer, _prefix, Enclosing) = (outer, prefix, group);

    /// <summary>Settings of the tasks in here that do not say otherwise.</summary>
    public TaskDefaults Defaults { get; } = new();

    internal abstract DagBuilder Dag { get; }

    internal TaskScope? Outer { get; }

    internal TaskGroup? Enclosing { get; }

    private protected string PrefixOf(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return _prefix + id;
    }

    /// <summary>Adds a task.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="work">What it does. Its class decides where it runs: built-in operators in the worker, your own in a runner process.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode Add(
        string id, Operator work, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(work);
        var task = new TaskNode(this, _prefix + id, work, new SourceLocation(file, line));
        Dag.AddTask(task);
        configure?.Invoke(task);
        return task;
    }

    /// <summary>Adds C# code as a task.</summary>
    /// <inheritdoc cref="Add"/>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="code">Runs in a runner process, once per attempt. What it returns becomes the XCom <c>return_value</c>.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    [OverloadResolutionPriority(1)]
    public TaskNode Run(
        string id, Func<TaskContext, Task> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Add(
            id,
            new CodeOperator(async context =>
            {
                await code(context);
                return null;
            }),
            configure,
            file,
            line);

    /// <inheritdoc cref="Run(string, Func{TaskContext, Task}, Action{TaskNode}?, string, int)"/>
    [OverloadResolutionPriority(1)]
    public TaskNode<T> Run<T>(
        string id, Func<TaskContext, Task<T>> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        AddNode(new TaskNode<T>(this, PrefixOf(id), new CodeOperator(async context => await code(context)), new SourceLocation(file, line)), configure);

    /// <inheritdoc cref="Run(string, Func{TaskContext, Task}, Action{TaskNode}?, string, int)"/>
    public TaskNode Run(
        string id, Func<TaskContext, ValueTask> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Add(
            id,
            new CodeOperator(async context =>
            {
                await code(context);
                return null;
            }),
            configure,
            file,
            line);

    /// <inheritdoc cref="Run(string, Func{TaskContext, Task}, Action{TaskNode}?, string, int)"/>
    public TaskNode<T> Run<T>(
        string id, Func<TaskContext, ValueTask<T>> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        AddNode(new TaskNode<T>(this, PrefixOf(id), new CodeOperator(async context => await code(context)), new SourceLocation(file, line)), configure);

    /// <inheritdoc cref="Run(string, Func{TaskContext, Task}, Action{TaskNode}?, string, int)"/>
    public TaskNode Run(
        string id, Action<TaskContext> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Add(
            id,
            new CodeOperator(context =>
            {
                code(context);
                return ValueTask.FromResult<object?>(null);
            }),
            configure,
            file,
            line);

    /// <inheritdoc cref="Run(string, Func{TaskContext, Task}, Action{TaskNode}?, string, int)"/>
    public TaskNode<T> Run<T>(
        string id, Func<TaskContext, T> code, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        AddNode(new TaskNode<T>(this, PrefixOf(id), new CodeOperator(context => ValueTask.FromResult<object?>(code(context))), new SourceLocation(file, line)), configure);

    /// <summary>Adds a group, whose id prefixes those of its tasks: <c>group_1.task_1_1</c>. Groups nest.</summary>
    /// <param name="id">Letters, digits, <c>_ -</c></param>
    /// <param name="configure">Adds the group's tasks.</param>
    public TaskGroup Group(string id, Action<GroupBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(id);
        var group = new TaskGroup(this, _prefix + id);
        Dag.AddGroup(group);
        configure(new GroupBuilder(this, group));
        return group;
    }
}

/// <summary>A group being filled.</summary>
public sealed class GroupBuilder : TaskScope
{
    internal GroupBuilder(TaskScope outer, TaskGroup group)
        : base(outer, group.Id + ".", group) => Dag = outer.Dag;

    internal override DagBuilder Dag { get; }
}
