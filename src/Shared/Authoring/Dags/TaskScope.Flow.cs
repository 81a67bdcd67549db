using System.Runtime.CompilerServices;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Dags;

/// <content>Tasks that decide what runs after them.</content>
public abstract partial class TaskScope
{
    /// <summary>Adds a task that chooses which of the tasks after it run; the other direct downstreams are skipped.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="choose">Returns the id of a task or group, with the prefixes of its groups; empty skips all that is directly after it.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode Branch(
        string id, Func<TaskContext, string> choose, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Branch(id, context => ValueTask.FromResult<IEnumerable<string>>(choose(context) is { Length: > 0 } one ? [one] : []), configure, file, line);

    /// <inheritdoc cref="Branch(string, Func{TaskContext, string}, Action{TaskNode}?, string, int)"/>
    /// <param name="choose">Returns ids of tasks and groups, with the prefixes of their groups; none skips all that is directly after it.</param>
    public TaskNode Branch(
        string id, Func<TaskContext, IEnumerable<string>> choose, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Branch(id, context => ValueTask.FromResult(choose(context)), configure, file, line);

    /// <inheritdoc cref="Branch(string, Func{TaskContext, IEnumerable{string}}, Action{TaskNode}?, string, int)"/>
    public TaskNode Branch(
        string id, Func<TaskContext, ValueTask<IEnumerable<string>>> choose, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Add(
            id,
            new CodeOperator(async context =>
            {
                var chosen = (await choose(context)).ToArray();
                context.Follow(chosen);
                return chosen;
            }),
            configure,
            file,
            line);

    /// <summary>Adds a task that skips what comes after it when its code says no.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="goOn">False skips.</param>
    /// <param name="respectTriggerRules">False: everything after it but teardowns is skipped. True: only what is directly after it; the rest goes by its trigger rules.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode ShortCircuit(
        string id,
        Func<TaskContext, bool> goOn,
        bool respectTriggerRules = false,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        ShortCircuit(id, context => ValueTask.FromResult(goOn(context)), respectTriggerRules, configure, file, line);

    /// <inheritdoc cref="ShortCircuit(string, Func{TaskContext, bool}, bool, Action{TaskNode}?, string, int)"/>
    public TaskNode ShortCircuit(
        string id,
        Func<TaskContext, ValueTask<bool>> goOn,
        bool respectTriggerRules = false,
        Action<TaskNode>? configure = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Add(
            id,
            new CodeOperator(async context =>
            {
                var yes = await goOn(context);
                if (!yes)
                {
                    context.SkipDownstream(directOnly: respectTriggerRules);
                }

                return yes;
            }),
            configure,
            file,
            line);

    /// <summary>Adds a task that skips what is directly after it unless this is the run of the latest interval. Runs that people trigger go on.</summary>
    /// <param name="id">Unique in its Dag; inside a group the group's id is put before it.</param>
    /// <param name="configure">Sets retries, trigger rule and the like.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public TaskNode LatestOnly(string id, Action<TaskNode>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Add(id, new LatestOnlyOperator(), configure, file, line);
}
