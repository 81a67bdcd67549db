using Sluice.Authoring.Connections;
using Sluice.Core.Connections;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Testing;

/// <summary>What a test run needs from outside.</summary>
public sealed record TestRunOptions
{
    /// <summary>The data interval to run for, UTC; see <see cref="TestInterval"/>.</summary>
    public required DataInterval Interval { get; init; }

    /// <summary>JSON object that overrides the Dag's params.</summary>
    public string Conf { get; init; } = "{}";

    /// <summary>Looks up connections. Default: the environment (<c>SLUICE_CONN_X</c>).</summary>
    public Func<string, CancellationToken, ValueTask<Connection?>> FindConnection { get; init; } =
        (id, _) => ValueTask.FromResult(EnvironmentSecrets.FindConnection(id));

    /// <summary>Looks up variables. Default: the environment (<c>SLUICE_VAR_X</c>).</summary>
    public Func<string, CancellationToken, ValueTask<string?>> FindVariable { get; init; } =
        (name, _) => ValueTask.FromResult(EnvironmentSecrets.FindVariable(name));

    /// <summary>Options that are chosen where a task asks a person, by task (<c>task</c>, or <c>task[3]</c>). A task that is not named takes its defaults, else its first option.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Answers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Takes each task's log and state.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Clock of timeouts and of the waits of sensors.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
