using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Queues;
using Sluice.Scheduler.Dispatch;

namespace Sluice.Scheduler.DagRuns;

/// <summary>What workers have of a run that is taken over: read from its state before its actor owns it.</summary>
internal sealed class DagRunBooks
{
    private readonly Adopt _adopt;
    private readonly List<Expect> _expected;
    private readonly List<Kill> _stopping;

    private DagRunBooks(Adopt adopt, List<Expect> expected, List<Kill> stopping) => (_adopt, _expected, _stopping) = (adopt, expected, stopping);

    public static DagRunBooks Of(DagRunState run)
    {
        var held = run.ActiveAttempts().ToList();
        return new(
            new(run.Facts.Key, [.. held.Select(id => (ReadyTask.Of(run, id.Task), run.WorkerOf(id.Task)!))]),
            [.. held.GroupBy(id => run.WorkerOf(id.Task)!).Select(onWorker => new Expect(onWorker.Key, run.Facts, [.. onWorker.Select(id => AssignmentOf(run, id.Task))]))],
            [.. held.Where(id => run.IsRestarting(id.Task)).Select(id => new Kill(run.WorkerOf(id.Task)!, [id], run.RestartedBy(id.Task)!.Sentence("cleared")))]);
    }

    public static TaskAssignment AssignmentOf(DagRunState run, int task) =>
        new(
            new(run.Facts.Key, task, run.TokenOf(task)), run.TriesOf(task), run.FirstPokeOf(task),
            run.MapIndexOf(task) is >= 0 and var index ? new(run.TaskOf(task), index, run.InstancesOf(run.TaskOf(task)).Length) : null);

    public void Tell(RunCompany company, ActorRef run)
    {
        company.Dispatcher.Tell(_adopt, run);
        foreach (var expect in _expected)
        {
            company.Workers.Tell(expect, run);
        }

        foreach (var kill in _stopping)
        {
            company.Workers.Tell(kill, run);
        }
    }
}
