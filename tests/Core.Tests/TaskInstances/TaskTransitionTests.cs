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

    [Fact]
    public void The_page_shows_every_arrow_of_the_table_and_no_other()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Sluice.slnx")))
        {
            folder = folder.Parent;
        }

        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs", "concepts", "task-states.md"));
        var shown = Arrow().Matches(page).Select(arrow => $"{arrow.Groups[1].Value} -> {arrow.Groups[2].Value}: {arrow.Groups[3].Value}");

        Assert.Equal(
            TaskTransitions.All.Select(way => $"{way.From.Name()} -> {way.To.Name()}: {way.Name}").Order(StringComparer.Ordinal),
            shown.Order(StringComparer.Ordinal));
        Assert.All(TaskTransitions.All, way => Assert.False(way.From.IsFinished()));
    }

    /// <summary>Each event that could take an instance from one state to another, whether the rules would ever say it or not.</summary>
    [Fact]
    public void Every_arrow_is_walked_and_every_other_refused()
    {
        var walked = 0;
        foreach (var from in States.Where(state => state != TaskState.Queued)) // nothing leads there
        {
            foreach (var to in States)
            {
                var allowed = TaskTransitions.IsAllowed(from, to);
                foreach (var take in Ways(to))
                {
                    var run = In(from, isAsync: from == TaskState.Deferred || (to == TaskState.Deferred && from is not (TaskState.Running or TaskState.AwaitingInput)));
                    var before = run.StateOf(0);
                    Assert.Equal(from, before);
                    var error = Record.Exception(() => run.Evolve(take));

                    // A finished instance stays as it is when its run ends; everything else that is no arrow is an error.
                    Assert.True(allowed == (error is null && run.StateOf(0) == to && from != to), $"{from} -> {to} by {take}: {error?.Message ?? run.StateOf(0).ToString()}");
                    walked += allowed ? 1 : 0;
                }
            }
        }

        Assert.True(walked >= TaskTransitions.All.Count);
    }

    [Fact]
    public void By_hand_any_instance_is_cleared_or_marked_but_one_that_is_gone()
    {
        foreach (var from in States.Where(state => state != TaskState.Queued))
        {
            foreach (var to in States)
            {
                DagRunEvent? take = to switch
                {
                    TaskState.None => new TasksCleared([0], null, null, new("ann")),
                    TaskState.Success or TaskState.Failed or TaskState.Skipped => new TasksMarked(to, [0], new("ann")),
                    _ => null,
                };
                var run = In(from, isAsync: from == TaskState.Deferred);
                var error = take is null ? null : Record.Exception(() => run.Evolve(take));
                Assert.Equal(take is not null && from != to && from != TaskState.Removed, TaskTransitions.IsAllowedByHand(from, to));
                Assert.True(take is null || TaskTransitions.IsAllowedByHand(from, to) == (error is null && run.StateOf(0) == to), $"{from} -> {to}: {error?.Message}");
            }
        }
    }

    private static List<DagRunEvent> Ways(TaskState to) => to switch
    {
        TaskState.Scheduled => [new TasksScheduled([0])],
        TaskState.Running or TaskState.Deferred => [new TasksDispatched("w", Noon, [0])],
        TaskState.UpForReschedule or TaskState.UpForRetry => [new TaskEnded(0, 1, to, Noon, Noon)],
        TaskState.AwaitingInput => [new TaskAsked(0, 1, Noon, new() { Subject = "?", Options = ["OK"] }, null, "w", Noon, Noon)],
        TaskState.Removed => [new TasksExpanded([0], 1, 2)],
        TaskState.None => [],
        _ => [new TasksResolved(to, [0])],
    };

    /// <summary>A run of one mapped task in this state, brought there along arrows, and another that keeps it going.</summary>
    private static DagRunState In(TaskState state, bool isAsync)
    {
        var run = NewRun(Of(
            Task("a") with
            {
                Sensor = isAsync ? new() { Mode = SensorMode.Async } : null,
                Map = new() { Sources = [new() { Argument = "x", Values = "[1]" }] },
            },
            Task("b")));
        run.Evolve(new RunStarted(Noon));
        foreach (var step in Road(state))
        {
            run.Evolve(step);
        }

        return run;
    }

    private static List<DagRunEvent> Road(TaskState state) => state switch
    {
        TaskState.None => [],
        TaskState.Scheduled => [new TasksScheduled([0])],
        TaskState.Queued => throw new InvalidOperationException("Nothing leads there."),
        TaskState.Running or TaskState.Deferred => [.. Road(TaskState.Scheduled), new TasksDispatched("w", Noon, [0])],
        TaskState.UpForReschedule or TaskState.UpForRetry or TaskState.AwaitingInput => [.. Road(TaskState.Running), .. Ways(state)],
        _ => Ways(state),
    };

    [GeneratedRegex(@"^    (\w+) --> (\w+) : (.+?)\r?$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
