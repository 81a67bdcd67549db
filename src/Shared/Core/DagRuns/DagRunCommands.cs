using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>What is asked of a run. Times are UTC and come in with the command.</summary>
public abstract record DagRunCommand
{
    private protected DagRunCommand()
    {
    }
}

/// <summary>Leave the queue.</summary>
public sealed record StartRun(DateTimeOffset At) : DagRunCommand;

/// <summary>The dispatcher found a worker for these tasks. Those that no longer wait for one are left out of the events.</summary>
public sealed record DispatchTasks(string Worker, IReadOnlyList<int> Tasks, DateTimeOffset At) : DagRunCommand;

/// <summary>An attempt ended. Without effect when the attempt is not the current one.</summary>
/// <param name="Task">As in the attempt's id.</param>
/// <param name="Token">As in the attempt's id.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="At">When that was heard of, UTC.</param>
public sealed record ReportTask(int Task, int Token, TaskOutcome Outcome, DateTimeOffset At) : DagRunCommand;

/// <summary>A person answered. Without effect when the attempt's question is not open any more; the question must have taken the answer.</summary>
public sealed record AnswerTask(int Task, int Token, HumanInput.HumanAnswer Answer) : DagRunCommand;

/// <summary>What these tasks waited for in the previous run has come.</summary>
public sealed record TellPast(IReadOnlyList<int> Tasks, DateTimeOffset At) : DagRunCommand;

/// <summary>The clock has moved: schedule what was waiting for this moment.</summary>
public sealed record WakeTasks(DateTimeOffset At) : DagRunCommand;

/// <summary>End the run now as failed: running attempts fail, what has not begun is skipped.</summary>
public sealed record CancelRun(string Reason, DateTimeOffset At) : DagRunCommand;

/// <summary>The clock has moved: end the run when it has been running for longer than its Dag allows. What has not ended is skipped.</summary>
public sealed record TimeOutRun(DateTimeOffset At) : DagRunCommand;

/// <summary>The clock has moved: note the deadlines by which the run is not over.</summary>
public sealed record MissDeadlines(DateTimeOffset At) : DagRunCommand;
