using System.Text.Json.Serialization;
using Sluice.Actors;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Seed.Api;

internal sealed record ErrorBody(string Error);

/// <param name="Linked">False when the claim is old news: its node is not linked to this seed.</param>
internal sealed record LeaderBody(string NodeId, string Address, long Epoch, bool Linked);

internal sealed record NodesBody(IReadOnlyList<NodeInfo> Nodes, LeaderBody? Leader);

/// <param name="Error">Why its actors are not known; null when they are.</param>
internal sealed record NodeActors(NodeInfo Node, ActorSnapshot[] Actors, string? Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(NodesBody))]
[JsonSerializable(typeof(NodeActors[]))]
internal sealed partial class ApiJson : JsonSerializerContext;
