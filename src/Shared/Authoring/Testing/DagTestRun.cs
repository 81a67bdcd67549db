using System.Globalization;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Testing;

/// <summary>Runs one Dag run in this process, task by task in the order of their dependencies: no scheduler, no worker, nothing stored.</summary>
/// <remarks>Trigger rules, XComs, retries and sensors are as in earnest, but a retry does not wait. Pools, queues and priorities do not matter here.</remarks>
public sealed class DagTestRun(DagDefinition definition, ProviderCatalog providers, TestRunOptions options)
{
    private readonly DagSpec _dag = definition.Spec;
    private readonly TaskState[] _states = new TaskState[definition.Spec.Tasks.Count];
    private readonly TestTaskServices _services = new(options);

    /// <summary>Runs it.</summary>
    public async Task<DagTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var run = new RunFacts
        {
            Key = 0,
            Dag = _dag.Id,
            Id = new($"test__{options.Interval.Start:yyyy-MM-dd'T'HH:mm:sszzz}"),
            Type = RunType.Manual,
            Interval = options.Interval,
            Version = DagVersion.Of(_dag),
            Conf = options.Conf,
            CreatedAt = options.Time.GetUtcNow(),
        };
        options.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_dag.Id}: test run for [{options.Interval.Start:yyyy-MM-dd'T'HH:mm:ss'Z'}, {options.Interval.End:yyyy-MM-dd'T'HH:mm:ss'Z'})"));
        var graph = new DagGraph(_dag);
        foreach (var task in InOrder(graph))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _states[task] = await RunTaskAsync(run, task, cancellationToken);
        }

        var failed = Enumerable.Range(0, graph.Count).Any(task => graph.IsLeaf(task) && _states[task] is TaskState.Failed or TaskState.UpstreamFailed);
        var state = failed ? RunState.Failed : RunState.Success;
        options.Output.WriteLine($"{_dag.Id}: {(failed ? "failed" : "success")}");
        return new(state, _dag.Tasks.Zip(_states).ToDictionary(pair => pair.First.Id, pair => pair.Second), _services.XComs);
    }

    private async Task<TaskState> RunTaskAsync(RunFacts run, int index, CancellationToken cancellationToken)
    {
        var task = _dag.Tasks[index];
        var counts = new UpstreamCounts();
        foreach (var upstream in task.Upstream)
        {
            counts.Add(_states[upstream]);
        }

        switch (TriggerRules.Evaluate(task.TriggerRule, task.Upstream.Count, counts))
        {
            case TriggerVerdict.Run:
                break;
            case TriggerVerdict.Skip:
                return Tell(task, TaskState.Skipped, "by its trigger rule");
            default:
                return Tell(task, TaskState.UpstreamFailed, "by its trigger rule");
        }

        for (var tryNumber = 1; ; tryNumber++)
        {
            var outcome = await AttemptAsync(run, task, tryNumber, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            switch (outcome.Kind)
            {
                case OutcomeKind.Success:
                    _services.Keep(task.Id, outcome.XComs);
                    return Tell(task, TaskState.Success, Took(outcome));
                case OutcomeKind.Skipped:
                    return Tell(task, TaskState.Skipped, outcome.Error);
                case OutcomeKind.Failed when tryNumber <= task.Retries:
                    Tell(task, TaskState.UpForRetry, $"after try {tryNumber} of {task.Retries + 1}");
                    break;
                default:
                    return Tell(task, TaskState.Failed, Took(outcome));
            }
        }
    }

    private async Task<TaskOutcome> AttemptAsync(RunFacts run, TaskSpec task, int tryNumber, CancellationToken cancellationToken)
    {
        DateTimeOffset? firstPokeAt = null;
        while (true)
        {
            var context = new TaskContext(run, _dag, task, tryNumber, _services.For(task.Id), providers) { FirstPokeAt = firstPokeAt };
            var outcome = await OperatorExecution.RunAsync(definition.CreateOperator(task.Id), context, options.Time, cancellationToken);
            if (outcome.Kind != OutcomeKind.Rescheduled)
            {
                return outcome;
            }

            firstPokeAt ??= outcome.StartedAt;
            var wait = outcome.ResumeAt!.Value - options.Time.GetUtcNow();
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, options.Time, cancellationToken);
        }
    }

    private TaskState Tell(TaskSpec task, TaskState state, string? why)
    {
        options.Output.WriteLine($"[{task.Id}] {state.Name()}{(why is null ? "" : $": {why}")}");
        return state;
    }

    private static string Took(TaskOutcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{(outcome.EndedAt - outcome.StartedAt).TotalSeconds:0.000} s");

    private static IEnumerable<int> InOrder(DagGraph graph)
    {
        var waitsFor = graph.Spec.Tasks.Select(task => task.Upstream.Count).ToArray();
        var ready = new Queue<int>(Enumerable.Range(0, graph.Count).Where(task => waitsFor[task] == 0));
        while (ready.TryDequeue(out var task))
        {
            yield return task;
            foreach (var next in graph.Downstream(task).ToArray())
            {
                if (--waitsFor[next] == 0)
                {
                    ready.Enqueue(next);
                }
            }
        }
    }
}

/// <summary>How a test run ended.</summary>
/// <param name="State">Success or failed.</param>
/// <param name="Tasks">State of each task.</param>
/// <param name="XComs">JSON of what was pushed, by task and key.</param>
public sealed record DagTestResult(
    RunState State, IReadOnlyDictionary<TaskId, TaskState> Tasks, IReadOnlyDictionary<(TaskId Task, string Key), string> XComs);
