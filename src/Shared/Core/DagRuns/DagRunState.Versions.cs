using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>Attempts that outlive the version that they were begun in (docs/concepts/versions.md).</content>
public sealed partial class DagRunState
{
    private readonly Dictionary<int, InheritedAttempt> _inherited = [];
    private readonly Dictionary<(int Former, int Token), int> _byFormer = [];

    /// <summary>The current attempt of an instance as its worker knows it: by the numbers of the version that it was begun in.</summary>
    public AttemptId AttemptOf(int instance) =>
        new(Facts.Key, _inherited.TryGetValue(instance, out var inherited) ? inherited.Former : instance, _tokens[instance]);

    /// <summary>The instance whose current attempt this is; null when no worker has such an attempt.</summary>
    public int? FindAttempt(AttemptId id)
    {
        if (_byFormer.TryGetValue((id.Task, id.Token), out var heir))
        {
            return heir;
        }

        return id.Task >= 0 && id.Task < Instances && _workers[id.Task] is not null && _tokens[id.Task] == id.Token && !_inherited.ContainsKey(id.Task) ? id.Task : null;
    }

    /// <summary>What an attempt was told of its run, and where it stands among those of its mapped task: both of the version that it was begun in.</summary>
    public InheritedAttempt? InheritedBy(int instance) => _inherited.GetValueOrDefault(instance);

    /// <summary>The run as the instance's current attempt was told of it.</summary>
    public RunFacts FactsOf(int instance) =>
        InheritedBy(instance) is { } inherited ? Facts with { Version = inherited.Version, Bundle = inherited.Bundle } : Facts;

    /// <summary>Everything that was expanded so far, in order.</summary>
    internal IReadOnlyList<TasksExpanded> Expansions => _expansions;

    /// <summary>What was recorded of a task's output, by key, whether the task has ended or not.</summary>
    internal int? RecordedLengthOf(int task, string key)
    {
        var keys = Graph.MappedKeys(task) ?? [];
        for (var i = 0; i < keys.Count; i++)
        {
            if (keys[i] == key && _lengths.TryGetValue(task, out var lengths))
            {
                return lengths[i];
            }
        }

        return null;
    }

    /// <summary>The same run by another graph: the event says what it is like then.</summary>
    private void Evolve(RunUpgraded e)
    {
        foreach (var dropped in e.Dropped ?? [])
        {
            if (dropped.From != dropped.To && !TaskTransitions.IsAllowed(dropped.From, dropped.To, TaskTransitionCause.Version))
            {
                throw new InvalidOperationException($"Task {dropped.Name} cannot be taken from {dropped.From.Name()} to {dropped.To.Name()} by another version.");
            }
        }

        var (endedAt, reason) = (EndedAt, Reason);
        _dispatchedAt.Clear();
        _firstPokes.Clear();
        _losses.Clear();
        _reschedules.Clear();
        _asked.Clear();
        _resuming.Clear();
        _pastMet.Clear();
        _expansions.Clear();
        _numbers.Clear();
        _choices.Clear();
        _barred.Clear();
        _lengths.Clear();
        _spent.Clear();
        _restarting.Clear();
        _remoteJobs.Clear();
        _former.Clear();
        _inherited.Clear();
        _byFormer.Clear();
        Begin(e.Graph ?? throw new InvalidOperationException("Whoever reads the change of a run's version brings the graph of that version."), e.Run.Facts, e.Run.TokenBase);
        Restore(e.Run);
        (EndedAt, Reason) = (endedAt, reason);
    }

    private void Inherit(InheritedAttempt inherited)
    {
        _inherited[inherited.Instance] = inherited;
        _byFormer[(inherited.Former, inherited.Token)] = inherited.Instance;
    }

    private void Disinherit(int instance)
    {
        if (_inherited.Remove(instance, out var inherited))
        {
            _byFormer.Remove((inherited.Former, inherited.Token));
        }
    }
}
