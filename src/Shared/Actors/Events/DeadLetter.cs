namespace Sluice.Actors;

/// <summary>Published on the event stream: a message that nobody took, because its receiver has stopped or its mailbox was full.</summary>
public sealed record DeadLetter(object Message, ActorRef? Sender, ActorRef Recipient);
