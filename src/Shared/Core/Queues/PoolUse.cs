namespace Sluice.Core.Queues;

/// <summary>What is taken of one pool.</summary>
internal sealed class PoolUse
{
    /// <summary>Null: it was named by a task, or held by one when it was removed, and does not exist.</summary>
    public int? Slots { get; set; }

    public bool IncludeDeferred { get; set; }

    public int Used { get; set; }

    /// <summary>Slots of its async sensors, whether they count or not.</summary>
    public int Deferred { get; set; }

    public int Taken => IncludeDeferred ? Used + Deferred : Used;

    /// <summary>Tasks that need more slots than there are in all.</summary>
    public List<ReadyTask> TooLarge { get; } = [];

    /// <summary>Whether the task takes slots of this pool; one that does not exist keeps back all.</summary>
    public bool Takes(ReadyTask task) => task.NeedsSlot || IncludeDeferred || Slots is null;

    public bool Fits(int slots) => Slots < 0 || Taken + slots <= Slots; // never without slots

    public bool MayEverFit(int slots) => Slots is null or < 0 || slots <= Slots;
}
