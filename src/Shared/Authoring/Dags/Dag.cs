using System.Runtime.CompilerServices;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Dags;

/// <summary>The way into a Dag file: <c>Dag.Define("id", dag => { ... })</c>.</summary>
public static class Dag
{
    /// <summary>Defines a Dag. One file may define many.</summary>
    /// <param name="id">Unique in the deployment: letters, digits, <c>_ - .</c></param>
    /// <param name="configure">Says what is in it. Runs at once, and again whenever the file is read.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public static void Define(
        string id, Action<DagBuilder> configure, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        DagCollector.Current.Define(id, configure, new SourceLocation(file, line));

    /// <summary>Watches something outside for as long as the Dag is there: each time that the sensor's condition turns true, the asset is updated once.</summary>
    /// <param name="id">Of the Dag that does it: unique in the deployment.</param>
    /// <param name="asset">What is updated. The event's extra has the sensor's <c>value</c>.</param>
    /// <param name="sensor">Looks every <see cref="Sensors.Sensor.PokeInterval"/>, on a worker, without a slot. Its mode and timeout do not count.</param>
    /// <param name="configure">Owner, tags, defaults such as the queue, callbacks; its tasks and schedule are given.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    public static void Watch(
        string id, Core.Assets.Asset asset, Sensors.Sensor sensor, Action<DagBuilder>? configure = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Define(
            id,
            dag =>
            {
                Assets.Watchers.Prepare(dag);
                configure?.Invoke(dag);
                Assets.Watchers.Add(dag, asset, sensor, new SourceLocation(file, line));
            },
            file,
            line);

    /// <summary>Reads a variable while Dags are defined, for factories: changing it defines the file's Dags anew.</summary>
    /// <param name="name">As set by <c>sluice variables set</c> or the environment (<c>SLUICE_VAR_NAME</c>).</param>
    /// <param name="fallback">Its value when it is not set.</param>
    public static string Variable(string name, string fallback) => DagCollector.Current.Variable(name) ?? fallback;

    /// <summary>Lets each element wait for the one before. Two lists in a row are linked pairwise and need equal lengths; an empty list is passed over.</summary>
    public static void Chain(params ReadOnlySpan<Nodes> elements)
    {
        Nodes? before = null;
        foreach (var element in elements)
        {
            if (element.Count == 0)
            {
                continue;
            }

            if (before is { Count: > 1 } && element.Count > 1)
            {
                LinkPairs(before, element);
            }
            else
            {
                before?.Then(element);
            }

            before = element;
        }
    }

    /// <summary>Lets each node of the second list wait for all of the first.</summary>
    public static void CrossDownstream(Nodes from, Nodes to) => from.Then(to);

    private static void LinkPairs(Nodes ups, Nodes downs)
    {
        if (ups.Count != downs.Count)
        {
            throw new DagDefinitionException(
                $"Chain links lists pairwise, but [{string.Join(", ", ups)}] has {ups.Count} and [{string.Join(", ", downs)}] has {downs.Count} elements; use CrossDownstream to link all with all.",
                null);
        }

        for (var i = 0; i < ups.Count; i++)
        {
            Dependencies.Link(ups[i], downs[i]);
        }
    }
}
