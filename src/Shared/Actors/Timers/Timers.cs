namespace Sluice.Actors;

/// <summary>Delayed messages of an actor to itself, by key. Used by the actor only; they end with it and with a restart.</summary>
/// <remarks>Once cancelled or replaced, a timer's message is not delivered, even if it waits in the mailbox already.</remarks>
public sealed class Timers
{
    private readonly ActorCell _cell;
    private Dictionary<object, TimerEntry>? _entries;

    internal Timers(ActorCell cell) => _cell = cell;

    /// <summary>Tells the message once. A timer of the same key is replaced.</summary>
    /// <param name="delay">Zero and less: at once, behind what waits in the mailbox. Any length.</param>
    public void StartSingle(object key, TimeSpan delay, object message) => Start(key, delay, periodic: false, message);

    /// <summary>Tells the message at every interval, first after one; a tick is left out while the one before it still waits.</summary>
    public void StartPeriodic(object key, TimeSpan interval, object message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Start(key, interval, periodic: true, message);
    }

    public void Cancel(object key)
    {
        if (_entries is not null && _entries.Remove(key, out var entry))
            entry.Dispose();
    }

    public bool IsActive(object key) => _entries?.ContainsKey(key) ?? false;

    /// <summary>Takes the message of a tick that reached the front of the mailbox; null when it was cancelled on the way.</summary>
    internal object? Take(TimerEntry entry)
    {
        if (_entries is null || !_entries.TryGetValue(entry.Key, out var current) || !ReferenceEquals(current, entry))
            return null;
        if (!entry.Periodic)
        {
            _entries.Remove(entry.Key);
            entry.Dispose();
        }

        entry.Taken();
        return entry.Message;
    }

    internal void CancelAll()
    {
        if (_entries is null)
            return;
        foreach (var entry in _entries.Values)
            entry.Dispose();
        _entries = null;
    }

    private void Start(object key, TimeSpan delay, bool periodic, object message)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(message);
        Cancel(key);
        var entry = new TimerEntry(_cell, key, message, delay < TimeSpan.Zero ? TimeSpan.Zero : delay, periodic);
        (_entries ??= [])[key] = entry;
        entry.Arm();
    }
}
