namespace Sluice.Core.TaskInstances;

/// <summary>What takes a task instance along an arrow.</summary>
public enum TaskTransitionCause
{
    /// <summary>The rules of the run.</summary>
    Rules,

    /// <summary>A person has it run again.</summary>
    Clear,

    /// <summary>A person says how it ended.</summary>
    Mark,

    /// <summary>A mapped task is cleared together with what it is mapped over, and waits to be expanded anew.</summary>
    Unmap,

    /// <summary>The run goes on by another version of its Dag.</summary>
    Version,
}

/// <summary>One way from a state of a task instance to another.</summary>
/// <param name="From">Where it starts.</param>
/// <param name="To">Where it leads.</param>
/// <param name="Name">What happens on the way, as docs/concepts/task-states.md names it.</param>
/// <param name="Cause">What may take an instance along it; nothing else may.</param>
public sealed record TaskTransition(TaskState From, TaskState To, string Name, TaskTransitionCause Cause = TaskTransitionCause.Rules);

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
        new(TaskState.None, TaskState.Removed, "expand, or outside its dates"),
        new(TaskState.Scheduled, TaskState.Running, "dispatch"),
        new(TaskState.Scheduled, TaskState.Deferred, "dispatch async"),
        new(TaskState.Scheduled, TaskState.Skipped, "run ends"),
        new(TaskState.Running, TaskState.Success, "succeed"),
        new(TaskState.Running, TaskState.Failed, "fail"),
        new(TaskState.Running, TaskState.Skipped, "skip itself, or run times out"),
        new(TaskState.Running, TaskState.UpForRetry, "fail with retries left, or lost"),
        new(TaskState.Running, TaskState.UpForReschedule, "reschedule"),
        new(TaskState.Running, TaskState.AwaitingInput, "ask"),
        new(TaskState.Deferred, TaskState.Success, "succeed"),
        new(TaskState.Deferred, TaskState.Failed, "fail"),
        new(TaskState.Deferred, TaskState.Skipped, "skip itself, or run times out"),
        new(TaskState.Deferred, TaskState.UpForRetry, "fail with retries left, or lost"),
        new(TaskState.Deferred, TaskState.UpForReschedule, "reschedule"),
        new(TaskState.UpForRetry, TaskState.Scheduled, "retry is due"),
        new(TaskState.UpForRetry, TaskState.Skipped, "run ends"),
        new(TaskState.UpForReschedule, TaskState.Scheduled, "poke is due"),
        new(TaskState.UpForReschedule, TaskState.Skipped, "run ends"),
        new(TaskState.AwaitingInput, TaskState.Success, "answer"),
        new(TaskState.AwaitingInput, TaskState.Failed, "nobody answers, or no"),
        new(TaskState.AwaitingInput, TaskState.Skipped, "nobody answers, or run ends"),
        .. FromAnyTo(TaskState.None, "clear", TaskTransitionCause.Clear),
        .. FromAnyTo(TaskState.Success, "mark", TaskTransitionCause.Mark),
        .. FromAnyTo(TaskState.Failed, "mark", TaskTransitionCause.Mark),
        .. FromAnyTo(TaskState.Skipped, "mark", TaskTransitionCause.Mark),
        .. FromAnyTo(TaskState.Removed, "expand anew", TaskTransitionCause.Unmap),
        new(TaskState.Removed, TaskState.None, "expand anew", TaskTransitionCause.Unmap),
        .. FromAnyTo(TaskState.Removed, "gone in the other version", TaskTransitionCause.Version),
        .. FromAnyTo(TaskState.None, "begin anew in the other version", TaskTransitionCause.Version),
        new(TaskState.Removed, TaskState.None, "begin anew in the other version", TaskTransitionCause.Version),
    ];

    private static readonly bool[,,] Allowed = Table();

    /// <summary>Whether the rules of a run may take a task instance from one state to the other at once.</summary>
    public static bool IsAllowed(TaskState from, TaskState to) => IsAllowed(from, to, TaskTransitionCause.Rules);

    /// <summary>Whether this may take a task instance from one state to the other at once.</summary>
    public static bool IsAllowed(TaskState from, TaskState to, TaskTransitionCause cause) => Allowed[(int)from, (int)to, (int)cause];

    /// <summary>Whether people may take a task instance from one state to the other: clearing leads to none, marking to success, failed or skipped.</summary>
    public static bool IsAllowedByHand(TaskState from, TaskState to) =>
        IsAllowed(from, to, TaskTransitionCause.Clear) || IsAllowed(from, to, TaskTransitionCause.Mark);

    /// <summary>Arrows to a state from each other one that an instance can be in, but removed.</summary>
    private static IEnumerable<TaskTransition> FromAnyTo(TaskState to, string name, TaskTransitionCause cause) =>
        from state in Enum.GetValues<TaskState>()
        where state is not (TaskState.Queued or TaskState.Removed) && state != to
        select new TaskTransition(state, to, name, cause);

    private static bool[,,] Table()
    {
        var states = Enum.GetValues<TaskState>().Length;
        var table = new bool[states, states, Enum.GetValues<TaskTransitionCause>().Length];
        foreach (var way in All)
        {
            table[(int)way.From, (int)way.To, (int)way.Cause] = true;
        }

        return table;
    }
}
