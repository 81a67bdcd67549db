namespace Sluice.Core.Queues;

/// <summary>How full a pool is.</summary>
/// <param name="Used">Slots that running tasks hold.</param>
/// <param name="Deferred">Slots that async sensors would hold; they count only in a pool that includes them.</param>
/// <param name="Waiting">Tasks that could go but for a slot.</param>
public readonly record struct PoolOccupancy(int Used, int Deferred, int Waiting);
