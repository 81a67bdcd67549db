using System.Collections.Immutable;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Membership;

/// <summary>What a node knows of the cluster, from what the seeds say. Pure.</summary>
internal sealed record ClusterView(NodeInfo Self)
{
    /// <summary>Linked seeds, with what each said last.</summary>
    public ImmutableSortedDictionary<string, SeedView> Seeds { get; init; } = ImmutableSortedDictionary<string, SeedView>.Empty;

    /// <summary>Only ever replaced by a higher epoch: seeds forget on restart, this does not.</summary>
    public LeaderClaim? Leader { get; init; }

    /// <summary>Everyone whom a linked seed sees, the seeds and this node, by id.</summary>
    public IReadOnlyList<NodeInfo> Nodes =>
    [
        .. Seeds.Values
            .SelectMany(seed => seed.Nodes.Append(seed.Seed))
            .Append(Self)
            .DistinctBy(node => node.Id)
            .OrderBy(node => node.Id, StringComparer.Ordinal),
    ];

    public ClusterView SeedUp(NodeInfo seed) => this with { Seeds = Seeds.SetItem(seed.Id, new SeedView(seed, [])) };

    public ClusterView SeedDown(NodeInfo seed) => this with { Seeds = Seeds.Remove(seed.Id) };

    public ClusterView Heard(NodeInfo seed, Members members)
    {
        var next = Hear(members.Leader);
        return Seeds.ContainsKey(seed.Id) ? next with { Seeds = Seeds.SetItem(seed.Id, new SeedView(seed, members.Nodes)) } : next;
    }

    /// <summary>The higher epoch is right.</summary>
    public ClusterView Hear(LeaderClaim? claim) =>
        claim is not null && (Leader is null || claim.Epoch > Leader.Epoch) ? this with { Leader = claim } : this;

    internal sealed record SeedView(NodeInfo Seed, IReadOnlyList<NodeInfo> Nodes);
}
