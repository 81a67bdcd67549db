using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>A run that takes its course by chance, while its version changes and people clear and mark.</summary>
internal sealed class ChangingCourse
{
    private static readonly ByHand Ann = new("ann", "right table");

    private readonly int _seed;
    private readonly int _skipped;
    private readonly Random _random;
    private readonly Random _jobRandom;
    private readonly Dictionary<string, DagGraph> _versions = [];
    private readonly List<DagRunEvent> _journal = [];
    private readonly Dictionary<AttemptId, string> _dispatched = [];
    private readonly DagRunState _run;
    private readonly DagRunState _replayed;
    private readonly RemoteJobLedger _jobs;
    private DateTimeOffset _now = Noon;

    /// <param name="seed">Of all that is drawn.</param>
    /// <param name="skipped">Draws that each report passes over: with another number the same seed takes another course.</param>
    public ChangingCourse(int seed, int skipped = 0)
    {
        _skipped = skipped;
        (_seed, _random, _jobRandom) = (seed, new(seed), new(seed));
        var graph = Named(Graphs.Random(_random, _random.Next(1, 12)));
        _versions.Add("v", graph);
        (_run, _replayed) = (NewRun(graph), NewRun(graph));
        _jobs = new(_run, $"seed {seed}, {skipped} skipped");
    }

    public void Go()
    {
        var changes = _random.Next(1, 6);
        Take(new StartRun(_now));
        for (var step = 0; _run.Phase is RunState.Running or RunState.Queued || changes > 0; step++)
        {
            Assert.True(step < 20_000, $"seed {_seed} does not end");
            _now += TimeSpan.FromSeconds(_random.Next(1, 30));
            if (changes > 0 && (_run.Phase != RunState.Running || _random.Next(10) == 0))
            {
                changes--;
                Change();
            }

            Take(new StartRun(_now));
            Take(new WakeTasks(_now));
            if (_run.Moving == 0 || _random.Next(5) == 0)
            {
                Take(new TellPast([_random.Next(_run.Graph.Count)], _now));
            }

            Dispatch();
            Report();
        }

        foreach (var happened in _journal)
        {
            var read = DagRunJson.DeserializeEvent(DagRunJson.Serialize(happened));
            _replayed.Evolve(read is RunUpgraded upgraded ? upgraded with { Graph = _versions[upgraded.Run.Facts.Version] } : read);
        }

        DagRunDeciderTests.AssertSame(_run, _replayed, _seed);
    }

    private void Change()
    {
        if (_random.Next(4) == 0)
        {
            Take(new ClearTasks(new() { Tasks = _random.Next(3) == 0 ? [] : [_run.NameOf(_random.Next(_run.Instances)).Value], Downstream = _random.Next(2) == 0 }, Ann, _now));
            return;
        }

        var (version, graph) = ($"v{_versions.Count}", _random.Next(3) == 0 ? Named(Graphs.Random(_random, _random.Next(1, 12))) : Edited(_run.Graph));
        _versions.Add(version, graph);
        var before = Enumerable.Range(0, _run.Instances).Where(instance => !_run.IsGone(instance))
            .ToDictionary(instance => _run.NameOf(instance).Value, instance => (State: _run.StateOf(instance), Tries: _run.TriesOf(instance), Is: _run.Graph.ScopeOf(_run.TaskOf(instance))?.Map.Group));
        var mapped = _run.Graph.Spec.Tasks.Where(task => task.Map is not null).Select(task => task.Id).ToHashSet();
        var attempts = _run.ActiveAttempts().ToDictionary(id => id, id => _run.NameOf(_run.FindAttempt(id)!.Value).Value);
        var lengths = VersionChange.LengthsWanted(_run.Graph, graph).ToDictionary(output => output, _ => _random.Next(-1, 4));
        var events = Take(new UpgradeRun(graph, version, null, lengths, Ann, _now));
        var dropped = (Assert.IsType<RunUpgraded>(events[0]).Dropped ?? []).ToDictionary(one => one.Name.Value);

        // Whatever is in both versions in the same way is as it was.
        for (var instance = 0; instance < _run.Instances; instance++)
        {
            var (name, spec) = (_run.NameOf(instance).Value, _run.SpecOf(instance));
            if (_run.IsGone(instance) || !before.TryGetValue(name, out var was) || mapped.Contains(spec.Id) != spec.Map is not null || was.Is != spec.Map?.Group)
            {
                continue;
            }

            Assert.True(was.Tries == _run.TriesOf(instance), $"seed {_seed}: {name} had {was.Tries} tries");
            Assert.True(!was.State.IsFinished() || was.State == _run.StateOf(instance), $"seed {_seed}: {name} was {was.State} and is {_run.StateOf(instance)}");
            Assert.DoesNotContain(name, dropped.Keys);
        }

        // An attempt goes on, or is stopped and told of.
        var left = _run.ActiveAttempts().ToHashSet();
        foreach (var (id, name) in attempts)
        {
            if (left.Remove(id))
            {
                Assert.Equal(name, _run.NameOf(_run.FindAttempt(id)!.Value).Value);
            }
            else
            {
                Assert.Equal(id, dropped[name].Attempt);
            }
        }

        Assert.Empty(left);
    }

