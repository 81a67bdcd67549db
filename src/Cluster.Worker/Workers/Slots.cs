using System.Globalization;
using Sluice.Actors;
using Sluice.Cluster.Worker.Attempts;

namespace Sluice.Cluster.Worker.Workers;

/// <summary>The worker's slots, who has them, and attempts that wait for one.</summary>
internal sealed class Slots
{
    /// <summary>What was given ahead goes back when no slot has come free for so long.</summary>
    public static readonly TimeSpan HandBackAfter = TimeSpan.FromMilliseconds(250);

    private readonly Stack<ActorRef> _free = new();
    private readonly Queue<HeldAttempt> _waiting = new();
    private readonly IAttemptExecutor _executor;
    private readonly AttemptBooks _books;
    private readonly ActorContext _context;
    private readonly int _count;
    private DateTimeOffset _givenAt;

    public Slots(int count, IAttemptExecutor executor, AttemptBooks books, ActorContext context)
    {
        (_count, _executor, _books, _context) = (count, executor, books, context);
        for (var slot = count; slot >= 1; slot--)
        {
            _free.Push(Spawn(string.Create(CultureInfo.InvariantCulture, $"slot-{slot}")));
        }
    }

    public int Used => _count - _free.Count;

    public int Waiting => _waiting.Count;

    /// <summary>Takes up what ran before the actor was restarted: it runs on, and found a slot then, so there is one now.</summary>
    public void Adopt(HeldAttempt held) => Begin(held, held.Running!.Work.IsSlotless ? SpawnFor(held) : _free.Pop());

    /// <summary>Runs an attempt, at once or when a slot is free.</summary>
    public void Run(HeldAttempt held, AttemptWork work)
    {
        held.Running = new(work);
        if (work.IsSlotless)
        {
            Begin(held, SpawnFor(held));
        }
        else if (_free.TryPop(out var slot))
        {
            Begin(held, slot);
        }
        else
        {
            _waiting.Enqueue(held);
            if (!_context.Timers.IsActive(HandBackDue.Instance))
            {
                _context.Timers.StartSingle(HandBackDue.Instance, HandBackAfter, HandBackDue.Instance);
            }
        }
    }

    /// <summary>An attempt has ended: who waits next gets its slot.</summary>
    public void Free(HeldAttempt ended)
    {
        if (ended.Running!.Work.IsSlotless)
        {
            _context.Stop(ended.Slot!);
            return;
        }

        _givenAt = _context.Time.GetUtcNow();
        while (_waiting.TryDequeue(out var next))
        {
            // Else it was killed while it waited.
            if (_books.Has(next))
            {
                Begin(next, ended.Slot!);
                return;
            }
        }

        _free.Push(ended.Slot!);
    }

    /// <summary>What was given ahead must not stick to a worker whose slots are held by long tasks: others may be idle.</summary>
    /// <returns>What to hand back.</returns>
    public IReadOnlyList<HeldAttempt> TakeOverdue()
    {
        var sinceLastSlot = _context.Time.GetUtcNow() - _givenAt;
        if (_waiting.Count > 0 && sinceLastSlot < HandBackAfter)
        {
            _context.Timers.StartSingle(HandBackDue.Instance, HandBackAfter - sinceLastSlot, HandBackDue.Instance);
            return [];
        }

        var overdue = _waiting.Where(_books.Has).ToList();
        _waiting.Clear();
        return overdue;
    }

    private void Begin(HeldAttempt held, ActorRef slot)
    {
        held.Slot = slot;
        slot.Tell(new RunAttempt(held.Running!), _context.Self);
        if (held.Kill is { } kill)
        {
            slot.Tell(kill, _context.Self);
        }
    }

    private ActorRef SpawnFor(HeldAttempt held) =>
        Spawn(string.Create(CultureInfo.InvariantCulture, $"async-{held.Id.Run}-{held.Id.Task}-{held.Id.Token}"));

    private ActorRef Spawn(string name) => _context.Spawn(Props.Create(() => new SlotActor(_executor)), name);
}

/// <summary>To the worker: look whether what was given ahead waits for too long.</summary>
internal sealed record HandBackDue
{
    public static HandBackDue Instance { get; } = new();
}
