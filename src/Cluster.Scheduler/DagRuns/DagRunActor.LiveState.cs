using Sluice.Actors;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dispatch;

namespace Sluice.Scheduler.DagRuns;

/// <content>Tells who asks what a task is doing now, and why it waits.</content>
internal sealed partial class DagRunActor
{
    private void Answer(int task)
    {
        if (_run.IsGone(task))
        {
            // A mapped task is as its worst instance is.
            var (first, length) = _run.InstancesOf(task);
            task = Enumerable.Range(first, length).MinBy(instance => Badness(_run.StateOf(instance)));
        }

        var state = new TaskLiveState(
            _run.StateOf(task), _run.TriesOf(task), _run.WorkerOf(task), _run.Due.Of(task), null);
        var asker = Context.Sender;
        if (state.State != TaskState.Scheduled || asker is null)
        {
            asker?.Tell(state);
            return;
        }

        // The dispatcher knows why; it answers whoever asked.
        var question = new ReasonsQuestion(ReadyTask.Of(_run, task));
        var answer = _company.Dispatcher.AskAsync<ReasonsAnswer>(question, TimeSpan.FromSeconds(5));
        Context.PipeToSelf(answer, found => new Told(asker, state with { Obstacle = found.Reasons[0].Text }), _ => new Told(asker, state));
    }

    /// <summary>Orders states, so that of several instances the one to look at comes first.</summary>
    internal static int Badness(TaskState state) => state switch
    {
        TaskState.Failed or TaskState.UpstreamFailed => 0,
        TaskState.None => 2,
        TaskState.Success => 3,
        TaskState.Skipped => 4,
        _ => 1,
    };

    private sealed record Told(ActorRef Asker, TaskLiveState Answer);
}
