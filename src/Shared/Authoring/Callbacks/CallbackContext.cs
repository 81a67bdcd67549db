using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;

namespace Sluice.Authoring.Callbacks;

/// <summary>What has happened, as a callback sees it.</summary>
public sealed class CallbackContext
{
    private readonly CallbackNote _note;

    internal CallbackContext(TaskContext task) =>
        (Task, _note) = (task, task.Callback ?? throw new TaskFailedException("A notifier is no task: give it to OnFailure and the like."));

    /// <summary>Connections, variables, XComs of the run and the log. Pushing has no effect. For a callback of the Dag its task stands for none.</summary>
    public TaskContext Task { get; }

    /// <summary>The same however often the callback is handed out: by it a receiver can tell a repeat.</summary>
    public string EventId => _note.EventId;

    /// <summary>What happened.</summary>
    public CallbackTrigger On => _note.On;

    /// <summary>As YAML has it: <c>on_failure</c>.</summary>
    public string Event => _note.On.Name();

    /// <summary>The run.</summary>
    public RunFacts Run => Task.Run;

    /// <summary>The Dag's id.</summary>
    public string DagId => Task.Run.Dag.Value;

    /// <summary>The run's id.</summary>
    public string RunId => Task.Run.Id.Value;

    /// <summary>Start of the run's data interval, UTC.</summary>
    public DateTimeOffset LogicalDate => Task.Run.LogicalDate;

    /// <summary>The task instance: <c>task</c>, or <c>task[3]</c> when it is mapped; null for a callback of the Dag.</summary>
    public string? TaskId => _note.Instance;

    /// <summary>The try that it is about, from 1; 0 for a callback of the Dag, and for a task that never ran.</summary>
    public int TryNumber => _note.TryNumber;

    /// <summary>State of the task or run after what happened: <c>failed</c>, <c>up_for_retry</c>.</summary>
    public string State => _note.State;

    /// <summary>One line: why. Null when there is nothing to say.</summary>
    public string? Why => _note.Why;

    /// <summary>When it happened, UTC.</summary>
    public DateTimeOffset At => _note.At;

    /// <summary>The deadline that was missed; null for all else.</summary>
    public string? Deadline => _note.Deadline;

    /// <summary>When that deadline was, UTC; null for all else.</summary>
    public DateTimeOffset? DeadlineDue => _note.Due;

    /// <summary>Cancelled when the callback timeout is over.</summary>
    public CancellationToken CancellationToken => Task.CancellationToken;

    /// <summary>Writes a line to the callback's log.</summary>
    public void Log(string line) => Task.Log(line);

    /// <summary>One line for people, such as <c>orders.load (manual__2026-11-21) failed on try 2: no such table</c>.</summary>
    public string Summary
    {
        get
        {
            var what = On switch
            {
                CallbackTrigger.Execute => "begins",
                CallbackTrigger.Success => "succeeded",
                CallbackTrigger.Failure => "failed",
                CallbackTrigger.Retry => "will be tried again",
                CallbackTrigger.Skipped => "was skipped",
                _ => $"missed the deadline \"{Deadline}\"",
            };
            var where = TaskId is null ? DagId : $"{DagId}.{TaskId}";
            var which = TryNumber > 1 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" (try {TryNumber})") : "";
            return $"{where} in run {RunId} {what}{which}{(Why is null ? "" : $": {Why}")}";
        }
    }
}
