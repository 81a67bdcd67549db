using System.Text.RegularExpressions;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Core.Tests.DagRuns;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.TaskInstances;

public sealed partial class TaskTransitionTests
{
    private static readonly TaskState[] States = Enum.GetValues<TaskState>();

    // Those that an instance can be in: it begins at none, and some arrow leads to each other one.
    private static readonly TaskState[] Reached =
        [.. States.Where(state => state == TaskState.None || TaskTransitions.All.Any(way => way.To == state))];

    [Fact]
    public void The_page_shows_every_arrow_of_the_table_and_no_other()
    {
        var shown = from arrow in StatesPage.Arrows(0)
                    from source in arrow.From == "any" ? Reached.Where(state => state != TaskState.Removed && state.Name() != arrow.To).Select(state => state.Name()) : [arrow.From]
                    select $"{source} -> {arrow.To}: {arrow.Name}";

        Assert.Equal(
            TaskTransitions.All.Select(way => $"{way.From.Name()} -> {way.To.Name()}: {way.Name}").Order(StringComparer.Ordinal),
            shown.Order(StringComparer.Ordinal));
        Assert.All(TaskTransitions.All.Where(way => way.Cause == TaskTransitionCause.Rules), way => Assert.False(way.From.IsFinished()));
    }

    [Fact]
    public void Every_state_is_reached_but_queued_which_only_sensors_of_runs_see()
    {
        Assert.Equal([TaskState.Queued], States.Except(Reached));
        Assert.DoesNotContain(TaskTransitions.All, way => way.From == TaskState.Queued);
    }

    /// <summary>Each event that could take an instance from one state to another, whether the rules would ever say it or not.</summary>
    [Fact]
    public void Every_arrow_is_walked_and_every_other_refused()
    {
        var walked = new HashSet<(TaskState, TaskState)>();
        foreach (var from in Reached)
        {
            foreach (var to in States)
            {
                var allowed = TaskTransitions.IsAllowed(from, to);
                foreach (var take in Ways(to))
                {
                    var run = In(from, isAsync: from == TaskState.Deferred || (to == TaskState.Deferred && from is not (TaskState.Running or TaskState.AwaitingInput)));
                    Assert.Equal(from, run.StateOf(0));
                    var error = Record.Exception(() => run.Evolve(take));

                    // A finished instance stays as it is when its run ends; everything else that is no arrow is an error.
                    Assert.True(allowed == (error is null && run.StateOf(0) == to && from != to), $"{from} -> {to} by {take}: {error?.Message ?? run.StateOf(0).ToString()}");
                    Assert.True(allowed || error is not null || from == to || from.IsFinished(), $"{from} -> {to} by {take} is passed over");
                    if (allowed)
                    {
                        walked.Add((from, to));
                    }
                }
            }
        }

        Assert.Equal(Pairs(TaskTransitionCause.Rules), walked);
    }

    [Fact]
    public void By_hand_any_instance_is_cleared_or_marked_but_one_that_is_gone()
    {
        var walked = new HashSet<(TaskState, TaskState)>();
        foreach (var from in Reached)
        {
            foreach (var to in States)
            {
                DagRunEvent? take = to switch
                {
                    TaskState.None => new TasksCleared([0], null, null, new("ann")),
                    _ => new TasksMarked(to, [0], new("ann")),
                };
                var run = In(from, isAsync: from == TaskState.Deferred);
                var error = Record.Exception(() => run.Evolve(take));
                Assert.True(TaskTransitions.IsAllowedByHand(from, to) == (error is null && run.StateOf(0) == to), $"{from} -> {to}: {error?.Message}");
                if (error is null)
                {
                    walked.Add((from, to));
                }
            }
        }

        Assert.Equal(Pairs(TaskTransitionCause.Clear).Union(Pairs(TaskTransitionCause.Mark)).Order(), walked.Order());
    }

    [Fact]
    public void What_a_mapped_task_became_is_gone_when_it_is_to_be_expanded_anew_in_whatever_state_it_was()
    {
        var walked = new HashSet<(TaskState, TaskState)>();
        foreach (var from in Reached.Where(state => state != TaskState.Removed))
        {
            var run = In(from, isAsync: from == TaskState.Deferred, expanded: true);
            Assert.Equal((from, TaskState.Removed), (run.StateOf(2), run.StateOf(0)));

            run.Evolve(new TasksCleared([], null, [0], new("ann")));

            Assert.Equal((TaskState.Removed, TaskState.None), (run.StateOf(2), run.StateOf(0)));
            walked.UnionWith([(from, TaskState.Removed), (TaskState.Removed, TaskState.None)]);
        }

        Assert.Equal(Pairs(TaskTransitionCause.Unmap).Order(), walked.Order());
    }