    private void Dispatch()
    {
        var scheduled = Enumerable.Range(0, _run.Instances).Where(instance => _run.StateOf(instance) == TaskState.Scheduled).ToList();
        if (scheduled.Count == 0 || _random.Next(2) > 0)
        {
            return;
        }

        Take(new DispatchTasks("w", scheduled, _now));
        foreach (var instance in scheduled)
        {
            var id = _run.AttemptOf(instance);
            Assert.True(_dispatched.TryAdd(id, _run.NameOf(instance).Value), $"seed {_seed}: {id} names two attempts");
        }
    }

    private void Report()
    {
        if (_run.ActiveAttempts().ToList() is not { Count: > 0 } attempts)
        {
            return;
        }

        if (_jobRandom.Next(2) == 0)
        {
            _jobs.Start(attempts[_jobRandom.Next(attempts.Count)], _now, Take);
        }

        for (var skipped = 0; skipped < _skipped; skipped++)
        {
            _random.Next();
        }

        var id = attempts[_random.Next(attempts.Count)];
        var outcome = new TaskOutcome
        {
            Kind = _random.Next(10) < 6 ? OutcomeKind.Success : (OutcomeKind)_random.Next(0, 7),
            StartedAt = _now,
            EndedAt = _now,
            ResumeAt = _now.AddSeconds(5),
            XComs = [new("return_value", $"[{string.Join(',', Enumerable.Range(0, _random.Next(5)))}]")],
            Follow = _random.Next(6) == 0 ? [.. _versions["v"].Spec.Tasks.Where(_ => _random.Next(3) == 0).Select(task => task.Id.Value)] : null,
            SkipDownstream = _random.Next(20) == 0 ? (SkipScope)_random.Next(2) : null,
        };
        _jobs.Report(id, outcome);
        var events = Take(new ReportTask(id.Task, id.Token, outcome, _now));
        var ended = Assert.IsType<TaskEnded>(events[0]);
        Assert.Equal(_dispatched[id], _run.NameOf(ended.Task).Value);
        Assert.Empty(Take(new ReportTask(id.Task, id.Token, outcome, _now)));
    }

    private IReadOnlyList<DagRunEvent> Take(DagRunCommand command)
    {
        var events = DagRunDecider.Decide(_run, command);
        _journal.AddRange(events);
        _jobs.Check(events);
        Assert.False(_run.Reason?.StartsWith("all_tasks_deadlocked", StringComparison.Ordinal) == true, $"seed {_seed}: {_run.Reason}");
        if ((command is KeepRemoteJob ? _jobRandom : _random).Next(10) == 0)
        {
            var snapshot = DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(_run.Snapshot()));
            DagRunDeciderTests.AssertSame(_run, new DagRunState(_run.Graph, snapshot), _seed);
        }

        return events;
    }

    /// <summary>Ids in any order, so that versions share some.</summary>
    private DagGraph Named(DagGraph graph)
    {
        var names = Enumerable.Range(0, 15).ToArray();
        _random.Shuffle(names);
        return new(graph.Spec with { Tasks = [.. graph.Spec.Tasks.Select((task, index) => task with { Id = new($"t{names[index]}") })] });
    }

    /// <summary>Some tasks go, some come, some edges change, some are mapped otherwise.</summary>
    private DagGraph Edited(DagGraph graph)
    {
        var kept = graph.Spec.Tasks.Select((task, index) => (Task: task, Index: index)).Where(_ => _random.Next(6) > 0).ToList();
        var place = kept.Select((entry, index) => (entry.Index, To: index)).ToDictionary(pair => pair.Index, pair => pair.To);
        var tasks = kept.Select((entry, index) =>
        {
            var map = entry.Task.Map is { } old && old.Sources.All(source => source.Task is null || place.ContainsKey(source.Task.Value))
                ? old with { Sources = [.. old.Sources.Select(source => source with { Task = source.Task is { } task ? place[task] : null })] }
                : null;
            var upstream = entry.Task.Upstream.Where(place.ContainsKey).Select(up => place[up]);
            return entry.Task with
            {
                Map = map,
                Kind = map is null ? entry.Task.Kind : TaskKind.Work,
                Upstream = [.. upstream.Concat(_random.Next(4) == 0 && index > 0 ? [_random.Next(index)] : []).Distinct().Order()],
                Retries = _random.Next(3),
            };
        }).ToList();
        var ids = graph.Spec.Tasks.Select(task => task.Id).ToHashSet();
        for (var added = _random.Next(3); added > 0; added--)
        {
            var id = new TaskId($"t{_random.Next(15)}");
            if (ids.Add(id))
            {
                tasks.Add(Task(id.Value, tasks.Count == 0 ? [] : [_random.Next(tasks.Count)]) with
                {
                    Map = _random.Next(3) == 0 ? new() { Sources = [new() { Argument = "a", Values = "[1,2]" }] } : null,
                });
            }
        }

        return tasks.Count == 0 ? Of(Task("t0")) : new(graph.Spec with { Tasks = tasks });
    }
}
