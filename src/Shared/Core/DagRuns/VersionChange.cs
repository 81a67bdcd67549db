using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <summary>Works out what a run is like by another version of its Dag (docs/concepts/versions.md). Pure.</summary>
/// <remarks>
/// A task is the same when its id is, or when it was renamed. What has ended stays ended, what has begun goes on, and what only waited for a slot is judged anew. An
/// expanded task keeps its instances. A task that was mapped and is not, or is expanded with others now, is another task of the same name.
/// </remarks>
public sealed class VersionChange
{
    private readonly DagRunState _run;
    private readonly DagRunSnapshot _from;
    private readonly DagGraph _before;
    private readonly DagGraph _after;
    private readonly UpgradeRun _command;
    private readonly int[] _formerOf; // by task of the new version; -1 for a task that is new
    private readonly int[] _laterOf; // by task of the old one; -1 for a task that is gone
    private readonly bool[] _goesOn; // by task of the new version: it is what it was
    private readonly Dictionary<int, int> _numbers = []; // instance before, to instance after
    private readonly List<TasksExpanded> _expanded = [];
    private readonly int _tokenBase;
    private int _count;

    private VersionChange(DagRunState run, UpgradeRun command)
    {
        (_run, _command, _from, _before, _after) = (run, command, run.Snapshot(), run.Graph, command.Graph);
        _formerOf = FormerTasks(_before, _after, command.Names);
        _laterOf = new int[_before.Count];
        _goesOn = new bool[_after.Count];
        Array.Fill(_laterOf, -1);
        for (var task = 0; task < _after.Count; task++)
        {
            if (_formerOf[task] is >= 0 and var former)
            {
                _laterOf[former] = task;
                _goesOn[task] = IsAlike(former, task) || (_before.ScopeOf(former) is null && _run.StateOf(former).IsFinished());
            }
        }

        var highest = _from.Tokens.Length == 0 ? 0 : Math.Max(_from.TokenBase, _from.Tokens.Max());
        _tokenBase = highest == 0 ? 0 : highest + 1;
        _count = _after.Count;
    }

    /// <summary>Why it cannot be done now; null when it can.</summary>
    public static string? Refusal(DagRunState run, UpgradeRun command)
    {
        var former = FormerTasks(run.Graph, command.Graph, command.Names);
        for (var task = 0; task < command.Graph.Count; task++)
        {
            var id = command.Graph.Spec.Tasks[task].Id;
            if (former[task] >= 0 && HasSucceeded(run, former[task])
                && (command.Graph.MappedKeys(task) ?? []).Any(key => !HasKey(run.Graph, former[task], key) && !command.Lengths.ContainsKey(new(id, key))))
            {
                return $"Task '{id}' has begun to end, and the new version is the first in which others are mapped over its output; try again, or when the run is over.";
            }
        }

        return null;
    }

    /// <summary>Outputs that the new version maps over, and the old one did not.</summary>
    public static IReadOnlyList<OutputKey> LengthsWanted(DagGraph before, DagGraph after)
    {
        var former = FormerTasks(before, after);
        return
        [
            .. Enumerable.Range(0, after.Count).Where(task => former[task] >= 0)
                .SelectMany(task => (after.MappedKeys(task) ?? []).Where(key => !HasKey(before, former[task], key)).Select(key => new OutputKey(after.Spec.Tasks[task].Id, key))),
        ];
    }

    /// <summary>Tasks that the version before did not have.</summary>
    public static IReadOnlyList<TaskId> Added(DagGraph before, DagGraph after)
    {
        var former = FormerTasks(before, after);
        return [.. after.Spec.Tasks.Where((_, task) => former[task] < 0).Select(task => task.Id)];
    }

    internal static RunUpgraded Of(DagRunState run, UpgradeRun command) => new VersionChange(run, command).Make();

    private static bool HasSucceeded(DagRunState run, int task)
    {
        var (first, length) = run.InstancesOf(task);
        return Enumerable.Range(first, length).Any(instance => run.StateOf(instance) == TaskState.Success);
    }

