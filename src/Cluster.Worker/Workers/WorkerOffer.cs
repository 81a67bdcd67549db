namespace Sluice.Cluster.Worker.Workers;

/// <summary>What a worker offers to leaders.</summary>
/// <param name="Slots">Attempts at once.</param>
/// <param name="Queues">Queues that it serves.</param>
public sealed record WorkerOffer(int Slots, IReadOnlyList<string> Queues);
