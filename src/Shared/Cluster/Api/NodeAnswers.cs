using Sluice.Actors;

namespace Sluice.Cluster.Api;

/// <summary>What <c>GET /api/v1/nodes</c> answers: what one seed knows of the cluster.</summary>
/// <param name="Nodes">The seed first.</param>
/// <param name="Leader">The scheduler that leads, or led last; null when none ever did since the seed began.</param>
public sealed record NodesAnswer(IReadOnlyList<NodeSummary> Nodes, LeaderSummary? Leader = null);

/// <param name="Id">Unique per process start.</param>
/// <param name="Role">seed, scheduler or worker.</param>
/// <param name="Address">host:port that it listens on; null when it only dials out.</param>
/// <param name="Name">For people.</param>
public sealed record NodeSummary(string Id, string Role, string? Address, string Name);

/// <param name="Linked">False when it is gone and no other leads yet.</param>
/// <param name="HeardAt">When it was last heard, or was lost. UTC.</param>
public sealed record LeaderSummary(string NodeId, string Address, long Epoch, bool Linked, DateTimeOffset HeardAt);

/// <summary>One of what <c>GET /api/v1/actors</c> answers.</summary>
/// <param name="Error">Why its actors are not known; null when they are.</param>
public sealed record NodeActors(NodeSummary Node, IReadOnlyList<ActorSnapshot> Actors, string? Error = null);
