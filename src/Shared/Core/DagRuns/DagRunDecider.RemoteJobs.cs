using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.DagRuns;

/// <content>What runs in services: who goes on with it, and when it is to be stopped (docs/concepts/services.md).</content>
public static partial class DagRunDecider
{
    private readonly ref partial struct Decision
    {
        public void Keep(KeepRemoteJob command)
        {
            if (run.FindAttempt(new(run.Facts.Key, command.Task, command.Token)) is { } instance && run.RemoteJobOf(instance)?.Job != command.Job)
            {
                Emit(new RemoteJobKept(instance, run.TokenOf(instance), command.Job, command.At));
            }
        }

        /// <summary>True when an attempt's end is also that of what is kept: it says so, or it succeeded with what it had started itself, whether it waited for that or not.</summary>
        private bool EndsRemoteJob(int instance, TaskOutcome outcome) =>
            run.RemoteJobOf(instance) is { } kept && (outcome.ReleasedRemoteJob || (outcome.Kind == OutcomeKind.Success && kept.Token == run.TokenOf(instance)));

        /// <summary>What the run has before an event. Null for most runs: it is asked for with each event.</summary>
        private List<LeftJob>? RemoteJobs(DagRunEvent coming)
        {
            List<LeftJob>? jobs = null;
            foreach (var (instance, kept) in run.RemoteJobs)
            {
                // By the numbers and names of now: only another version changes these.
                (jobs ??= []).Add(coming is RunUpgraded ? new(instance, kept, run.NameOf(instance), run.SpecOf(instance).Queue) : new(instance, kept));
            }

            return jobs;
        }

        /// <summary>Whatever makes a run forget a job leaves it to be stopped, but for what says that it is over: then none is missed.</summary>
        private void StopLeft(List<LeftJob> before, DagRunEvent happened)
        {
            var after = happened is RunUpgraded ? run.RemoteJobs.Select(job => job.Kept).ToHashSet() : null;
            foreach (var left in before)
            {
                if (after?.Contains(left.Kept) ?? run.RemoteJobOf(left.Instance) == left.Kept)
                {
                    continue;
                }

                var isOver = happened switch
                {
                    TaskEnded e => e.EndsRemoteJob,
                    TaskAsked => true, // it has come to its own end
                    RemoteJobKept e => left.Kept.Token == e.Token || left.Kept.Job.Service == e.Job.Service, // it knew of it, and has started another in its place
                    _ => false,
                };
                if (!isOver)
                {
                    Events.Add(new RemoteStopDue(left.Kept, left.Name ?? run.NameOf(left.Instance), left.Queue ?? run.SpecOf(left.Instance).Queue, WhyLeft(happened)));
                }
            }
        }

        private static string WhyLeft(DagRunEvent happened) => happened switch
        {
            TasksResolved { Why: { } why } => why,
            TasksMarked e => e.By.Sentence($"marked {e.State.Name()}"),
            TasksCleared e => e.By.Sentence("cleared"),
            TaskEnded { Error: { } error } => error,
            TaskEnded => "its attempt ended without it",
            RemoteJobKept => "its attempt went on with something else",
            RunUpgraded e => e.By.Sentence("moved to another version"),
            _ => "the run has ended",
        };
    }

    /// <param name="Instance">Its number before the event.</param>
    /// <param name="Kept">The job.</param>
    /// <param name="Name">The instance's name then; null: it has not changed.</param>
    /// <param name="Queue">Its queue then; likewise.</param>
    private readonly record struct LeftJob(int Instance, KeptRemoteJob Kept, Dags.TaskId? Name = null, string? Queue = null);
}
