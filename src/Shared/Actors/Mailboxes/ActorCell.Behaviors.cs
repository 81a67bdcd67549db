namespace Sluice.Actors;

internal sealed partial class ActorCell
{
    public void Become(Func<object, ValueTask> behavior)
    {
        ArgumentNullException.ThrowIfNull(behavior);
        (_behaviors ??= new()).Push(behavior);
    }

    public void Unbecome()
    {
        if (_behaviors is { Count: > 0 })
            _behaviors.Pop();
    }

    public void Stash()
    {
        var message = _current ?? throw new InvalidOperationException($"{Self.Path} stashed outside of a message.");
        (_stash ??= []).Add((message, _sender));
    }

    public void UnstashAll()
    {
        if (_stash is not { Count: > 0 } stash)
            return;
        _stash = null;
        var held = _held;
        _held = new(stash);
        foreach (var later in held ?? [])
            _held.Enqueue(later);

        // Above 0 already, since a message is being handled: nobody needs to be scheduled.
        if (_phase == Phase.Running)
            Interlocked.Add(ref _pending, stash.Count);
    }
}
