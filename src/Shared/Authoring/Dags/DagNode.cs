using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Dags;

/// <summary>What dependencies connect: a task or a group of tasks.</summary>
public interface IDagNode
{
    /// <summary>The id, with the prefixes of the groups that it stands in.</summary>
    string Id { get; }

    internal DagBuilder Dag { get; }

    internal TaskGroup? Parent { get; }
}

/// <summary>A task of a Dag being defined. Its settings may be changed until the definition ends.</summary>
public class TaskNode : TaskSettings, IDagNode
{
    private readonly TaskScope _scope;

    internal TaskNode(TaskScope scope, string id, Operator op, SourceLocation? location) =>
        (_scope, Id, Operator, Location) = (scope, id, op, location);

    /// <inheritdoc/>
    public string Id { get; }

    /// <summary>What it does.</summary>
    public Operator Operator { get; }

    /// <summary>What lets it run, judged over its direct upstreams. Default: all of them succeeded.</summary>
    public TriggerRule TriggerRule { get; set; } = TriggerRule.AllSuccess;

    /// <summary>For a teardown: its failure fails the run, like that of any other last task. Default: false.</summary>
    public bool OnFailureFailDagRun { get; set; }

    /// <summary>Each property of what it returns is pushed under its own name, too, in snake case. Default: false.</summary>
    public bool MultipleOutputs { get; set; }

    /// <summary>The id that it had before, with the prefixes of its groups: its attempts, XComs and logs in all runs go over to this one. Stays without meaning once that has happened.</summary>
    public string? RenamedFrom { get; set; }

    /// <summary>The engine keeps a mark of what it has read: see <c>context.OpenWatermarkAsync</c>. Unless more is said, one of its runs goes at a time. Default: what the operator says.</summary>
    public bool? KeepsWatermark { get; set; }

    internal List<Core.Assets.NamedAsset> OutletAssets { get; } = [];

    internal List<Core.Assets.NamedAsset> InletAssets { get; } = [];

    internal Core.Dags.WatchPart? Watch { get; set; }

    internal TaskKind Kind { get; set; }

    internal Mapping? Mapping { get; set; }

    internal SourceLocation? Location { get; }

    internal TaskScope Scope => _scope;

    DagBuilder IDagNode.Dag => _scope.Dag;

    TaskGroup? IDagNode.Parent => _scope.Enclosing;

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>A group of tasks. A dependency on it waits for all its last tasks; one from it holds back all its first tasks.</summary>
public sealed class TaskGroup : IDagNode
{
    private readonly TaskScope _outer;

    internal TaskGroup(TaskScope outer, string id) => (_outer, Id) = (outer, id);

    /// <inheritdoc/>
    public string Id { get; }

    DagBuilder IDagNode.Dag => _outer.Dag;

    TaskGroup? IDagNode.Parent => _outer.Enclosing;

    /// <inheritdoc/>
    public override string ToString() => Id;
}
