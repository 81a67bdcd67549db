using Sluice.Core.DagRuns;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Scheduler.DagRuns;

/// <summary>An attempt has started something in a service. Answered by a <see cref="RemoteJobAnswer"/>, after the commit.</summary>
internal sealed record KeepForAttempt(AttemptId Attempt, RemoteJob Job);

/// <content>What attempts run in services.</content>
internal sealed partial class DagRunActor
{
    private void Keep(KeepForAttempt keep)
    {
        Apply(new KeepRemoteJob(keep.Attempt.Task, keep.Attempt.Token, keep.Job, Now));
        var isKept = _run.FindAttempt(keep.Attempt) is { } instance && _run.RemoteJobOf(instance)?.Job == keep.Job;
        if (Context.Sender is { } asker)
        {
            _pending.OnCommitted.Add(new(asker, isKept ? RemoteJobAnswer.Kept : RemoteJobAnswer.Refused(keep.Attempt)));
        }

        Advance();
    }
}
