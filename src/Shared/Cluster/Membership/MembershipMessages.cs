using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Membership;

/// <summary>To the membership actor: this node holds the lease; tell all the seeds, now and on every new link.</summary>
public sealed record ClaimLeadership(LeaderClaim Claim);

/// <summary>To the membership actor: this node gave the lease up or lost it; tell nobody any more.</summary>
public sealed record WithdrawLeadership;

/// <summary>To the membership actor; answered with <see cref="MembershipView"/>.</summary>
public sealed record GetMembership;

/// <summary>What this node knows of the cluster.</summary>
/// <param name="Nodes">By id; with this node itself.</param>
/// <param name="Leader">The claim with the highest epoch that was ever heard.</param>
/// <param name="Seeds">Seeds that are linked.</param>
public sealed record MembershipView(IReadOnlyList<NodeInfo> Nodes, LeaderClaim? Leader, IReadOnlyList<NodeInfo> Seeds);

/// <summary>Published on the event stream when a claim of a higher epoch is heard.</summary>
public sealed record LeaderChanged(LeaderClaim? Leader);

/// <summary>Published on the event stream when nodes came or went.</summary>
public sealed record MembersChanged(IReadOnlyList<NodeInfo> Nodes);
