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

        /// <summary>Whatever makes a run forget a job leaves it to be stopped, but for what says that it is over: then none is missed.</summary>
        private void StopLeft(List<LeftJob> before, DagRunEvent happened)
        {
            foreach (var left in before)
            {
                var isOver = happened switch
                {
                    TaskEnded e => e.EndsRemoteJob,
                    TaskAsked => true, // it has come to its own end
                    RemoteJobKept e => left.Kept.Token == e.Token || left.Kept.Job.Service == e.Job.Service, // it knew of it, and has started another in its place
                    _ => false,
                };
                if (!isOver && !run.RemoteJobs.Any(kept => kept.Kept == left.Kept))
                {
                    Events.Add(new RemoteStopDue(left.Kept, left.Name, left.Queue, WhyLeft(happened)));
                }
            }
        }

        private List<LeftJob>? RemoteJobs()
        {
            List<LeftJob>? jobs = null;
            foreach (var (instance, kept) in run.RemoteJobs)
            {
                (jobs ??= []).Add(new(kept, run.NameOf(instance), run.SpecOf(instance).Queue));
            }

            return jobs;
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

    /// <summary>A job as it was before an event, by the numbers and names of then.</summary>
    private sealed record LeftJob(KeptRemoteJob Kept, Dags.TaskId Name, string Queue);
}
