using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What runs in services for tries that have not ended (docs/concepts/services.md).</content>
public sealed partial class DagRunState
{
    private readonly Dictionary<int, KeptRemoteJob> _remoteJobs = [];

    /// <summary>What an instance's present try runs in a service; null when it has kept nothing.</summary>
    public KeptRemoteJob? RemoteJobOf(int instance) => _remoteJobs.GetValueOrDefault(instance);

    /// <summary>Instances whose present try has kept something, with that, in order.</summary>
    public IReadOnlyCollection<(int Instance, KeptRemoteJob Kept)> RemoteJobs => _remoteJobs.Count == 0 ? [] : [.. _remoteJobs.OrderBy(kept => kept.Key).Select(kept => (kept.Key, kept.Value))];

    private void Evolve(RemoteJobKept e)
    {
        var facts = FactsOf(e.Task);
        var map = InheritedBy(e.Task) is { } inherited ? inherited.Map
            : MapIndexOf(e.Task) is >= 0 and var index ? new MapPosition(TaskOf(e.Task), index, InstancesOf(TaskOf(e.Task)).Length)
            : null;
        _remoteJobs[e.Task] = new(e.Job, e.Token, TriesOf(e.Task), e.At, facts.Version, facts.Bundle, map?.Task ?? AttemptOf(e.Task).Task, map);
    }

    /// <summary>What goes on in the same try goes on with its job, unless the attempt said that it is over, or the next one is of another operator.</summary>
    private void LeaveRemoteJob(TaskEnded e)
    {
        var isOfAnother = InheritedBy(e.Task)?.Operator is { } before && before != SpecOf(e.Task).Operator;
        if (e.EndsRemoteJob || isOfAnother || !(e.Lost || e.HandedBack || e.State == TaskState.UpForReschedule))
        {
            _remoteJobs.Remove(e.Task);
        }
    }
}
