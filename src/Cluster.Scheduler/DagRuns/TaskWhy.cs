using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dispatch;

namespace Sluice.Scheduler.DagRuns;

/// <summary>Asks why a task instance is where it is. Answered by a <see cref="TaskWhy"/>.</summary>
/// <param name="Key">The run.</param>
/// <param name="Task">Id of a task, or name of an instance.</param>
internal sealed record WhyTask(long Key, string Task);

/// <param name="Refusal">Why there is no answer; null when there is one.</param>
internal sealed record TaskWhy(string Task, TaskState State, RunState Run, int Tries, int MaxTries, IReadOnlyList<TaskReason> Reasons, string? Refusal = null)
{
    public static TaskWhy Refused(string why) => new("", default, default, 0, 0, [], why);

    /// <param name="run">The run.</param>
    /// <param name="task">The task or instance.</param>
    /// <param name="queued">Why the run waits for its turn; null when it does not.</param>
    public static TaskWhy Of(DagRunState run, string task, string? queued)
    {
        var instance = Find(run, task);
        if (instance < 0)
        {
            return Refused($"The run has no task '{task}' in its version.");
        }

        var reasons = TaskReasons.Of(run, instance).ToList();
        if (queued is not null)
        {
            reasons.Insert(0, new("run_queued", $"its run is queued: {queued}"));
        }

        var max = run.TriesOf(instance) - run.TriesSinceCleared(instance) + run.SpecOf(instance).Retries + 1;
        return new(run.NameOf(instance).Value, run.StateOf(instance), run.Phase, run.TriesOf(instance), max, reasons);
    }

    /// <summary>A mapped task that has been expanded is as its instance that is furthest behind.</summary>
    public static int Find(DagRunState run, string task)
    {
        var best = -1;
        for (var instance = 0; instance < run.Instances; instance++)
        {
            if (run.IsGone(instance) || (run.SpecOf(instance).Id.Value != task && run.NameOf(instance).Value != task))
            {
                continue;
            }

            if (best < 0 || (run.StateOf(best).IsFinished() && !run.StateOf(instance).IsFinished()))
            {
                best = instance;
            }
        }

        return best;
    }
}

/// <content>Why a task is where it is.</content>
internal sealed partial class DagRunActor
{
    private void Answer(WhyTask question)
    {
        var asker = Context.Sender;
        var why = TaskWhy.Of(_run, question.Task, null);
        if (asker is null || why.Refusal is not null || why.State != TaskState.Scheduled)
        {
            asker?.Tell(why);
            return;
        }

        // The dispatcher knows why; it answers whoever asked.
        var answer = _company.Dispatcher.AskAsync<ReasonsAnswer>(new ReasonsQuestion(ReadyTask.Of(_run, TaskWhy.Find(_run, question.Task))), TimeSpan.FromSeconds(5));
        Context.PipeToSelf(answer, found => new ToldWhy(asker, why with { Reasons = found.Reasons }), _ => new ToldWhy(asker, why));
    }

    private sealed record ToldWhy(ActorRef Asker, TaskWhy Answer);
}
