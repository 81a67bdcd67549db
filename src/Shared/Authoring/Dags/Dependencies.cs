namespace Sluice.Authoring.Dags;

/// <summary>Dependencies between tasks and groups.</summary>
public static class Dependencies
{
    /// <summary>Lets <paramref name="next"/> wait for this node.</summary>
    /// <returns><paramref name="next"/>, so that calls chain: <c>a.Then(b).Then(c)</c>.</returns>
    public static T Then<T>(this IDagNode node, T next)
        where T : IDagNode
    {
        Link(node, next);
        return next;
    }

    /// <summary>Fans out: each of <paramref name="next"/> waits for this node.</summary>
    /// <returns><paramref name="next"/>; this node when there are none, so that a chain over an empty list keeps its order.</returns>
    public static Nodes Then(this IDagNode node, params IEnumerable<IDagNode> next)
    {
        Nodes single = [node];
        return single.Then(next);
    }

    /// <summary>Fans in: <paramref name="next"/> waits for all of these nodes.</summary>
    /// <returns><paramref name="next"/>.</returns>
    public static T Then<T>(this IEnumerable<IDagNode> nodes, T next)
        where T : IDagNode
    {
        foreach (var node in nodes)
        {
            Link(node, next);
        }

        return next;
    }

    /// <summary>Each of <paramref name="next"/> waits for all of these nodes.</summary>
    /// <returns><paramref name="next"/>; these nodes when there are none.</returns>
    public static Nodes Then(this IEnumerable<IDagNode> nodes, params IEnumerable<IDagNode> next)
    {
        Nodes ups = [.. nodes];
        Nodes downs = [.. next];
        foreach (var up in ups)
        {
            foreach (var down in downs)
            {
                Link(up, down);
            }
        }

        return downs.Count == 0 ? ups : downs;
    }

    /// <summary>Lets this node wait for others.</summary>
    /// <returns>This node.</returns>
    public static T After<T>(this T node, params IEnumerable<IDagNode> others)
        where T : IDagNode
    {
        foreach (var other in others)
        {
            Link(other, node);
        }

        return node;
    }

    internal static void Link(IDagNode up, IDagNode down)
    {
        if (up.Dag != down.Dag)
        {
            throw new DagDefinitionException(
                $"'{down.Id}' of Dag '{down.Dag.Id}' cannot wait for '{up.Id}' of Dag '{up.Dag.Id}': dependencies stay inside one Dag.", null);
        }

        up.Dag.AddLink(up, down);
    }
}
