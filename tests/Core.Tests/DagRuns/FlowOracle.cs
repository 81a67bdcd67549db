using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>The rules of a run once more, as people would say them: looks at everything each time, and counts nothing ahead (semantics.md, 2, 4 and 5).</summary>
internal sealed class FlowOracle
{
    private readonly IReadOnlyList<TaskSpec> _tasks;
    private readonly HashSet<int> _barred = [];

    public FlowOracle(DagSpec dag, IEnumerable<int> removed)
    {
        _tasks = dag.Tasks;
        States = new TaskState[_tasks.Count];
        foreach (var task in removed)
        {
            States[task] = TaskState.Removed;
        }

        Settle();
    }

    public TaskState[] States { get; }

    public bool IsOver => States.All(state => state.IsFinished());

    /// <summary>Failed as soon as a last task that counts is failed or was failed by those before it.</summary>
    public bool HasFailed => Enumerable.Range(0, _tasks.Count).Any(task => Is(task, TaskState.Failed, TaskState.UpstreamFailed) && Counts(task) && !IsFollowed(task));

    /// <summary>A task ends; it may have chosen what goes on, or skip what comes after it.</summary>
    public void End(int task, TaskState state, IReadOnlyCollection<int>? follow = null, SkipScope? skip = null)
    {
        States[task] = state;
        if (follow is not null)
        {
            _barred.UnionWith(Downstream(task).Where(next => !follow.Any(chosen => chosen == next || ComesAfter(next, chosen))));
        }

        if (skip == SkipScope.Direct)
        {
            _barred.UnionWith(Downstream(task));
        }
        else if (skip == SkipScope.All)
        {
            _barred.UnionWith(All.Where(next => ComesAfter(next, task) && _tasks[next].Kind != TaskKind.Teardown));
        }

        Settle();
    }

    private IEnumerable<int> All => Enumerable.Range(0, _tasks.Count);

    private IEnumerable<int> Downstream(int task) => All.Where(next => _tasks[next].Upstream.Contains(task));

    private bool Is(int task, params TaskState[] states) => states.Contains(States[task]);

    private bool ComesAfter(int task, int other) => _tasks[task].Upstream.Any(up => up == other || ComesAfter(up, other));

    private bool Counts(int task) => _tasks[task].Kind != TaskKind.Teardown || _tasks[task].OnFailureFailDagRun;

    // What was no part of the run stands in nobody's way.
    private bool IsFollowed(int task) => Downstream(task).Any(next => Is(next, TaskState.Removed) ? IsFollowed(next) : Counts(next));

    /// <summary>All at once by what stands now, then those that hang on them, until nothing moves.</summary>
    private void Settle()
    {
        while (true)
        {
            var verdicts = All.Where(task => States[task] == TaskState.None).Select(task => (Task: task, To: Verdict(task))).Where(found => found.To is not null).ToList();
            if (verdicts.Count == 0)
            {
                return;
            }

            verdicts.ForEach(found => States[found.Task] = found.To!.Value);
        }
    }

    private TaskState? Verdict(int task)
    {
        if (_barred.Contains(task))
        {
            return TaskState.Skipped;
        }

        var go = _tasks[task].Operator == Core.DagRuns.DagRunDecider.EmptyOperator ? TaskState.Success : TaskState.Scheduled;
        var setups = All.Where(setup => Guards(setup, task)).ToList();
        if (setups.Any(setup => Is(setup, TaskState.Failed, TaskState.UpstreamFailed)))
        {
            return TaskState.UpstreamFailed;
        }

        if (setups.Any(setup => Is(setup, TaskState.Skipped)))
        {
            return TaskState.Skipped;
        }

        return setups.All(setup => Is(setup, TaskState.Success, TaskState.Removed)) ? ByRule(task, go) : null;
    }

    /// <summary>Whether a task needs a setup that is not directly before it: up to the setup's teardowns, or to the end when it has none.</summary>
    private bool Guards(int setup, int task)
    {
        var teardowns = Downstream(setup).Where(next => _tasks[next].Kind == TaskKind.Teardown).ToList();
        return _tasks[setup].Kind == TaskKind.Setup && _tasks[task].Kind != TaskKind.Teardown && !_tasks[task].Upstream.Contains(setup) && ComesAfter(task, setup)
            && (teardowns.Count == 0 || teardowns.Any(teardown => ComesAfter(teardown, task)));
    }

    private TaskState? ByRule(int task, TaskState go)
    {
        var rule = _tasks[task].TriggerRule;
        if (_tasks[task].Upstream.Count == 0 || rule == TriggerRule.Always)
        {
            return go;
        }

        // Removed ones are done, and else not there.
        var there = _tasks[task].Upstream.Where(up => !Is(up, TaskState.Removed)).ToList();
        var setups = _tasks[task].Upstream.Where(up => _tasks[up].Kind == TaskKind.Setup).ToList();
        bool Any(params TaskState[] states) => there.Any(up => Is(up, states));
        bool Every(params TaskState[] states) => there.All(up => Is(up, states));
        var allDone = there.All(up => States[up].IsFinished());
        var anyFailed = Any(TaskState.Failed, TaskState.UpstreamFailed);
        var anySkipped = Any(TaskState.Skipped);
        var anySuccess = Any(TaskState.Success);
        return rule switch
        {
            TriggerRule.AllSuccess => anyFailed ? TaskState.UpstreamFailed : anySkipped ? TaskState.Skipped : Every(TaskState.Success) ? go : null,
            TriggerRule.AllFailed => anySuccess || anySkipped ? TaskState.Skipped : Every(TaskState.Failed, TaskState.UpstreamFailed) ? go : null,
            TriggerRule.AllDone => allDone ? go : null,
            TriggerRule.AllDoneMinOneSuccess => anySkipped ? TaskState.Skipped : !allDone ? null : anySuccess ? go : TaskState.UpstreamFailed,
            TriggerRule.OneSuccess => anySuccess ? go : !allDone ? null : Every(TaskState.Skipped) ? TaskState.Skipped : TaskState.UpstreamFailed,
            TriggerRule.OneFailed => anyFailed ? go : allDone ? TaskState.Skipped : null,
            TriggerRule.OneDone => Any(TaskState.Success, TaskState.Failed) ? go : allDone ? TaskState.Skipped : null,
            TriggerRule.NoneFailed => anyFailed ? TaskState.UpstreamFailed : allDone ? go : null,
            TriggerRule.NoneFailedMinOneSuccess => anyFailed ? TaskState.UpstreamFailed : !allDone ? null : anySuccess ? go : TaskState.Skipped,
            TriggerRule.NoneSkipped => anySkipped ? TaskState.Skipped : allDone ? go : null,
            TriggerRule.AllSkipped => anySuccess || anyFailed ? TaskState.Skipped : Every(TaskState.Skipped) ? go : null,
            TriggerRule.AllDoneSetupSuccess => !allDone ? null
                : setups.Count == 0 || setups.Any(setup => Is(setup, TaskState.Success)) ? go
                : setups.All(setup => Is(setup, TaskState.Skipped)) ? TaskState.Skipped
                : TaskState.UpstreamFailed,
            _ => throw new ArgumentOutOfRangeException(nameof(task), rule, "No such rule."),
        };
    }
}
