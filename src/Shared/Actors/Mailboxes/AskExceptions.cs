namespace Sluice.Actors;

/// <summary>An actor did not answer in time. It may still answer; nobody waits for it.</summary>
public sealed class AskTimeoutException(string path, string question, TimeSpan timeout)
    : TimeoutException($"{path} did not answer {question} within {timeout.TotalSeconds:0.###} s.")
{
    public string Path { get; } = path;
}

/// <summary>The actor that was asked has stopped, or had no room for the question.</summary>
public sealed class ActorStoppedException(string path, string question)
    : InvalidOperationException($"{path} has stopped or its mailbox is full: {question} was not delivered.")
{
    public string Path { get; } = path;
}
