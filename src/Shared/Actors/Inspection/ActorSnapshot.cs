namespace Sluice.Actors;

/// <summary>One actor as it is just now.</summary>
/// <param name="Path">Unique in its system.</param>
/// <param name="Parent">Path of the parent; null at the top.</param>
/// <param name="Type">Name of the class.</param>
/// <param name="MailboxDepth">Messages that wait.</param>
/// <param name="Processed">Messages handled since it was spawned, over all restarts.</param>
/// <param name="Restarts">How often supervision made a new instance.</param>
/// <param name="LastError">One line; null when it never failed.</param>
/// <param name="LastErrorAt">UTC.</param>
/// <param name="Age">Since it was spawned.</param>
/// <param name="Busy">True while a handler runs or awaits.</param>
/// <param name="State">What the actor says of itself, or what supervision does with it.</param>
public sealed record ActorSnapshot(
    string Path,
    string? Parent,
    string Type,
    int MailboxDepth,
    long Processed,
    int Restarts,
    string? LastError,
    DateTimeOffset? LastErrorAt,
    TimeSpan Age,
    bool Busy,
    string State);
