namespace Sluice.Core.TaskInstances;

/// <summary>One way from a state of a task instance to another.</summary>
/// <param name="From">Where it starts.</param>
/// <param name="To">Where it leads.</param>
/// <param name="Name">What happens on the way, as docs/concepts/task-states.md names it.</param>
public sealed record TaskTransition(TaskState From, TaskState To, string Name);

/// <summary>Every way there is between the states of a task instance, and no other (docs/concepts/task-states.md).</summary>
public static class TaskTransitions
{
    public static IReadOnlyList<TaskTransition> All { get; } =
    [
        new(TaskState.None, TaskState.Scheduled, "ready"),
        new(TaskState.None, TaskState.Success, "empty"),
        new(TaskState.None, TaskState.Skipped, "skip"),
        new(TaskState.None, TaskState.UpstreamFailed, "upstream fails"),
        new(TaskState.None, TaskState.Failed, "cannot expand"),
        new(TaskState.None, TaskState.Removed, "expand"),
        new(TaskState.Scheduled, TaskState.Running, "dispatch"),
        new(TaskState.Scheduled, TaskState.Deferred, "dispatch async"),
        new(TaskState.Scheduled, TaskState.Skipped, "run ends"),
        new(TaskState.Running, TaskState.Success, "succeed"),
        new(TaskState.Running, TaskState.Failed, "fail"),
        new(TaskState.Running, TaskState.Skipped, "skip itself"),
        new(TaskState.Running, TaskState.UpForRetry, "fail with retries left, or lost"),
        new(TaskState.Running, TaskState.UpForReschedule, "reschedule"),
        new(TaskState.Running, TaskState.AwaitingInput, "ask"),
        new(TaskState.Deferred, TaskState.Success, "succeed"),
        new(TaskState.Deferred, TaskState.Failed, "fail"),
        new(TaskState.Deferred, TaskState.Skipped, "skip itself"),
        new(TaskState.Deferred, TaskState.UpForRetry, "fail with retries left, or lost"),
        new(TaskState.Deferred, TaskState.UpForReschedule, "reschedule"),
        new(TaskState.UpForRetry, TaskState.Scheduled, "retry is due"),
        new(TaskState.UpForRetry, TaskState.Skipped, "run ends"),
        new(TaskState.UpForReschedule, TaskState.Scheduled, "poke is due"),
        new(TaskState.UpForReschedule, TaskState.Skipped, "run ends"),
        new(TaskState.AwaitingInput, TaskState.Success, "answer"),
        new(TaskState.AwaitingInput, TaskState.Failed, "nobody answers, or no"),
        new(TaskState.AwaitingInput, TaskState.Skipped, "nobody answers, or run ends"),
    ];

    private static readonly bool[,] Allowed = Table();

    /// <summary>Whether a task instance may go from one state to the other at once.</summary>
    public static bool IsAllowed(TaskState from, TaskState to) => Allowed[(int)from, (int)to];

    /// <summary>Whether people may take a task instance from one state to the other: clearing leads to none, marking to success, failed or skipped.</summary>
    public static bool IsAllowedByHand(TaskState from, TaskState to) =>
        from != TaskState.Removed && from != to && (to is TaskState.None or TaskState.Success or TaskState.Failed or TaskState.Skipped);

    private static bool[,] Table()
    {
        var states = Enum.GetValues<TaskState>().Length;
        var table = new bool[states, states];
        foreach (var way in All)
        {
            table[(int)way.From, (int)way.To] = true;
        }

        return table;
    }
}
