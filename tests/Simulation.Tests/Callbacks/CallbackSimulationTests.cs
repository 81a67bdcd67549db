using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Simulation.Tests.Callbacks;

/// <summary>Callbacks of everything, and deadlines, while schedulers and workers die and messages are lost, doubled and late.</summary>
public sealed class CallbackSimulationTests
{
    private static readonly CallbackTrigger[] OfTasks =
        [CallbackTrigger.Execute, CallbackTrigger.Success, CallbackTrigger.Failure, CallbackTrigger.Retry, CallbackTrigger.Skipped];

    /// <summary>Seeds per chunk: chunks show progress and run one after the other.</summary>
    public static TheoryData<int> Chunks => [.. Enumerable.Range(0, 6).Select(chunk => chunk * 10)];

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Each_event_is_told_once_whoever_dies(int first)
    {
        var (again, missed, missedWaiting) = (0, 0, 0);
        for (var seed = first; seed < first + 10; seed++)
        {
            var (cluster, dag) = New(5_000_000 + seed);
            var faults = new Random(seed);
            Run(cluster, dag, () => ClusterSimulationTests.Kill(cluster, faults));
            Check(cluster, dag);
            CheckRepeats(cluster);
            again += cluster.Callbacks().Count(callback => callback.Row.HandedOut > 1);
            missed += cluster.Callbacks().Count(callback => callback.Row.Deadline is not null);
            missedWaiting += cluster.Runs().Sum(run => run.Deadlines!.Count(deadline => deadline.MissedAt < run.StartedAt));
        }

        Assert.True(again > 0 && missed > 20 && missedWaiting > 5, $"{again} callbacks were handed out again, {missed} deadlines missed, {missedWaiting} of them by runs that waited: the test shows little");
    }

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Each_event_is_told_once_however_nodes_are_parted(int first)
    {
        for (var seed = first; seed < first + 10; seed++)
        {
            var (cluster, dag) = New(6_000_000 + seed);
            var faults = new Random(seed);
            Run(cluster, dag, () =>
            {
                switch (faults.Next(8))
                {
                    case 0 or 1:
                        cluster.Network.Partition(cluster.Workers[faults.Next(cluster.Workers.Count)], cluster.Schedulers[faults.Next(cluster.Schedulers.Count)]);
                        break;
                    case 2:
                        cluster.Network.HealAll();
                        break;
                }
            });
            Check(cluster, dag);
        }
    }

    private static (SimulatedCluster Cluster, DagSpec Dag) New(int seed)
    {
        var cluster = ClusterSimulationTests.New(seed, schedulers: 2);
        var dag = ClusterSimulationTests.RandomDag(new Random(seed));
        DeadlineSpec[] deadlines =
        [
            new() { Name = "soon", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromSeconds(4) },
            new() { Name = "later", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromSeconds(40) },
            new() { Name = "date", Reference = DeadlineReference.LogicalDate, After = TimeSpan.FromSeconds(15) },
            new() { Name = "past", Reference = DeadlineReference.At(cluster.Simulation.Now), After = TimeSpan.FromDays(-1) },
            new() { Name = "far", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromDays(1) },
        ];
        return (cluster, dag with
        {
            MaxActiveRuns = 1,
            Tasks = [.. dag.Tasks.Select(task => task with { Callbacks = [.. OfTasks.Select(on => new CallbackSpec { On = on, Notifier = "Code" })] })],
            Deadlines = deadlines,
            Callbacks =
            [
                new() { On = CallbackTrigger.Success, Notifier = "Code" }, new() { On = CallbackTrigger.Failure, Notifier = "Code" },
                .. deadlines.Select(deadline => new CallbackSpec { On = CallbackTrigger.DeadlineMissed, Notifier = "Code", Deadline = deadline.Name }),
            ],
        });
    }

    private static void Run(SimulatedCluster cluster, DagSpec dag, Action fault)
    {
        ClusterSimulationTests.Run(cluster, dag, runs: 3, rounds: 0, fault);
        cluster.Network.HealAll();
        Assert.True(
            cluster.Simulation.RunUntil(() => cluster.Callbacks().All(callback => callback.Row.EndedAt is not null), TimeSpan.FromHours(1)),
            $"seed {cluster.Simulation.Seed}: a callback never ended\n{cluster.Dump()}");
        cluster.Simulation.RunFor(TimeSpan.FromMinutes(1));
        Assert.True(cluster.Ledger.Violations.Count == 0, $"seed {cluster.Simulation.Seed}: {string.Join("; ", cluster.Ledger.Violations)}");
    }

