using Sluice.Actors;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Queues;
using Sluice.Core.TaskInstances;
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
        var held = HeldBy(run);
        return new(
            new(run.Facts.Key, held),
            [.. held.GroupBy(task => (task.Worker, Run: run.FactsOf(task.Task.Key.Task))).Select(on => new Expect(on.Key.Worker, on.Key.Run, [.. on.Select(task => AssignmentOf(run, task.Task.Key.Task))]))],
            [.. held.Where(task => run.IsRestarting(task.Task.Key.Task)).Select(task => new Kill(task.Worker, [run.AttemptOf(task.Task.Key.Task)], run.RestartedBy(task.Task.Key.Task)!.Sentence("cleared")))]);
    }

    /// <summary>Instances whose attempts workers have.</summary>
    public static List<(ReadyTask Task, string Worker)> HeldBy(DagRunState run)
    {
        var held = new List<(ReadyTask Task, string Worker)>();
        for (var instance = 0; instance < run.Instances; instance++)
        {
            if (run.WorkerOf(instance) is { } worker)
            {
                held.Add((ReadyTask.Of(run, instance), worker));
            }
        }

        return held;
    }

    public static TaskAssignment AssignmentOf(DagRunState run, int task)
    {
        var map = run.InheritedBy(task) is { } inherited ? inherited.Map
            : run.MapIndexOf(task) is >= 0 and var index ? new MapPosition(run.TaskOf(task), index, run.InstancesOf(run.TaskOf(task)).Length) : null;
        return new(run.AttemptOf(task), run.TriesOf(task), run.FirstPokeOf(task), map, Reschedules: run.ReschedulesOf(task), RemoteJob: run.RemoteJobOf(task)?.Job);
    }

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
