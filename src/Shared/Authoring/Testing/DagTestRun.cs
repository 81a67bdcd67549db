using System.Globalization;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Testing;

/// <summary>Runs one Dag run in this process, task by task in the order in which they become ready: no scheduler, no worker, nothing stored.</summary>
/// <remarks>The rules are the engine's own (<see cref="DagRunDecider"/>), but a retry does not wait. Pools, queues, priorities and earlier runs do not matter here.</remarks>
public sealed class DagTestRun(DagDefinition definition, ProviderCatalog providers, TestRunOptions options)
{
    private readonly DagSpec _dag = definition.Spec;
    private readonly TestTaskServices _services = new(options);
    private readonly PriorityQueue<int, (DateTimeOffset Due, long Order)> _ready = new();
    private readonly Queue<(CallbackDue Due, TaskState? Task)> _callbacks = new();
    private DagRunState _run = null!;
    private long _order;
    private int _callbacksRun;

    /// <summary>Runs it.</summary>
    public async Task<DagTestResult> RunAsync(CancellationToken cancellationToken)
    {
        var facts = new RunFacts
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
        _run = new(new DagGraph(_dag), new RunCreated(facts, 0, Deadlines: Deadlines.Of(
            // What stands in the calendar says nothing of a test run, which is made for any date at any time.
            [.. (_dag.Deadlines ?? []).Where(deadline => deadline.Reference.IsOfQueue)], facts, [])));
        Take(new StartRun(Now), null);
        Take(new TellPast([.. Enumerable.Range(0, _run.Graph.Count)], Now), null);
        using var limit = _dag.DagRunTimeout is { TotalDays: < 40 } length ? new CancellationTokenSource(length, options.Time) : new();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (_run.Phase == RunState.Running)
        {
            Take(new MissDeadlines(Now), null);
            await CallBackAsync(cancellationToken);
            try
            {
                stop.Token.ThrowIfCancellationRequested();
                await StepAsync(stop.Token);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                Take(new TimeOutRun(Now), null);
            }
        }

        await CallBackAsync(cancellationToken);
        var failed = _run.Phase == RunState.Failed;
        options.Output.WriteLine($"{_dag.Id}: {(failed ? "failed" : "success")}{(_run.Reason is null ? "" : $": {_run.Reason}")}");
        var states = new Dictionary<TaskId, TaskState>();
        for (var instance = 0; instance < _run.Instances; instance++)
        {
            if (!_run.IsGone(instance))
            {
                states.Add(_run.NameOf(instance), _run.StateOf(instance));
            }
        }

        return new(_run.Phase, states, _services.XComs);
    }

