namespace Sluice.Core.DagRuns;

/// <summary>One way from a state of a run to another.</summary>
/// <param name="From">Where it starts.</param>
/// <param name="To">Where it leads.</param>
/// <param name="Name">What happens on the way, as docs/concepts/task-states.md names it.</param>
public sealed record RunTransition(RunState From, RunState To, string Name);

/// <summary>Every way there is between the states of a run, and no other (docs/concepts/task-states.md).</summary>
public static class RunTransitions
{
    public static IReadOnlyList<RunTransition> All { get; } =
    [
        new(RunState.Queued, RunState.Running, "start"),
        new(RunState.Queued, RunState.Failed, "cancel"),
        new(RunState.Queued, RunState.Failed, "mark"),
        new(RunState.Queued, RunState.Success, "mark"),
        new(RunState.Running, RunState.Success, "leaves end well"),
        new(RunState.Running, RunState.Success, "mark"),
        new(RunState.Running, RunState.Failed, "a leaf fails"),
        new(RunState.Running, RunState.Failed, "deadlock"),
        new(RunState.Running, RunState.Failed, "time out"),
        new(RunState.Running, RunState.Failed, "cancel"),
        new(RunState.Running, RunState.Failed, "mark"),
        new(RunState.Success, RunState.Queued, "clear"),
        new(RunState.Success, RunState.Failed, "mark"),
        new(RunState.Failed, RunState.Queued, "clear"),
        new(RunState.Failed, RunState.Success, "mark"),
    ];

    private static readonly bool[,] Allowed = Table();

    /// <summary>Whether a run may go from one state to the other at once.</summary>
    public static bool IsAllowed(RunState from, RunState to) => Allowed[(int)from, (int)to];

    private static bool[,] Table()
    {
        var states = Enum.GetValues<RunState>().Length;
        var table = new bool[states, states];
        foreach (var way in All)
        {
            table[(int)way.From, (int)way.To] = true;
        }

        return table;
    }
}
