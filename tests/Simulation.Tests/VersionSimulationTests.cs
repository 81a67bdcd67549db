using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Simulation.Tests;

/// <summary>Runs that are moved to other versions of their Dag, and whose tasks get other names, while schedulers and workers die.</summary>
public sealed class VersionSimulationTests
{
    public static TheoryData<int> Chunks => [.. Enumerable.Range(0, 10).Select(chunk => chunk * 10)];

    [Theory]
    [MemberData(nameof(Chunks))]
    public void Runs_that_are_moved_in_mid_run_end_and_lose_nothing(int first)
    {
        var (moved, inherited, renamed) = (0, 0, 0);
        for (var seed = first; seed < first + 10; seed++)
        {
            var cluster = ClusterSimulationTests.New(5_000_000 + seed, schedulers: 2);
            var (people, dag) = (new Random(seed), ClusterSimulationTests.RandomDag(new Random(cluster.Simulation.Seed)));
            var generation = 0;

            // What happens while a group is on its way to the disk must not meet it there.
            cluster.Store.CommitTakes = _ => TimeSpan.FromMilliseconds(cluster.Simulation.NextRandom(300));
            ClusterSimulationTests.Run(cluster, dag, runs: 3, rounds: 20, () =>
            {
                if (people.Next(4) == 0)
                {
                    dag = Changed(dag, ++generation, people);
                    cluster.Redefine(dag);
                }

                if (people.Next(3) == 0)
                {
                    cluster.Upgrade(dag.Id, people);
                }

                if (people.Next(8) == 0)
                {
                    cluster.Change(dag.Id, people, at => new ClearTasks(new(), new("ann"), at));
                }

                ClusterSimulationTests.Kill(cluster, people);
            });
            Assert.True(cluster.Ledger.Violations.Count == 0, $"seed {cluster.Simulation.Seed}: {string.Join("; ", cluster.Ledger.Violations)}");
            Check(cluster, dag.Id, cluster.Simulation.Seed);
            moved += cluster.Store.RunEvents.Count(entry => entry.Event is RunUpgraded);
            inherited += cluster.Store.RunEvents.Count(entry => entry.Event is RunUpgraded { Run.Inherited: not null });
            renamed += cluster.TaskRenames(dag.Id).Count;
        }

        Assert.True(moved > 20 && inherited > 5 && renamed > 10, $"{moved} moves of runs, {inherited} of them with attempts, {renamed} tasks renamed: the test shows little");
    }

