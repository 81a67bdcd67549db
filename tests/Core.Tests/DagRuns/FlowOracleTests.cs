using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Every state after every end, against <see cref="FlowOracle"/>: small joins exhaustively, larger Dags by chance.</summary>
public sealed class FlowOracleTests
{
    private static readonly DateTimeOffset Later = Noon.AddDays(1);

    /// <summary>What an upstream of the join comes to. UpstreamFailed: a task before it fails; Removed: it is outside its dates.</summary>
    private static readonly TaskState[] Ends = [TaskState.Success, TaskState.Failed, TaskState.Skipped, TaskState.UpstreamFailed, TaskState.Removed];

    public static TheoryData<TriggerRule> Rules => [.. Enum.GetValues<TriggerRule>()];

    /// <summary>13 rules over one to three upstreams, each in five states, in every order: some ten thousand runs.</summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void A_join_goes_by_its_rule_in_whatever_order_its_upstreams_end(TriggerRule rule)
    {
        for (var count = 1; count <= 3; count++)
        {
            foreach (var ends in Products(count))
            {
                // The upstreams, then the tasks before them that fail, then the join and who waits for it.
                var tasks = new List<TaskSpec>();
                for (var i = 0; i < count; i++)
                {
                    tasks.Add(Task($"u{i}", ends[i] == TaskState.UpstreamFailed ? [count + i] : []) with { StartDate = ends[i] == TaskState.Removed ? Later : null });
                }

                tasks.AddRange(Enumerable.Range(0, count).Select(i => Task($"p{i}")));
                tasks.Add(Task("join", [.. Enumerable.Range(0, count)]) with { TriggerRule = rule });
                tasks.Add(Task("after", 2 * count));
                var graph = Of([.. tasks]);
                foreach (var order in Orders(count))
                {
                    var game = new Game(graph);
                    for (var i = 0; i < count; i++)
                    {
                        game.End(count + i, ends[i] == TaskState.UpstreamFailed && order[0] == i ? TaskState.Failed : TaskState.Success, unless: ends[i] == TaskState.UpstreamFailed && order[0] != i);
                    }

                    foreach (var i in order)
                    {
                        game.End(ends[i] == TaskState.UpstreamFailed ? count + i : i, ends[i] == TaskState.UpstreamFailed ? TaskState.Failed : ends[i]);
                    }

                    game.Finish();
                }
            }
        }
    }

    /// <summary>Branches, short circuits, setups and teardowns, empties, tasks outside their dates, all rules.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_small_Dag_takes_the_course_that_the_rules_say(int lot)
    {
        for (var seed = lot * 1_000; seed < (lot + 1) * 1_000; seed++)
        {
            var chance = new Random(seed);
            var graph = Any(chance);
            var game = new Game(graph) { Name = $"seed {seed}" };
            while (game.Ready is { Count: > 0 } ready)
            {
                var task = ready[chance.Next(ready.Count)];
                switch (chance.Next(10))
                {
                    case 0:
                        game.End(task, TaskState.Failed);
                        break;
                    case 1:
                        game.End(task, TaskState.Skipped);
                        break;
                    case 2 or 3:
                        game.End(task, TaskState.Success, follow: [.. Enumerable.Range(0, graph.Count).Where(_ => chance.Next(3) == 0)]);
                        break;
                    case 4:
                        game.End(task, TaskState.Success, skip: (SkipScope)chance.Next(2));
                        break;
                    default:
                        game.End(task, TaskState.Success);
                        break;
                }
            }

            game.Finish();
        }
    }

    [Theory]
    [InlineData("", "Success")] // what comes last says that all is well
    [InlineData("end", "Success")]
    [InlineData("after", "Success")]
    [InlineData("after end", "Failed")] // nothing that was part of the run comes after the failure
    public void A_failure_is_not_hidden_behind_what_was_no_part_of_the_run(string removed, string expected)
    {
        TaskSpec With(TaskSpec task, TriggerRule rule) => task with { TriggerRule = rule, StartDate = removed.Split(' ').Contains(task.Id.Value) ? Later : null };
        var game = new Game(Of(Task("fails"), With(Task("after", 0), TriggerRule.AllDone), With(Task("end", 1), TriggerRule.AllDone)));
        game.End(0, TaskState.Failed);
        while (game.Ready is [var next, ..])
        {
            game.End(next, TaskState.Success);
        }

        Assert.Equal(expected, game.Finish().ToString());
    }

