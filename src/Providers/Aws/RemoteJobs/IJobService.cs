using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.RemoteJobs;

namespace Sluice.Providers.Aws.RemoteJobs;

/// <summary>A service that runs things for a while, through one connection.</summary>
internal interface IJobService
{
    /// <summary>A job of this service as it is kept.</summary>
    RemoteJob Of(string id);

    /// <summary>For people: <c>Query 1234 of Athena</c>.</summary>
    string Name(string id);

    /// <summary>How far it is.</summary>
    /// <exception cref="TaskErrorException">The service does not answer.</exception>
    /// <exception cref="TaskFailedException">It refuses to say.</exception>
    ValueTask<JobLook> LookAsync(string id, CancellationToken cancellationToken);

    /// <summary>Asks the service to stop it.</summary>
    ValueTask StopAsync(string id, CancellationToken cancellationToken);

    /// <summary>Names of the errors by which the service says that it knows no such job.</summary>
    IReadOnlyList<string> UnknownErrors { get; }
}

/// <summary>How far a job is.</summary>
internal enum JobState
{
    /// <summary>It waits for its turn, or runs.</summary>
    Running,

    /// <summary>It has been told to stop, and will.</summary>
    Stopping,

    Succeeded,
    Stopped,
    Failed,

    /// <summary>The service knows no such job, or no longer.</summary>
    Unknown,
}

/// <summary>What a service says of a job.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Word">The service's own word for that.</param>
/// <param name="Reason">Why, in its words; null when it says nothing.</param>
internal sealed record JobLook(JobState State, string? Word, string? Reason)
{
    /// <summary>What a sensor makes of it.</summary>
    /// <param name="name">Of the job, for people.</param>
    /// <exception cref="TaskErrorException">It has failed, or was stopped.</exception>
    internal Poke ToPoke(string name) => State switch
    {
        JobState.Running or JobState.Stopping => Poke.NotYet,
        JobState.Succeeded => Poke.Done,
        _ => throw new TaskErrorException($"{name} {Sentence}"),
    };

    /// <summary>For people: <c>is FAILED: column x is not there</c>.</summary>
    internal string Sentence => $"is {Word}: {Reason ?? "no reason was given"}";
}
