namespace Sluice.Cluster.Api;

public sealed record PoolName(string Name);

/// <param name="Name">1 to 250 characters.</param>
/// <param name="Slots">How many pool slots tasks may hold at once; -1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors, which hold no slot of a worker, take slots of the pool.</param>
/// <param name="Description">For people.</param>
public sealed record PoolRequest(string Name, int Slots, bool IncludeDeferred, string? Description);

/// <param name="Name">The pool.</param>
/// <param name="Slots">Null when tasks name it and nobody made it; -1 is without limit.</param>
/// <param name="IncludeDeferred">Whether async sensors take slots of it.</param>
/// <param name="Used">Slots that running tasks hold.</param>
/// <param name="Deferred">Slots of async sensors that wait; they count in a pool that includes them.</param>
/// <param name="Waiting">Tasks that are ready, and wait for the pool or for a worker.</param>
/// <param name="Description">For people.</param>
public sealed record PoolSummary(string Name, int? Slots, bool IncludeDeferred, int Used, int Deferred, int Waiting, string? Description);