    private static bool HasKey(DagGraph graph, int task, string key) => graph.MappedKeys(task)?.Contains(key) == true;

    private static int[] FormerTasks(DagGraph before, DagGraph after, IReadOnlyDictionary<TaskId, TaskId>? names = null)
    {
        var index = new Dictionary<TaskId, int>(before.Count);
        for (var task = 0; task < before.Count; task++)
        {
            var id = before.Spec.Tasks[task].Id;
            index.TryAdd(names?.GetValueOrDefault(id, id) ?? id, task);
        }

        return [.. after.Spec.Tasks.Select(task => index.GetValueOrDefault(task.Id, -1))];
    }

    private RunUpgraded Make()
    {
        Match();
        var dropped = Dropped();
        var states = new TaskState[_count];
        var (tokens, tries) = (new int[_count], new int[_count]);
        Array.Fill(tokens, _tokenBase);
        foreach (var expanded in _expanded)
        {
            // What stood for a task before it was expanded is gone.
            foreach (var task in expanded.Tasks)
            {
                states[task] = TaskState.Removed;
            }
        }

        foreach (var (before, after) in _numbers)
        {
            (states[after], tokens[after], tries[after]) = (StateAfter(before), _from.Tokens[before], _from.Tries[before]);
        }

        var waits = from wait in _from.Waits where _numbers.ContainsKey(wait.Task) select wait with { Task = _numbers[wait.Task], RemoteJob = RemoteJobAfter(wait) };
        var snapshot = _from with
        {
            Facts = _from.Facts with { Version = _command.Version, Bundle = _command.Bundle },
            TokenBase = _tokenBase,
            States = Array.ConvertAll(states, state => (byte)state),
            Tokens = tokens,
            Tries = tries,
            Waits = [.. waits.OrderBy(wait => wait.Task)],
            Expanded = _expanded.Count == 0 ? null : [.. _expanded],
            Unmapped = NullIfEmpty(from task in _from.Unmapped ?? [] where _numbers.ContainsKey(task) select _numbers[task]),
            Skips = Skips(),
            Lengths = Lengths(),
            PastMet = NullIfEmpty(from task in _from.PastMet ?? [] let after = _laterOf[task] where after >= 0 select after),
            Asked = NullIfEmpty(from asked in _from.Asked ?? [] where _numbers.ContainsKey(asked.Task) select asked with { Task = _numbers[asked.Task] }),
            Inherited = NullIfEmpty(_numbers.Where(pair => _run.WorkerOf(pair.Key) is not null).OrderBy(pair => pair.Value).Select(pair => Inherited(pair.Key, pair.Value))),
        };
        return new(snapshot, dropped.Count == 0 ? null : [.. dropped], _command.By) { Graph = _after };
    }

    /// <summary>Finds the new number of every instance that goes on.</summary>
    private void Match()
    {
        for (var task = 0; task < _after.Count; task++)
        {
            if (_goesOn[task])
            {
                _numbers.Add(_formerOf[task], task);
            }
        }

        foreach (var expanded in _run.Expansions)
        {
            var tasks = new List<int>();
            foreach (var former in expanded.Tasks)
            {
                if (_numbers.TryGetValue(former, out var task))
                {
                    tasks.Add(task);
                }
            }

            if (tasks.Count == 0)
            {
                continue;
            }

            if (_run.IsGone(expanded.Tasks[0]) && _run.InstancesOf(expanded.Tasks[0]).First == expanded.First)
            {
                // Tasks that have joined an expanded group have as many instances as the others.
                tasks.AddRange(_after.ScopeOf(tasks[0])!.Tasks.Where(task => !_goesOn[task]));
            }

            var (from, to) = (expanded.First, _count);
            foreach (var former in expanded.Tasks)
            {
                var goesOn = _numbers.ContainsKey(former);
                for (var index = 0; goesOn && index < expanded.Length; index++)
                {
                    _numbers.Add(from + index, to + index);
                }

                from += expanded.Length;
                to += goesOn ? expanded.Length : 0;
            }

            _expanded.Add(new([.. tasks], expanded.Length, _count));
            _count += tasks.Count * expanded.Length;
        }
    }

