namespace Sluice.Actors;

/// <summary>A message on its way: the only allocation that a Tell makes.</summary>
internal sealed class Envelope
{
    public object? Message;
    public ActorRef? Sender;
    public Envelope? Next;
}

/// <summary>Lock-free queue of many producers and one consumer (Vyukov's linked queue).</summary>
internal sealed class MessageQueue
{
    private Envelope _last;  // producers swap it
    private Envelope _first; // consumer's: already taken, its Next is the oldest message

    public MessageQueue()
    {
        _first = _last = new Envelope();
    }

    public void Enqueue(Envelope envelope)
    {
        var previous = Interlocked.Exchange(ref _last, envelope);
        Volatile.Write(ref previous.Next, envelope);
    }

    public bool TryDequeue(out object message, out ActorRef? sender)
    {
        var first = _first;
        var next = Volatile.Read(ref first.Next);
        if (next is null)
        {
            if (ReferenceEquals(first, Volatile.Read(ref _last)))
            {
                message = null!;
                sender = null;
                return false;
            }

            // A producer stands between its swap and its link: two instructions, unless the machine took its thread away.
            var spin = default(SpinWait);
            while ((next = Volatile.Read(ref first.Next)) is null)
                spin.SpinOnce();
        }

        _first = next;
        first.Next = null; // else an old envelope would keep the whole chain behind it alive
        message = next.Message!;
        sender = next.Sender;
        next.Message = null;
        next.Sender = null;
        return true;
    }
}