    /// <summary>What was told is what happened, each once, and each ended as it did on its worker.</summary>
    private static void Check(SimulatedCluster cluster, DagSpec dag)
    {
        var (seed, callbacks) = (cluster.Simulation.Seed, cluster.Callbacks());
        foreach (var run in cluster.Runs())
        {
            var expected = Happened(cluster, dag, run.Facts.Key).Concat(Missed(run)).Order(StringComparer.Ordinal).ToList();
            var told = callbacks.Where(callback => callback.Row.Run == run.Facts.Key).Select(callback => callback.Row)
                .Select(row => Event(row.Event, row.Task?.Value, row.TryNumber, row.Deadline)).Order(StringComparer.Ordinal).ToList();
            Assert.True(
                expected.SequenceEqual(told),
                $"seed {seed}: {run.Facts.Id}\nnot told: {string.Join(", ", Without(expected, told))}\ntold too often: {string.Join(", ", Without(told, expected))}");
        }

        foreach (var row in callbacks.Select(callback => callback.Row))
        {
            var ends = cluster.Ledger.Ends.Where(end => end.Key.Run == row.Key).ToDictionary(end => end.Key.Token, end => end.Value);
            var begun = cluster.Ledger.Begins.Keys.Count(id => id.Run == row.Key);
            Assert.True(begun <= row.HandedOut && begun > 0, $"seed {seed}: callback {row.Key} was handed out {row.HandedOut} times and begun {begun} times");
            Assert.True(
                ends.GetValueOrDefault(row.HandedOut, OutcomeKind.Lost) == (row.State == "success" ? OutcomeKind.Success : OutcomeKind.Failed)
                || (row.State == "failed" && row.HandedOut == CallbackState.MostTokens),
                $"seed {seed}: callback {row.Key} is {row.State}, on its worker it ended as {ends.GetValueOrDefault(row.HandedOut, OutcomeKind.Lost)}");
        }
    }

    /// <summary>While no link is cut for long, what was run to its end is run again only when its worker died with the end unreported.</summary>
    private static void CheckRepeats(SimulatedCluster cluster)
    {
        var handedOut = cluster.Callbacks().ToDictionary(callback => callback.Row.Key, callback => callback.Row.HandedOut);
        foreach (var (id, kind) in cluster.Ledger.Ends.Where(end => handedOut.TryGetValue(end.Key.Run, out var last) && end.Key.Token < last))
        {
            Assert.True(
                kind == OutcomeKind.Lost || cluster.Ledger.Crashed.Contains(cluster.Ledger.Begins[id]),
                $"seed {cluster.Simulation.Seed}: callback {id.Run} ended as {kind} on {cluster.Ledger.Begins[id]}, which lives, and was handed out again");
        }
    }

    /// <summary>By the journal of the run, without asking the rules of callbacks.</summary>
    private static List<string> Happened(SimulatedCluster cluster, DagSpec dag, long key)
    {
        var happened = new List<string>();
        DagRunState? run = null;
        var missed = new HashSet<string>();
        void Add(CallbackTrigger on, int instance) => happened.Add(Event(on.Name(), run!.NameOf(instance).Value, run.TriesOf(instance), null));
        foreach (var (_, _, one) in cluster.Store.RunEvents.Where(entry => entry.Stream == $"r:{key}"))
        {
            if (one is RunCreated created)
            {
                run = new(new DagGraph(dag), created);
                missed.UnionWith(run.Deadlines.Where(deadline => deadline.MissedAt is not null).Select(deadline => deadline.Name));
                continue;
            }

            var begun = (one as TasksDispatched)?.Tasks.Where(instance => !run!.IsResuming(instance)).ToList() ?? [];
            var open = (one as TasksResolved)?.Tasks.Where(instance => !run!.StateOf(instance).IsFinished()).ToList() ?? [];
            run!.Evolve(one);
            begun.ForEach(instance => Add(CallbackTrigger.Execute, instance));
            switch (one)
            {
                case TaskEnded { State: TaskState.Success } e:
                    Add(CallbackTrigger.Success, e.Task);
                    break;
                case TaskEnded { State: TaskState.Failed } e:
                    Add(CallbackTrigger.Failure, e.Task);
                    break;
                case TaskEnded { State: TaskState.Skipped } e:
                    Add(CallbackTrigger.Skipped, e.Task);
                    break;
                case TaskEnded { State: TaskState.UpForRetry, HandedBack: false } e:
                    Add(CallbackTrigger.Retry, e.Task);
                    break;
                case TasksResolved { State: TaskState.Success }:
                    open.ForEach(instance => Add(CallbackTrigger.Success, instance));
                    break;
                case TasksResolved { State: TaskState.Failed }:
                    open.ForEach(instance => Add(CallbackTrigger.Failure, instance));
                    break;
                case RunEnded e:
                    happened.Add(Event(e.State == RunState.Success ? "on_success" : "on_failure", null, 0, null));
                    break;
                case DeadlineMissed e:
                    Assert.True(missed.Add(e.Name), $"seed {cluster.Simulation.Seed}: run {key} misses {e.Name} twice");
                    break;
            }
        }

        return happened;
    }

    /// <summary>By the clock: those that were due before the run was over.</summary>
    private static IEnumerable<string> Missed(DagRunRow run)
    {
        foreach (var deadline in run.Deadlines!)
        {
            Assert.Equal(run.EndedAt > deadline.Due, deadline.MissedAt is not null);
            Assert.Equal(run.EndedAt <= deadline.Due, deadline.MetAt is not null);
        }

        return run.Deadlines.Where(deadline => run.EndedAt > deadline.Due).Select(deadline => Event("on_deadline_missed", null, 0, deadline.Name));
    }

    private static string Event(string on, string? task, int tryNumber, string? deadline) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{task ?? "the run"} {on}{(tryNumber > 0 ? $" try {tryNumber}" : "")}{(deadline is null ? "" : $" '{deadline}'")}");

    private static List<string> Without(IEnumerable<string> these, IEnumerable<string> those)
    {
        var left = these.ToList();
        foreach (var one in those)
        {
            left.Remove(one);
        }

        return left;
    }
}