    /// <summary>A move to a version without the task, to one that maps it in another way, and to one that has it as it was.</summary>
    [Fact]
    public void Another_version_removes_what_it_lacks_and_begins_anew_what_it_has_otherwise()
    {
        var (other, gone) = (Of(Task("b"), Task("c")), Of(Task("c"), Task("b")));
        var walked = new HashSet<(TaskState, TaskState)>();
        void Move(TaskState from, bool expanded, DagGraph graph, TaskState? to)
        {
            var run = In(from, isAsync: from == TaskState.Deferred, expanded);
            var name = run.NameOf(expanded ? 2 : 0);
            var upgraded = VersionChange.Of(run, new UpgradeRun(graph, "v2", null, new Dictionary<OutputKey, int>(), new("ann"), Noon));
            run.Evolve(upgraded);

            Assert.Equal(to is { } wanted ? (from, wanted) : null, upgraded.Dropped?.Where(dropped => dropped.Name == name).Select(dropped => ((TaskState, TaskState)?)(dropped.From, dropped.To)).FirstOrDefault());
            if (to is { } state)
            {
                walked.Add((from, state));
            }
        }

        foreach (var from in Reached)
        {
            Move(from, expanded: false, other, from.IsFinished() ? null : TaskState.Removed);
            Move(from, expanded: false, Of(Task("a"), Task("b")), from == TaskState.None ? null : TaskState.None);
            if (from != TaskState.Removed)
            {
                Move(from, expanded: true, Of(Task("a"), Task("b")), TaskState.Removed);
                Move(from, expanded: true, gone, from.IsFinished() ? null : TaskState.Removed);
            }
        }

        Assert.Equal(Pairs(TaskTransitionCause.Version).Order(), walked.Order());
        foreach (var from in Reached)
        {
            foreach (var to in States.Where(state => state != from))
            {
                var run = In(TaskState.None, isAsync: false);
                var upgraded = VersionChange.Of(run, new UpgradeRun(other, "v2", null, new Dictionary<OutputKey, int>(), new("ann"), Noon));
                var error = Record.Exception(() => run.Evolve(upgraded with { Dropped = [new(new("a"), from, to)] }));
                Assert.True(walked.Contains((from, to)) == error is null, $"{from} -> {to}: {error?.Message}");
            }
        }
    }

    [Fact]
    public void What_only_waits_for_its_first_slot_is_judged_anew_by_another_version()
    {
        var run = NewRun(Of(Task("a"), Task("b")));
        run.Evolve(new RunStarted(Noon));
        run.Evolve(new TasksScheduled([0]));

        run.Evolve(VersionChange.Of(run, new UpgradeRun(Of(Task("a"), Task("c")), "v2", null, new Dictionary<OutputKey, int>(), new("ann"), Noon)));

        Assert.Equal(TaskState.None, run.StateOf(0));
        Assert.True(TaskTransitions.IsAllowed(TaskState.Scheduled, TaskState.None, TaskTransitionCause.Version));
    }

    private static HashSet<(TaskState From, TaskState To)> Pairs(TaskTransitionCause cause) =>
        [.. from way in TaskTransitions.All where way.Cause == cause select (way.From, way.To)];

    private static List<DagRunEvent> Ways(TaskState to, int instance = 0) => to switch
    {
        TaskState.Scheduled => [new TasksScheduled([instance])],
        TaskState.Running or TaskState.Deferred => [new TasksDispatched("w", Noon, [instance])],
        TaskState.UpForReschedule or TaskState.UpForRetry => [new TaskEnded(instance, 1, to, Noon, Noon)],
        TaskState.AwaitingInput => [new TaskAsked(instance, 1, Noon, new() { Subject = "?", Options = ["OK"] }, null, "w", Noon, Noon)],
        TaskState.Removed => [new TasksExpanded([0], 1, 2), new TasksResolved(TaskState.Removed, [0])],
        TaskState.None or TaskState.Queued => [],
        _ => [new TasksResolved(to, [instance])],
    };

    /// <summary>A run of one mapped task in this state, brought there along arrows, and another that keeps it going.</summary>
    private static DagRunState In(TaskState state, bool isAsync, bool expanded = false)
    {
        var run = NewRun(Of(
            Task("a") with
            {
                Sensor = isAsync ? new() { Mode = SensorMode.Async } : null,
                Map = new() { Sources = [new() { Argument = "x", Values = "[1]" }] },
            },
            Task("b")));
        run.Evolve(new RunStarted(Noon));
        if (expanded)
        {
            run.Evolve(new TasksExpanded([0], 1, 2));
        }

        foreach (var step in Road(state, expanded ? 2 : 0))
        {
            run.Evolve(step);
        }

        return run;
    }

    private static List<DagRunEvent> Road(TaskState state, int instance) => state switch
    {
        TaskState.None => [],
        TaskState.Scheduled => [new TasksScheduled([instance])],
        TaskState.Running or TaskState.Deferred => [.. Road(TaskState.Scheduled, instance), new TasksDispatched("w", Noon, [instance])],
        TaskState.UpForReschedule or TaskState.UpForRetry or TaskState.AwaitingInput => [.. Road(TaskState.Running, instance), .. Ways(state, instance)],
        TaskState.Removed => [new TasksResolved(TaskState.Removed, [instance])],
        _ => Ways(state, instance),
    };
}

/// <summary>The diagrams of docs/concepts/task-states.md.</summary>
internal static partial class StatesPage
{
    /// <summary>Arrows of the diagram with this number, the one that a run or task begins with left out.</summary>
    public static IReadOnlyList<(string From, string To, string Name)> Arrows(int diagram)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Sluice.slnx")))
        {
            folder = folder.Parent;
        }

        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs", "concepts", "task-states.md"));
        var lines = Diagram().Matches(page)[diagram].Groups[1].Value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return
        [
            .. from line in lines
               where !line.StartsWith("[*]", StringComparison.Ordinal)
               let arrow = Arrow().Match(line)
               select arrow.Success ? (arrow.Groups[1].Value, arrow.Groups[2].Value, arrow.Groups[3].Value) : throw new FormatException($"\"{line}\" is no arrow with a name."),
        ];
    }

    [GeneratedRegex(@"```mermaid\s+stateDiagram-v2\s(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Diagram();

    [GeneratedRegex(@"^(\w+) --> (\w+) : (.+)$")]
    private static partial Regex Arrow();
}
