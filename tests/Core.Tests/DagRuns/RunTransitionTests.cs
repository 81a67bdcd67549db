using Sluice.Core.DagRuns;
using Sluice.Core.TaskInstances;
using Sluice.Core.Tests.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

public sealed class RunTransitionTests
{
    private static readonly ByHand Ann = new("ann");

    [Fact]
    public void The_page_shows_every_arrow_of_the_table_and_no_other() => Assert.Equal(
        RunTransitions.All.Select(way => $"{Name(way.From)} -> {Name(way.To)}: {way.Name}").Order(StringComparer.Ordinal),
        StatesPage.Arrows(1).Select(arrow => $"{arrow.From} -> {arrow.To}: {arrow.Name}").Order(StringComparer.Ordinal));

    /// <summary>Each event that could take a run from one state to another, whether the rules would ever say it or not.</summary>
    [Fact]
    public void An_event_takes_a_run_along_an_arrow_or_is_refused()
    {
        var walked = new HashSet<(RunState, RunState)>();
        foreach (var from in Enum.GetValues<RunState>())
        {
            foreach (var (to, take) in new (RunState, DagRunEvent)[]
            {
                (RunState.Running, new RunStarted(Noon)),
                (RunState.Success, new RunEnded(RunState.Success, Noon)),
                (RunState.Failed, new RunEnded(RunState.Failed, Noon)),
                (RunState.Queued, new TasksCleared([], null, null, Ann)),
            })
            {
                var run = In(from);
                var error = Record.Exception(() => run.Evolve(take));
                var stays = take is TasksCleared && from is RunState.Queued or RunState.Running; // clearing stops no run
                Assert.True(stays || RunTransitions.IsAllowed(from, to) == error is null, $"{from} -> {to} by {take}: {error?.Message}");
                Assert.Equal(stays || error is not null ? from : to, run.Phase);
                if (run.Phase != from)
                {
                    walked.Add((from, run.Phase));
                }
            }
        }

        Assert.Equal(RunTransitions.All.Select(way => (way.From, way.To)).Distinct().Order(), walked.Order());
    }

    /// <summary>Whatever is asked of a run in whatever state: what comes of it is an arrow of the table, and each arrow comes of something.</summary>
    [Fact]
    public void Commands_walk_every_arrow_by_its_name_and_no_other()
    {
        var walked = new HashSet<(RunState, RunState, string)>();
        foreach (var from in Enum.GetValues<RunState>())
        {
            foreach (var (name, command) in new (string, DagRunCommand)[]
            {
                ("start", new StartRun(Noon)),
                ("cancel", new CancelRun("enough", Noon)),
                ("mark", new MarkRun(TaskState.Success, Ann, Noon)),
                ("mark", new MarkRun(TaskState.Failed, Ann, Noon)),
                ("mark", new MarkRun(TaskState.Skipped, Ann, Noon)),
                ("mark", new MarkTasks(new(), TaskState.Success, Ann, Noon)),
                ("mark", new MarkTasks(new(), TaskState.Failed, Ann, Noon)),
                ("leaves end well", new ReportTask(0, 1, new() { Kind = OutcomeKind.Success }, Noon)),
                ("a leaf fails", new ReportTask(0, 1, new() { Kind = OutcomeKind.Failed }, Noon)),
                ("deadlock", new ReportTask(0, 1, new() { Kind = OutcomeKind.Success }, Noon)),
                ("time out", new TimeOutRun(Noon.AddHours(1))),
                ("clear", new ClearTasks(new(), Ann, Noon)),
                ("wake", new WakeTasks(Noon.AddDays(1))),
                ("miss", new MissDeadlines(Noon.AddDays(1))),
            })
            {
                var run = In(from, isStuck: name == "deadlock");
                _ = DagRunDecider.Decide(run, command);
                if (run.Phase != from)
                {
                    walked.Add((from, run.Phase, name));
                }
            }
        }

        Assert.Equal(RunTransitions.All.Select(way => (way.From, way.To, way.Name)).Order(), walked.Order());
    }

    /// <summary>A run of a task that a worker has while it is running; with one more that waits for itself, if it is to get stuck.</summary>
    private static DagRunState In(RunState state, bool isStuck = false)
    {
        var graph = isStuck ? Of(Task("a"), Task("b", 1)) : Of(Task("a"));
        var run = NewRun(new(graph.Spec with { DagRunTimeout = TimeSpan.FromHours(1) }));
        if (state == RunState.Queued)
        {
            return run;
        }

        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        if (state != RunState.Running)
        {
            DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = state == RunState.Success && !isStuck ? OutcomeKind.Success : OutcomeKind.Failed }, Noon));
            if (state == RunState.Success && isStuck)
            {
                DagRunDecider.Decide(run, new MarkRun(TaskState.Success, Ann, Noon));
            }
        }

        Assert.Equal(state, run.Phase);
        return run;
    }

    private static string Name(RunState state) => state.ToString().ToLowerInvariant();
}
