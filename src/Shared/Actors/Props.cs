namespace Sluice.Actors;

/// <summary>How to make an actor: again and again, since a restart takes a fresh instance.</summary>
public sealed class Props
{
    private Props(Func<Actor> factory, SupervisionStrategy supervision, int mailboxCapacity)
    {
        Factory = factory;
        Supervision = supervision;
        MailboxCapacity = mailboxCapacity;
    }

    internal Func<Actor> Factory { get; }

    internal SupervisionStrategy Supervision { get; }

    /// <summary>Zero: no bound.</summary>
    internal int MailboxCapacity { get; }

    /// <param name="factory">Makes a new instance each time it is called.</param>
    public static Props Create(Func<Actor> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(factory, SupervisionStrategy.Default, 0);
    }

    /// <summary>How the actor treats its children when they fail. Default: <see cref="SupervisionStrategy.Default"/>.</summary>
    public Props WithSupervision(SupervisionStrategy strategy)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        return new Props(Factory, strategy, MailboxCapacity);
    }

    /// <summary>Bounds the mailbox: what does not fit becomes a dead letter with a warning. Default: no bound.</summary>
    public Props WithMailboxCapacity(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        return new Props(Factory, Supervision, capacity);
    }
}
