namespace Sluice.Core.Queues;

/// <summary>What one worker holds, and how much it may be given.</summary>
internal sealed class WorkerUse(string id, int slots, HashSet<string> queues)
{
    // Short tasks are given ahead, so that a slot need not idle for a commit and a round trip: about this much work a slot.
    private const double AheadMilliseconds = 20;
    private const int MaxAheadPerSlot = 32;

    private double _averageMilliseconds = double.PositiveInfinity;

    public string Id { get; } = id;

    public int Slots { get; } = slots;

    public HashSet<string> Queues { get; } = queues;

    public int Used { get; set; }

    public int IdleSlots => Slots - Used;

    public int Free => Slots + Ahead - Used;

    private int Ahead => double.IsInfinity(_averageMilliseconds)
        ? 0
        : (int)(Slots * Math.Min(MaxAheadPerSlot, AheadMilliseconds / Math.Max(0.01, _averageMilliseconds)));

    /// <summary>Nothing is given ahead until a task has ended there.</summary>
    public void IsBusy() => _averageMilliseconds = double.PositiveInfinity;

    public void Ran(TimeSpan length) =>
        _averageMilliseconds = double.IsInfinity(_averageMilliseconds)
            ? length.TotalMilliseconds
            : (0.9 * _averageMilliseconds) + (0.1 * length.TotalMilliseconds);
}