    private static IEnumerable<TaskState[]> Products(int count) => count == 0
        ? [[]]
        : Products(count - 1).SelectMany(rest => Ends.Select(end => (TaskState[])[.. rest, end]));

    private static IEnumerable<int[]> Orders(int count) => count == 1
        ? [[0]]
        : Orders(count - 1).SelectMany(rest => Enumerable.Range(0, count).Select(at => (int[])[.. rest[..at], count - 1, .. rest[at..]]));

    private static DagGraph Any(Random chance)
    {
        var rules = Enum.GetValues<TriggerRule>();
        var tasks = new TaskSpec[chance.Next(2, 8)];
        for (var i = 0; i < tasks.Length; i++)
        {
            var upstream = Enumerable.Range(0, i).Where(_ => chance.Next(5) < 2).ToArray();
            tasks[i] = Task($"t{i}", upstream) with
            {
                TriggerRule = chance.Next(2) == 0 ? TriggerRule.AllSuccess : rules[chance.Next(rules.Length)],
                Operator = chance.Next(8) == 0 ? DagRunDecider.EmptyOperator : "ShellOperator",
                StartDate = chance.Next(10) == 0 ? Later : null,
            };
            tasks[i] = chance.Next(7) switch
            {
                0 => tasks[i] with { Kind = TaskKind.Setup },
                1 when upstream.Any(up => tasks[up].Kind == TaskKind.Setup) => tasks[i] with
                {
                    Kind = TaskKind.Teardown, TriggerRule = TriggerRule.AllDoneSetupSuccess, OnFailureFailDagRun = chance.Next(3) == 0,
                },
                _ => tasks[i],
            };
        }

        return Of(tasks);
    }

    /// <summary>One run, played by the decider and by the oracle side by side.</summary>
    private sealed class Game
    {
        private readonly DagRunState _run;
        private readonly FlowOracle _oracle;
        private readonly List<string> _moves = [];

        public Game(DagGraph graph)
        {
            _run = NewRun(graph);
            _oracle = new(graph.Spec, Enumerable.Range(0, graph.Count).Where(task => graph.Spec.Tasks[task].StartDate is not null));
            DagRunDecider.Decide(_run, new StartRun(Noon));
            Compare();
        }

        public string Name { get; init; } = "";

        public List<int> Ready => [.. Enumerable.Range(0, _run.Graph.Count).Where(task => _run.StateOf(task) == TaskState.Scheduled)];

        /// <summary>Ends a task that is ready; what was decided already has nothing to end.</summary>
        public void End(int task, TaskState state, IReadOnlyCollection<int>? follow = null, SkipScope? skip = null, bool unless = false)
        {
            if (unless || _run.StateOf(task) != TaskState.Scheduled)
            {
                return;
            }

            DagRunDecider.Decide(_run, new DispatchTasks("w", [task], Noon));
            var outcome = new TaskOutcome
            {
                Kind = state switch { TaskState.Failed => OutcomeKind.Failed, TaskState.Skipped => OutcomeKind.Skipped, _ => OutcomeKind.Success },
                Follow = follow is null ? null : [.. follow.Select(chosen => _run.Graph.Spec.Tasks[chosen].Id.Value)],
                SkipDownstream = skip,
            };
            DagRunDecider.Decide(_run, new ReportTask(task, _run.TokenOf(task), outcome, Noon));
            _oracle.End(task, state, follow, skip);
            _moves.Add($"{_run.NameOf(task)} {state}{(follow is null ? "" : $" -> {string.Join('+', follow)}")}{skip}");
            Compare();
        }

        public RunState Finish()
        {
            while (Ready is [var next, ..])
            {
                End(next, TaskState.Success);
            }

            Assert.True(_oracle.IsOver, $"it never ends: {Told()}");
            var expected = _oracle.HasFailed ? RunState.Failed : RunState.Success;
            Assert.True(expected == _run.Phase, $"{expected} was expected, not {_run.Phase}: {Told()}");
            return _run.Phase;
        }

        private void Compare()
        {
            for (var task = 0; task < _run.Graph.Count; task++)
            {
                Assert.True(_oracle.States[task] == _run.StateOf(task), $"{_run.NameOf(task)} is {_run.StateOf(task)}, not {_oracle.States[task]}: {Told()}");
            }
        }

        private string Told() => $"{Name}: {string.Join(", ", _run.Graph.Spec.Tasks.Select(task => $"{task.Id}[{string.Join(' ', task.Upstream)}]{task.TriggerRule}/{task.Kind}{(task.StartDate is null ? "" : " removed")}"))}; {string.Join(", ", _moves)}";
    }
}
