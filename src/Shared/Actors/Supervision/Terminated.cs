namespace Sluice.Actors;

/// <summary>Told to those who watch an actor when it has stopped for good, after everything that it told them before.</summary>
public sealed record Terminated(ActorRef Actor);
