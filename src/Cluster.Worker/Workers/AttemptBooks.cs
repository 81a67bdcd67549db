using Sluice.Cluster.Wire;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>What the worker has in hand, and ends that are not known to be durable. An attempt moves from the one to the other in one step.</summary>
internal sealed class AttemptBooks(TimeProvider time)
{
    private readonly Dictionary<AttemptId, HeldAttempt> _held = [];

    public Reports Reports { get; } = new(time);

    public int Count => _held.Count;

    public IEnumerable<HeldAttempt> Held => _held.Values;

    /// <summary>All that nobody else may be given: what is in hand, and what has ended and is not acknowledged.</summary>
    public IReadOnlyList<AttemptId> Ids => [.. _held.Keys, .. Reports.Ids];

    public HeldAttempt? Find(AttemptId id) => _held.GetValueOrDefault(id);

    public bool Has(HeldAttempt held) => _held.TryGetValue(held.Id, out var found) && found == held;

    /// <summary>Notes an attempt that arrived.</summary>
    /// <returns>Null when it is known: it runs already, or has ended and is reported again.</returns>
    public HeldAttempt? Take(HeldAttempt arrived) =>
        Reports.Repeat(arrived.Id) || !_held.TryAdd(arrived.Id, arrived) ? null : arrived;

    /// <summary>Notes an end.</summary>
    /// <returns>Null when there is no such attempt in hand.</returns>
    public HeldAttempt? End(AttemptId id, TaskOutcome outcome)
    {
        if (!_held.TryGetValue(id, out var held))
        {
            return null;
        }

        if (!held.IsDisowned)
        {
            Reports.Add(new(id, outcome));
        }

        _held.Remove(id);
        return held;
    }
}