    /// <summary>Runs one task that is ready, or waits for the next.</summary>
    private async Task StepAsync(CancellationToken cancellationToken)
    {
        if (_ready.TryDequeue(out var instance, out _))
        {
            if (_run.StateOf(instance) == TaskState.Scheduled)
            {
                Take(new DispatchTasks("test", [instance], Now), null);
                var outcome = await AttemptAsync(instance, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                Take(new ReportTask(instance, _run.TokenOf(instance), outcome, Now), outcome);
                if (_run.QuestionOf(instance) is { } asked)
                {
                    Answer(asked);
                }
            }
        }
        else if (_run.Due.Earliest is var (due, sleeper))
        {
            // A retry does not wait; a sensor does, as its poke interval says.
            if (_run.StateOf(sleeper) == TaskState.UpForReschedule && due > Now)
            {
                await Task.Delay(due - Now, options.Time, cancellationToken);
            }

            Take(new WakeTasks(due > Now ? due : Now), null);
        }
    }

    /// <summary>Nobody is asked in a test run: an answer that was given before stands in for a person's.</summary>
    private void Answer(TaskAsked asked)
    {
        var (name, question) = (_run.NameOf(asked.Task).Value, asked.Question);
        var task = _run.SpecOf(asked.Task).Id.Value;
        var given = options.Answers.GetValueOrDefault(name) ?? options.Answers.GetValueOrDefault(task);
        IReadOnlyList<string> chosen = given ?? (question.Defaults.Count > 0 ? question.Defaults : [question.Options[0]]);
        if (question.Refuse(new() { Options = chosen, By = given is null ? null : "the test run", At = Now }, out var answer) is { } refusal)
        {
            Take(new CancelRun($"the answer to {name} cannot be taken: {refusal}", Now), null);
            return;
        }

        var how = given is not null ? "as given"
            : question.Defaults.Count > 0 ? "its default"
            : question.Options.Count == 1 ? "its only option"
            : $"its first option; choose another by --answer '{name}={question.Options[^1]}'";
        options.Output.WriteLine($"[{name}] asks: {question.Subject} A test run answers {string.Join(", ", answer!.Options)} ({how}).");
        Take(new AnswerTask(asked.Task, asked.Token, answer), question.OutcomeOf(answer) with { StartedAt = asked.StartedAt ?? Now });
    }

    private DateTimeOffset Now => options.Time.GetUtcNow();

    private void Take(DagRunCommand command, TaskOutcome? outcome)
    {
        foreach (var happened in DagRunDecider.Decide(_run, command))
        {
            switch (happened)
            {
                case TasksScheduled e:
                    Array.ForEach(e.Tasks, instance => _ready.Enqueue(instance, (Now, _order++)));
                    break;
                case TaskEnded e:
                    if (e.State == TaskState.Success)
                    {
                        _services.Keep(_run.NameOf(e.Task), outcome!.XComs);
                    }

                    Tell(e.Task, e.State, e.State switch
                    {
                        TaskState.UpForRetry => $"after try {_run.TriesOf(e.Task)} of {_run.SpecOf(e.Task).Retries + 1}{(e.Error is null ? "" : $": {e.Error}")}",
                        TaskState.UpForReschedule => null,
                        TaskState.Skipped => outcome!.Error,
                        _ => e.Error ?? Took(outcome!),
                    });
                    break;
                case TasksResolved e:
                    foreach (var instance in e.Tasks)
                    {
                        Tell(instance, e.State, e.Why ?? (e.State == TaskState.Success ? null : _run.IsBarred(instance) ? "not chosen" : "by its trigger rule"));
                    }

                    break;
                case DeadlineMissed e:
                    options.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_dag.Id}: missed the deadline \"{e.Name}\" of {e.Due:HH:mm:ss'Z'}"));
                    break;
                case CallbackDue e:
                    _callbacks.Enqueue((e, e.Task < 0 ? null : _run.StateOf(e.Task)));
                    break;
                case TasksExpanded e:
                    foreach (var task in e.Tasks)
                    {
                        options.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_dag.Tasks[task].Id}] expanded to {e.Length} instances"));
                    }

                    break;
            }
        }
    }

    /// <summary>Runs the callbacks of what has happened, one after the other.</summary>
    private async Task CallBackAsync(CancellationToken cancellationToken)
    {
        while (_callbacks.TryDequeue(out var next))
        {
            var (due, state) = next;
            int? instance = due.Task < 0 ? null : due.Task;
            var note = new CallbackNote
            {
                EventId = string.Create(CultureInfo.InvariantCulture, $"test-{++_callbacksRun}"),
                On = ((instance is null ? _dag.Callbacks : _run.SpecOf(due.Task).Callbacks)!)[due.Callback].On,
                Callback = due.Callback,
                Task = instance is null ? null : _run.TaskOf(due.Task),
                Instance = instance is null ? null : _run.NameOf(due.Task).Value,
                TryNumber = instance is null ? 0 : _run.TriesOf(due.Task),
                State = state?.Name() ?? _run.Phase.ToString().ToLowerInvariant(),
                Why = due.Why,
                At = Now,
                Deadline = instance is null ? _dag.Callbacks![due.Callback].Deadline : null,
            };
            note = note with { Due = _run.Deadlines.FirstOrDefault(deadline => deadline.Name == note.Deadline)?.Due };
            var task = CallbackSpec.TaskFor(_dag, note);
            var context = new TaskContext(_run.Facts, _dag, task, note.TryNumber, _services.For(new(note.Instance ?? _dag.Id.Value)), providers)
            {
                Templates = definition.Templates,
                IsTest = true,
                Callback = note,
            };
            var notifier = definition.CreateNotifier(note.Task is null ? null : task.Id, due.Callback);
            var outcome = await OperatorExecution.RunAsync(notifier, context, options.Time, cancellationToken);
            var ended = outcome.Kind is OutcomeKind.Success or OutcomeKind.Skipped ? Took(outcome) : $"failed: {outcome.Error}";
            options.Output.WriteLine($"[{note.Instance ?? _dag.Id.Value}] {note.On.Name()} callback: {ended}");
        }
    }

    private async Task<TaskOutcome> AttemptAsync(int instance, CancellationToken cancellationToken)
    {
        var task = _run.SpecOf(instance);
        var map = _run.MapIndexOf(instance) is >= 0 and var index
            ? new MapPosition(_run.TaskOf(instance), index, _run.InstancesOf(_run.TaskOf(instance)).Length)
            : null;
        var services = _services.For(_run.NameOf(instance));
        var context = new TaskContext(_run.Facts, _dag, task, _run.TriesOf(instance), services, providers)
        {
            FirstPokeAt = _run.FirstPokeOf(instance),
            Reschedules = _run.ReschedulesOf(instance),
            Map = map,
            Templates = definition.Templates,
            IsTest = true,
        };
        return await OperatorExecution.RunAsync(definition.CreateOperator(task.Id), context, options.Time, cancellationToken);
    }

    private void Tell(int instance, TaskState state, string? why) =>
        options.Output.WriteLine($"[{_run.NameOf(instance)}] {state.Name()}{(why is null ? "" : $": {why}")}");

    private static string Took(TaskOutcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{(outcome.EndedAt - outcome.StartedAt).TotalSeconds:0.000} s");
}

/// <summary>How a test run ended.</summary>
/// <param name="State">Success or failed.</param>
/// <param name="Tasks">State of each task; of a mapped task that of each instance, as <c>task[3]</c>.</param>
/// <param name="XComs">JSON of what was pushed, by task and key.</param>
public sealed record DagTestResult(
    RunState State, IReadOnlyDictionary<TaskId, TaskState> Tasks, IReadOnlyDictionary<(TaskId Task, string Key), string> XComs);
