using Sluice.Core.DagRuns;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Follows what the attempts of a run have started in services, as someone who pays for it: each of it goes on, has ended, or is to be stopped, once.</summary>
internal sealed class RemoteJobLedger(DagRunState run, string who)
{
    private readonly Dictionary<string, (string Instance, string Operator, int Try)> _running = [];
    private readonly HashSet<string> _over = [];
    private int _started;

    /// <summary>How many were to be stopped so far.</summary>
    public int Stops { get; private set; }

    /// <summary>How many attempts of a try went on with what an earlier one had started.</summary>
    public int GoneOn { get; private set; }

    /// <summary>An attempt, current or not, starts something and has it kept.</summary>
    public void Start(AttemptId attempt, DateTimeOffset at, Func<DagRunCommand, IReadOnlyList<DagRunEvent>> take)
    {
        var instance = run.Phase == RunState.Running ? run.FindAttempt(attempt) : null;
        var (before, job) = (instance is { } known ? run.RemoteJobOf(known) : null, new RemoteJob("athena", $"q{_started++}"));
        if (instance is { } current)
        {
            _running.Add(job.Id, (run.NameOf(current).Value, run.SpecOf(current).Operator, run.TriesOf(current)));
            if (before is not null)
            {
                End(before.Job.Id); // it knew of it, and has started another
            }
        }

        var events = take(new KeepRemoteJob(attempt.Task, attempt.Token, job, at));
        Assert.True(instance is not null == events.OfType<RemoteJobKept>().Any(), $"{who}: {attempt} is {(instance is null ? "not " : "")}current, and its job was {(events.Count == 0 ? "not " : "")}kept");
        Assert.Empty(take(new KeepRemoteJob(attempt.Task, attempt.Token, job, at)));
    }

    /// <summary>An attempt is about to report: what it says of its job, if it has one.</summary>
    public void Report(AttemptId attempt, TaskOutcome outcome)
    {
        if (run.FindAttempt(attempt) is { } instance && run.RemoteJobOf(instance) is { } kept
            && (outcome.ReleasedRemoteJob || outcome.Kind == OutcomeKind.Asked || (outcome.Kind == OutcomeKind.Success && kept.Token == attempt.Token)))
        {
            End(kept.Job.Id);
        }
    }

    /// <summary>After each decision: nothing is forgotten, stopped twice, or stopped while an attempt waits for it or another of the same try is to go on with it.</summary>
    public void Check(IReadOnlyList<DagRunEvent> events)
    {
        foreach (var due in events.OfType<RemoteStopDue>())
        {
            Assert.True(_running.Remove(due.Kept.Job.Id, out var was), $"{who}: {due.Kept.Job} is stopped, and nobody pays for it");
            Assert.Equal((was.Instance, was.Try), (due.Instance.Value, due.Kept.TryNumber));
            Assert.NotEqual("", due.Why);
            Stops++;
        }

        var kept = run.RemoteJobs.ToDictionary(job => job.Kept.Job.Id, job => job.Instance);
        GoneOn += run.RemoteJobs.Count(job => run.WorkerOf(job.Instance) is not null && run.TokenOf(job.Instance) != job.Kept.Token && _over.Add($"{job.Kept.Job.Id} {run.TokenOf(job.Instance)}"));
        foreach (var (id, was) in _running)
        {
            Assert.True(kept.Remove(id, out var instance), $"{who}: nobody knows of {id} of {was.Instance} any more");
            Assert.True(GoesOn(instance, was), $"{who}: {id} of try {was.Try} of {was.Instance} is kept in {run.StateOf(instance)}, try {run.TriesOf(instance)} of {run.NameOf(instance)}");
        }

        Assert.True(kept.Count == 0, $"{who}: {string.Join(", ", kept.Keys)} is over, and still kept");
    }

    // As the states have it: a worker has it in the same try, or the next attempt will be of the same try.
    private bool GoesOn(int instance, (string Instance, string Operator, int Try) was) =>
        !run.IsGone(instance) && run.NameOf(instance).Value == was.Instance && run.TriesOf(instance) == was.Try && !run.StateOf(instance).IsFinished()
        && (run.WorkerOf(instance) is not null || (run.IsResuming(instance) && run.SpecOf(instance).Operator == was.Operator));

    private void End(string id) => Assert.True(_running.Remove(id), $"{who}: {id} ends, and did not run");
}