    /// <summary>Whether a task is mapped, or not, in the same way in both versions.</summary>
    private bool IsAlike(int former, int task) => (_before.ScopeOf(former), _after.ScopeOf(task)) switch
    {
        (null, null) => true,
        ({ } before, { } after) => before.Map.Group == after.Map.Group,
        _ => false,
    };

    private List<DroppedInstance> Dropped()
    {
        var dropped = new List<DroppedInstance>();
        for (var instance = 0; instance < _run.Instances; instance++)
        {
            if (_numbers.ContainsKey(instance) || _run.IsGone(instance))
            {
                continue;
            }

            var (state, worker, task) = (_run.StateOf(instance), _run.WorkerOf(instance), _laterOf[_run.TaskOf(instance)]);
            var begins = task >= 0 && instance < _before.Count;
            if (task < 0 ? state.IsFinished() : begins && state == TaskState.None)
            {
                continue; // What has ended keeps its history; what has not begun has none.
            }

            dropped.Add(new(
                _run.NameOf(instance), state, begins ? TaskState.None : TaskState.Removed, _run.TriesOf(instance),
                worker is null ? null : _run.AttemptOf(instance), worker, _run.DispatchedAt(instance), _run.QuestionOf(instance)));
        }

        return dropped;
    }

    /// <summary>What asked for its first slot does so again, if the new version still lets it.</summary>
    private TaskState StateAfter(int before) =>
        _run.StateOf(before) is TaskState.Scheduled && _run.TriesSinceCleared(before) == 0 && !_run.IsResuming(before) ? TaskState.None : _run.StateOf(before);

    /// <summary>An attempt that is under way keeps its job. The next one can go on with it when its operator is the one that started it.</summary>
    private KeptRemoteJob? RemoteJobAfter(TaskWait wait)
    {
        var (former, later) = (_before.Spec.Tasks[_run.TaskOf(wait.Task)], _after.Spec.Tasks[_laterOf[_run.TaskOf(wait.Task)]]);
        return wait.Worker is not null || former.Operator == later.Operator ? wait.RemoteJob : null;
    }

    private InheritedAttempt Inherited(int before, int after) => _run.InheritedBy(before) is { } earlier
        ? earlier with { Instance = after }
        : new(
            after, before, _run.TokenOf(before), _run.Facts.Version, _run.Facts.Bundle,
            _run.MapIndexOf(before) is >= 0 and var index ? new(_run.TaskOf(before), index, _run.InstancesOf(_run.TaskOf(before)).Length) : null,
            _run.SpecOf(before).Operator);

    private Dictionary<int, int[]>? Skips()
    {
        var skips = new Dictionary<int, int[]>();
        foreach (var (instance, targets) in _from.Skips ?? [])
        {
            if (_numbers.TryGetValue(instance, out var after))
            {
                skips.Add(after, [.. from target in targets where _numbers.ContainsKey(target) select _numbers[target]]);
            }
        }

        return skips.Count == 0 ? null : skips;
    }

    private Dictionary<int, int[]>? Lengths()
    {
        var lengths = new Dictionary<int, int[]>();
        for (var task = 0; task < _after.Count; task++)
        {
            if (_after.MappedKeys(task) is not { } keys || !_goesOn[task])
            {
                continue;
            }

            var id = _after.Spec.Tasks[task].Id;
            var known = keys.Select(key => HasKey(_before, _formerOf[task], key)
                ? _run.RecordedLengthOf(_formerOf[task], key)
                : _command.Lengths.TryGetValue(new(id, key), out var length) ? length : null).ToList();
            if (known.Any(length => length is not null))
            {
                lengths.Add(task, [.. known.Select(length => length ?? -1)]);
            }
        }

        return lengths.Count == 0 ? null : lengths;
    }

    private static T[]? NullIfEmpty<T>(IEnumerable<T> items) => items.ToArray() is { Length: > 0 } some ? some : null;
}
