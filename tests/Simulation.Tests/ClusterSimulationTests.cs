using Sluice.Cluster.Transport;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Simulation.Tests;

/// <summary>A failing seed replays exactly: put it into the range to look at it.</summary>
public sealed class ClusterSimulationTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(2);

    /// <summary>Seeds per chunk: chunks show progress and run one after the other.</summary>
    public static TheoryData<int> Chunks => [.. Enumerable.Range(0, 10).Select(chunk => chunk * 20)];

    [Theory]
    [MemberData(nameof(Chunks))]
    public void A_scheduler_and_three_workers_end_every_run_over_a_bad_network(int first)
    {
        for (var seed = first; seed < first + 20; seed++)
        {
            var cluster = New(seed, schedulers: 1);
            var faults = new Random(seed);
            Run(cluster, runs: 4, () =>
            {
                // A worker dies now and then, and another comes.
                if (faults.Next(12) == 0 && cluster.Workers.Count > 1)
                {
                    cluster.Crash(cluster.Workers[faults.Next(cluster.Workers.Count)], silently: faults.Next(2) == 0);
                    cluster.AddWorker(slots: 2);
                }
            });
        }
    }

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Schedulers_that_die_and_links_that_part_lose_nothing(int first)
    {
        for (var seed = first; seed < first + 20; seed++)
        {
            var cluster = New(1_000_000 + seed, schedulers: 2);
            var faults = new Random(seed);
            Run(cluster, runs: 3, () =>
            {
                switch (faults.Next(14))
                {
                    case 0:
                        cluster.Crash(cluster.Schedulers[faults.Next(cluster.Schedulers.Count)], silently: faults.Next(2) == 0);
                        cluster.AddScheduler();
                        break;
                    case 1:
                        var worker = cluster.Workers[faults.Next(cluster.Workers.Count)];
                        cluster.Network.Partition(worker, cluster.Schedulers[faults.Next(cluster.Schedulers.Count)]);
                        break;
                    case 2:
                        cluster.Network.HealAll();
                        break;
                }
            });
        }
    }

    /// <summary>Ends that a worker could not report come back when their tasks run elsewhere already.</summary>
    [Theory]
    [MemberData(nameof(Chunks))]
    public void Workers_that_are_cut_off_for_long_and_come_back_with_old_ends_change_nothing(int first)
    {
        for (var seed = first; seed < first + 20; seed++)
        {
            var cluster = New(2_000_000 + seed, schedulers: 1);
            cluster.Ledger.AllTakeLong = true;
            var faults = new Random(seed);
            Run(cluster, runs: 4, () =>
            {
                switch (faults.Next(8))
                {
                    case 0 or 1:
                        cluster.Network.Partition(cluster.Workers[faults.Next(cluster.Workers.Count)], cluster.Schedulers[0]);
                        break;
                    case 2:
                        cluster.Network.HealAll();
                        break;
                }
            });
        }
    }

    /// <summary>Runs that wait, go on or are over are cleared again and again, while schedulers and workers die.</summary>
    [Theory]
    [MemberData(nameof(Chunks))]
    public void What_people_clear_runs_again_and_never_beside_itself(int first)
    {
        var (stopped, lives) = (0, 0);
        for (var seed = first; seed < first + 20; seed++)
        {
            var cluster = New(3_000_000 + seed, schedulers: 2);
            var (people, dag) = (new Random(seed), RandomDag(new Random(cluster.Simulation.Seed)) with { FailFast = false });
            Run(cluster, dag, runs: 3, rounds: 20, () =>
            {
                if (people.Next(2) == 0)
                {
                    var selection = AnySelection(people, dag);
                    cluster.Change(dag.Id, people, at => new ClearTasks(selection, new("ann"), at));
                }

                Kill(cluster, people);
            });
            Assert.True(cluster.Ledger.Violations.Count == 0, $"seed {cluster.Simulation.Seed}: {string.Join("; ", cluster.Ledger.Violations)}");
            CheckJournal(cluster, dag, cluster.Simulation.Seed);
            stopped += cluster.Store.RunEvents.Count(entry => entry.Event is TasksCleared { Stopping: not null });
            lives += cluster.Store.RunEvents.Count(entry => entry.Event is RunCreated { Earlier: not null });
        }

        Assert.True(stopped > 5 && lives > 20, $"{stopped} times something that ran was cleared, and {lives} times a run that was over: the test shows little");
    }

    /// <summary>What is marked while it runs is told to stop and no longer waited for: cleared at that moment it may begin beside itself, for as long as that takes.</summary>
    [Theory]
    [MemberData(nameof(Chunks))]
    public void What_people_clear_and_mark_comes_to_an_end(int first)
    {
        for (var seed = first; seed < first + 20; seed++)
        {
            var cluster = New(4_000_000 + seed, schedulers: 2);
            var (people, dag) = (new Random(seed), RandomDag(new Random(cluster.Simulation.Seed)));
            Run(cluster, dag, runs: 3, rounds: 20, () =>
            {
                var (selection, state) = (AnySelection(people, dag), (TaskState[])[TaskState.Success, TaskState.Failed, TaskState.Skipped]);
                var mark = state[people.Next(3)];
                switch (people.Next(6))
                {
                    case 0:
                        cluster.Change(dag.Id, people, at => new ClearTasks(selection, new("ann"), at));
                        break;
                    case 1:
                        cluster.Change(dag.Id, people, at => new MarkTasks(selection, mark, new("ann"), at));
                        break;
                    case 2:
                        cluster.Change(dag.Id, people, at => new MarkRun(mark, new("ann"), at));
                        break;
                }

                Kill(cluster, people);
            });
        }
    }

    private static TaskSelection AnySelection(Random people, DagSpec dag) => new()
    {
        Tasks = people.Next(3) == 0 ? [] : [dag.Tasks[people.Next(dag.Tasks.Count)].Id.Value],
        Upstream = people.Next(4) == 0,
        Downstream = people.Next(2) == 0,
        OnlyFailed = people.Next(5) == 0,
    };

    internal static void Kill(SimulatedCluster cluster, Random chance)
    {
        switch (chance.Next(16))
        {
            case 0:
                cluster.Crash(cluster.Schedulers[chance.Next(cluster.Schedulers.Count)], silently: chance.Next(2) == 0);
                cluster.AddScheduler();
                break;
            case 1:
                cluster.Crash(cluster.Workers[chance.Next(cluster.Workers.Count)], silently: chance.Next(2) == 0);
                cluster.AddWorker(slots: 2);
                break;
        }
    }

    internal static SimulatedCluster New(int seed, int schedulers)
    {
        var cluster = new SimulatedCluster(seed, new() { DropRate = 0.01, DuplicateRate = 0.01, BreakRate = 0.001, MaxDelay = TimeSpan.FromMilliseconds(30) });
        for (var i = 0; i < schedulers; i++)
        {
            cluster.AddScheduler();
        }

        for (var i = 0; i < 3; i++)
        {
            cluster.AddWorker(slots: 2);
        }

        return cluster;
    }

    private static void Run(SimulatedCluster cluster, int runs, Action fault)
    {
        var dag = RandomDag(new Random(cluster.Simulation.Seed));
        Run(cluster, dag, runs, rounds: 0, fault);
        var seed = cluster.Simulation.Seed;
        Assert.True(cluster.Ledger.Violations.Count == 0, $"seed {seed}: {string.Join("; ", cluster.Ledger.Violations)}");
        CheckJournal(cluster, dag, seed);
    }

    /// <param name="cluster">The cluster.</param>
    /// <param name="dag">Of the runs.</param>
    /// <param name="runs">How many.</param>
    /// <param name="rounds">It goes on for so many steps at least, also when all runs are over.</param>
    /// <param name="fault">What goes wrong in each step.</param>
    internal static void Run(SimulatedCluster cluster, DagSpec dag, int runs, int rounds, Action fault)
    {
        cluster.Define(dag);
        for (var run = 0; run < runs; run++)
        {
            cluster.Trigger(dag.Id, $"r{run}");
        }

        var until = cluster.Simulation.Now + Limit;
        for (var calm = 0; cluster.Simulation.Now < until && (calm < rounds || !cluster.AllEnded());)
        {
            cluster.Simulation.RunFor(TimeSpan.FromSeconds(2));

            // Faults stop after a while, so that what is asked is whether it recovers, not whether it can be kept from working.
            if (calm++ < 60)
            {
                fault();
            }
            else
            {
                cluster.Network.HealAll();
            }
        }

        var seed = cluster.Simulation.Seed;
        Assert.True(cluster.AllEnded(), $"seed {seed}: a run did not end within {Limit} of virtual time\n{cluster.Dump()}");
        Assert.Equal(runs, cluster.Runs().Count);
        Assert.All(cluster.Runs(), run => Assert.False(run.Reason?.StartsWith("internal error", StringComparison.Ordinal) == true, $"seed {seed}: {run.Reason}"));
    }

    /// <summary>Each dispatch was ended once at most, tokens never repeat, and the rows say what the events say.</summary>
    private static void CheckJournal(SimulatedCluster cluster, DagSpec dag, int seed)
    {
        var graph = new DagGraph(dag);
        foreach (var run in cluster.Runs())
        {
            DagRunState? state = null;
            var ended = new HashSet<(int, int)>();
            foreach (var (_, _, happened) in cluster.Store.RunEvents.Where(entry => entry.Stream == $"r:{run.Facts.Key}"))
            {
                switch (happened)
                {
                    case RunCreated created:
                        Assert.True(state is null or { Phase: RunState.Success or RunState.Failed }, $"seed {seed}: run {run.Facts.Key} begins while it is going on");
                        state = new(graph, created);
                        continue;
                    case TaskEnded end:
                        Assert.True(ended.Add((end.Task, end.Token)), $"seed {seed}: result of {run.Facts.Key}/{end.Task}/{end.Token} was accepted twice");
                        Assert.Equal(end.Token, state!.TokenOf(end.Task));
                        Assert.True(
                            end.State is not TaskState.Success || cluster.Ledger.Ends.GetValueOrDefault(new(run.Facts.Key, end.Task, end.Token), OutcomeKind.Lost) == OutcomeKind.Success,
                            $"seed {seed}: {run.Facts.Key}/{end.Task}/{end.Token} counts as a success and was none");
                        break;
                    case TasksDispatched dispatched:
                        Assert.All(dispatched.Tasks, task => Assert.Equal(TaskState.Scheduled, state!.StateOf(task)));
                        break;
                }

                state!.Evolve(happened);
            }

            var rows = cluster.Attempts(run.Facts.Key).GroupBy(row => row.Task).ToDictionary(rows => rows.Key, rows => rows.MaxBy(row => row.Token)!);
            for (var instance = 0; instance < state!.Instances; instance++)
            {
                Assert.True(state.StateOf(instance).IsFinished(), $"seed {seed}: {state.NameOf(instance)} is {state.StateOf(instance)}");
                if (!state.IsGone(instance))
                {
                    Assert.True(
                        state.StateOf(instance) == rows[state.NameOf(instance)].State,
                        $"seed {seed}: {state.NameOf(instance)} of {run.Facts.Key} is {state.StateOf(instance)}, its row {rows[state.NameOf(instance)]}");
                }
            }

            Assert.Equal(state!.Phase, run.State);
        }
    }

    private static TaskSpec TearDown(TaskSpec[] tasks, int task, int setup)
    {
        tasks[setup] = tasks[setup] with { Kind = TaskKind.Setup };
        return tasks[task] with { Kind = TaskKind.Teardown, TriggerRule = TriggerRule.AllDoneSetupSuccess };
    }

    internal static DagSpec RandomDag(Random random)
    {
        var tasks = new TaskSpec[random.Next(1, 12)];
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = new()
            {
                Id = new($"t{i}"),
                Operator = "ShellOperator",
                Upstream = [.. Enumerable.Range(0, i).Where(_ => random.Next(3) == 0)],
                TriggerRule = random.Next(4) > 0 ? TriggerRule.AllSuccess : TriggerRule.AllDone,
                Retries = random.Next(0, 3),
                RetryDelay = TimeSpan.FromSeconds(random.Next(0, 20)),
                Sensor = random.Next(4) == 0 ? new() { Mode = (SensorMode)random.Next(3) } : null,
            };
            tasks[i] = random.Next(10) switch
            {
                0 => tasks[i] with { Operator = DagRunDecider.EmptyOperator, Sensor = null },
                1 when tasks[i].Upstream is [var setup, ..] && tasks[setup].Map is null => TearDown(tasks, i, setup),
                2 => tasks[i] with { Map = new() { Sources = [new() { Argument = "n", Values = $"[{string.Join(',', Enumerable.Range(0, random.Next(6)))}]" }] } },
                3 when tasks[i].Upstream.Where(up => tasks[up].Operator != DagRunDecider.EmptyOperator).ToList() is [var producer, ..] =>
                    tasks[i] with { Map = new() { Sources = [new() { Argument = "n", Task = producer }] } },
                _ => tasks[i],
            };
        }

        return new() { Id = new("sim"), Tasks = tasks, MaxActiveRuns = 2, FailFast = random.Next(10) == 0 };
    }
}