    /// <summary>Whatever a run was called and numbered by, each attempt ends once at most, and the rows say what the events say, by the latest names.</summary>
    private static void Check(SimulatedCluster cluster, DagId dag, int seed)
    {
        var former = cluster.TaskRenames(dag).Select(rename => rename.From.Value).ToHashSet();
        foreach (var run in cluster.Runs())
        {
            DagRunState? state = null;
            var ended = new HashSet<(string, int)>();
            foreach (var (_, _, happened) in cluster.Store.RunEvents.Where(entry => entry.Stream == $"r:{run.Facts.Key}"))
            {
                switch (happened)
                {
                    case RunCreated created:
                        Assert.True(state is null or { Phase: RunState.Success or RunState.Failed }, $"seed {seed}: run {run.Facts.Key} begins while it is going on");
                        state = new(cluster.GraphOf(created.Facts.Version), created);
                        continue;
                    case RunUpgraded upgraded:
                        state!.Evolve(upgraded with { Graph = cluster.GraphOf(upgraded.Run.Facts.Version) });
                        continue;
                    case TaskEnded end:
                        Assert.True(ended.Add((Name(state!, end.Task), end.Token)), $"seed {seed}: result of {run.Facts.Key}/{state!.NameOf(end.Task)}/{end.Token} was accepted twice");
                        Assert.Equal(end.Token, state!.TokenOf(end.Task));
                        Assert.True(
                            end.State is not TaskState.Success || cluster.Ledger.Ends.GetValueOrDefault(state.AttemptOf(end.Task), OutcomeKind.Lost) == OutcomeKind.Success,
                            $"seed {seed}: {run.Facts.Key}/{state.NameOf(end.Task)}/{end.Token} counts as a success and was none");
                        break;
                    case TasksDispatched dispatched:
                        Assert.All(dispatched.Tasks, task => Assert.Equal(TaskState.Scheduled, state!.StateOf(task)));
                        break;
                }

                state!.Evolve(happened);
            }

            var attempts = cluster.Attempts(run.Facts.Key);
            Assert.All(attempts, row => Assert.False(former.Contains(row.Task.Value.Split('[')[0]), $"seed {seed}: {row} has a name that is no more"));
            var rows = attempts.GroupBy(row => TaskLedger.FirstNameOf(row.Task.Value)).ToDictionary(rows => rows.Key, rows => rows.MaxBy(row => row.Token)!);
            for (var instance = 0; instance < state!.Instances; instance++)
            {
                // A run that is over is no less over when its new version has more tasks.
                if (!state.IsGone(instance) && (state.StateOf(instance) != TaskState.None || rows.ContainsKey(Name(state, instance))))
                {
                    Assert.True(state.StateOf(instance).IsFinished(), $"seed {seed}: {state.NameOf(instance)} is {state.StateOf(instance)}");
                    Assert.True(
                        state.StateOf(instance) == rows[Name(state, instance)].State,
                        $"seed {seed}: {state.NameOf(instance)} of {run.Facts.Key} is {state.StateOf(instance)}, its row {rows[Name(state, instance)]}");
                }
            }

            Assert.Equal(state!.Phase, run.State);
        }
    }

    private static string Name(DagRunState run, int instance) => TaskLedger.FirstNameOf(run.NameOf(instance).Value);

    /// <summary>The Dag as its author changes it: tasks get other names, come and go. An id that was there once never comes back.</summary>
    private static DagSpec Changed(DagSpec dag, int generation, Random author)
    {
        var tasks = dag.Tasks.Select(task => task with { RenamedFrom = null }).ToList();
        var at = author.Next(tasks.Count);
        switch (author.Next(4))
        {
            case 0 or 1:
                tasks[at] = tasks[at] with { Id = new($"{TaskLedger.FirstNameOf(tasks[at].Id.Value)}_r{generation}"), RenamedFrom = tasks[at].Id };
                break;
            case 2:
                // Those after it have other numbers then.
                tasks = [.. tasks.Select(task => Numbered(task, number => number >= at ? number + 1 : number))];
                tasks.Insert(at, new() { Id = new($"n{generation}"), Operator = "ShellOperator", Upstream = [.. Enumerable.Range(0, at).Where(_ => author.Next(3) == 0)] });
                if (at + 1 < tasks.Count && tasks[at + 1] is { Kind: TaskKind.Work } next)
                {
                    tasks[at + 1] = next with { Upstream = [.. next.Upstream.Append(at).Order()] };
                }

                break;
            case 3 when tasks.Count > 2 && tasks[at] is { Kind: TaskKind.Work } && !tasks.Any(task => task.Map?.Sources.Any(source => source.Task == at) == true || (task.Kind == TaskKind.Teardown && task.Upstream.Contains(at))):
                tasks.RemoveAt(at);
                tasks = [.. tasks.Select(task => Numbered(task with { Upstream = [.. task.Upstream.Where(up => up != at)] }, number => number > at ? number - 1 : number))];
                break;
        }

        return dag with { Tasks = tasks };
    }

    private static TaskSpec Numbered(TaskSpec task, Func<int, int> number) => task with
    {
        Upstream = [.. task.Upstream.Select(number)],
        Map = task.Map is { } map ? map with { Sources = [.. map.Sources.Select(source => source with { Task = source.Task is { } of ? number(of) : null })] } : null,
    };
}
