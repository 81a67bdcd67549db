using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using static Sluice.Core.Tests.DagRuns.Graphs;

namespace Sluice.Core.Tests.DagRuns;

public sealed class DeadlineTests
{
    private static readonly ByHand Ann = new("ann");

    private static readonly TimeSpan[] Latest = [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(30)];

    /// <summary>Rows of reference, minutes after it, when the run ended (minutes after noon, when it was made), the present, and what is decided.</summary>
    public static TheoryData<string, int, int?, int, string> Rows()
    {
        var rows = new TheoryData<string, int, int?, int, string>();
        // Due at noon and so many minutes for each reference: made at noon, logical date at 11:00, fixed at 13:00, average of 10, 20, 30 minutes.
        foreach (var (reference, offset) in new[] { ("queued", 0), ("logical", -60), ("fixed", 60), ("average", 20) })
        {
            foreach (var after in new[] { -90, -60, -1, 0, 1, 30, 600 })
            {
                var due = offset + after;
                if (due <= 0)
                {
                    // Past when the run was made: at once, however soon it ends.
                    rows.Add(reference, after, null, 0, $"{due} missed at 0");
                    rows.Add(reference, after, 0, 0, $"{due} missed at 0");
                    rows.Add(reference, after, 5, 9, $"{due} missed at 0");
                    continue;
                }

                rows.Add(reference, after, null, due - 1, $"{due} pending");
                rows.Add(reference, after, null, due, $"{due} missed at {due}");
                rows.Add(reference, after, null, due + 1, $"{due} missed at {due + 1}");
                rows.Add(reference, after, due - 1, due + 10, $"{due} met");
                rows.Add(reference, after, due, due + 10, $"{due} met");
                rows.Add(reference, after, due + 1, due + 10, $"{due} missed at {due + 1}");
            }
        }

        rows.Add("few", 10, null, 1000, "none");
        rows.Add("most", 0, null, 1000, "10 missed at 1000");
        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_deadline_is_missed_once_when_its_moment_comes_before_the_end(string reference, int after, int? ended, int now, string expected)
    {
        DeadlineReference from = reference switch
        {
            "queued" => DeadlineReference.QueuedAt,
            "logical" => DeadlineReference.LogicalDate,
            "fixed" => DeadlineReference.At(new DateTimeOffset(Noon.AddHours(1).DateTime, TimeSpan.Zero).ToOffset(TimeSpan.FromHours(9))),
            "average" => DeadlineReference.AverageRuntime(3, 3),
            "most" => DeadlineReference.AverageRuntime(1, 1),
            _ => DeadlineReference.AverageRuntime(10, 4),
        };
        var run = RunWith(new DeadlineSpec { Name = "d", Reference = from, After = TimeSpan.FromMinutes(after) });
        var events = new List<DagRunEvent>();
        void Tell(DagRunCommand command) => events.AddRange(DagRunDecider.Decide(run, command));

        Tell(new StartRun(Noon));
        Tell(new DispatchTasks("w", [0], Noon));
        if (ended is { } end)
        {
            Tell(new ReportTask(0, 1, new() { Kind = OutcomeKind.Success }, Noon.AddMinutes(end)));
            Assert.Equal(RunState.Success, run.Phase);
        }

        Tell(new MissDeadlines(Noon.AddMinutes(now)));
        var shown = run.Deadlines is [var one]
            ? $"{(one.Due - Noon).TotalMinutes} {one.State}{(one.MissedAt is { } at ? $" at {(at - Noon).TotalMinutes}" : "")}"
            : "none";
        Tell(new MissDeadlines(Noon.AddMinutes(now)));
        Tell(new CancelRun("enough", Noon.AddMinutes(now)));

        Assert.Equal(expected, shown);
        var missed = expected.Contains("missed", StringComparison.Ordinal) ? 1 : 0;
        Assert.Equal((missed, missed), (events.Count(happened => happened is DeadlineMissed), events.Count(IsToldOf(run, "d"))));
    }

    public static TheoryData<string, DagRunCommand, bool> LateEnds => new()
    {
        { "failed", new ReportTask(0, 1, new() { Kind = OutcomeKind.Failed }, Noon.AddHours(2)), true },
        { "timed out", new TimeOutRun(Noon.AddHours(2)), true },
        { "cancelled", new CancelRun("no", Noon.AddHours(2)), true },
        { "marked failed", new MarkRun(TaskState.Failed, Ann, Noon.AddHours(2)), true },
        { "cancelled at the moment", new CancelRun("no", Noon.AddHours(1)), false },
        { "marked a moment before", new MarkRun(TaskState.Success, Ann, Noon.AddHours(1).AddTicks(-10)), false },
    };

    [Theory]
    [MemberData(nameof(LateEnds))]
    public void However_a_run_ends_a_deadline_before_that_is_missed_though_no_clock_had_looked(string how, DagRunCommand end, bool missed)
    {
        var run = RunWith(new DeadlineSpec { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromHours(1) });
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));

        var events = DagRunDecider.Decide(run, end);

        Assert.True(run.Phase is RunState.Success or RunState.Failed, how);
        Assert.Equal(missed ? 1 : 0, events.Count(IsToldOf(run, "d")));
        Assert.Equal(missed ? "missed" : "met", run.Deadlines[0].State);
        Assert.Empty(DagRunDecider.Decide(run, new MissDeadlines(Noon.AddDays(1))));
    }

    [Fact]
    public void A_run_that_waits_for_its_turn_misses_deadlines_and_each_tells_its_own_callbacks()
    {
        var run = RunWith(
            new DeadlineSpec { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromMinutes(1) },
            new DeadlineSpec { Name = "e", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromMinutes(2) },
            new DeadlineSpec { Name = "silent", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromMinutes(2) });
        Assert.Equal(Noon.AddMinutes(1), run.NextDeadline);

        var first = DagRunDecider.Decide(run, new MissDeadlines(Noon.AddMinutes(1)));
        Assert.Equal((1, 0), (first.Count(IsToldOf(run, "d")), first.Count(IsToldOf(run, "e"))));
        Assert.Equal("it should have been over by 2021-02-06 12:01:00 UTC", first.OfType<CallbackDue>().Single().Why);
        Assert.Equal(Noon.AddMinutes(2), run.NextDeadline);

        var second = DagRunDecider.Decide(run, new MissDeadlines(Noon.AddMinutes(3)));
        Assert.Equal((0, 1), (second.Count(IsToldOf(run, "d")), second.Count(IsToldOf(run, "e"))));
        Assert.Equal(["e", "silent"], second.OfType<DeadlineMissed>().Select(missed => missed.Name));
        Assert.Null(run.NextDeadline);
        Assert.Equal(RunState.Queued, run.Phase);
    }

    /// <summary>Deadline as reference and minutes, when the run ended, when it was cleared, and the deadline after that; all in minutes after noon.</summary>
    public static TheoryData<string, int, int, int, string> Cleared => new()
    {
        { "queued", 10, 5, 100, "110 pending" }, // counts anew
        { "queued", 10, 20, 100, "10 missed" }, // told before: never again
        { "average", 10, 5, 100, "130 pending" },
        { "fixed", 10, 5, 100, "70 met" }, // it was over then
        { "fixed", 10, 5, 30, "70 pending" }, // still to come
        { "fixed", 10, 90, 100, "70 missed" },
        { "fixed", 10, 5, 70, "70 met" },
    };

    [Theory]
    [MemberData(nameof(Cleared))]
    public void A_run_that_is_cleared_keeps_what_was_missed_and_counts_the_rest_anew(string reference, int after, int ended, int cleared, string expected)
    {
        var spec = new DeadlineSpec
        {
            Name = "d",
            Reference = reference switch { "queued" => DeadlineReference.QueuedAt, "fixed" => DeadlineReference.At(Noon.AddHours(1)), _ => DeadlineReference.AverageRuntime(3) },
            After = TimeSpan.FromMinutes(after),
        };
        var run = RunWith(spec);
        DagRunDecider.Decide(run, new StartRun(Noon));
        DagRunDecider.Decide(run, new DispatchTasks("w", [0], Noon));
        DagRunDecider.Decide(run, new ReportTask(0, 1, new() { Kind = OutcomeKind.Success }, Noon.AddMinutes(ended)));
        var before = run.Deadlines;

        var events = DagRunDecider.Decide(run, new ClearTasks(new(), Ann, Noon.AddMinutes(cleared)));
        var begun = Restored(run);
        events = [.. events, .. DagRunDecider.Decide(begun, new StartRun(Noon.AddMinutes(cleared)))];

        Assert.Equal(expected, $"{(begun.Deadlines[0].Due - Noon).TotalMinutes} {begun.Deadlines[0].State}");
        Assert.Equal(0, events.Count(IsToldOf(run, "d")));

        // The same for a life that begins from nothing, as a backfill's and a reset's do.
        var fresh = Deadlines.Of([spec], run.Facts with { CreatedAt = Noon.AddMinutes(cleared) }, Latest);
        var again = Assert.Single(Deadlines.Again(fresh, before, Noon.AddMinutes(cleared))!);
        Assert.Equal(expected, $"{(again.Due - Noon).TotalMinutes} {again.State}");
    }

    [Fact]
    public void Whatever_comes_when_a_run_is_told_of_each_deadline_at_most_once_and_exactly_when_it_was_not_over_by_then()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var specs = Enumerable.Range(0, random.Next(1, 5)).Select(i => new DeadlineSpec
            {
                Name = $"d{i}",
                Reference = random.Next(2) == 0 ? DeadlineReference.QueuedAt : DeadlineReference.At(Noon.AddMinutes(random.Next(60))),
                After = TimeSpan.FromMinutes(random.Next(-20, 60)),
            }).ToArray();
            var run = RunWith(specs);
            var (now, told, expected) = (Noon, new Dictionary<string, int>(), new HashSet<string>());
            for (var step = 0; step < 30; step++)
            {
                now = now.AddMinutes(random.Next(0, 8));
                var open = run.Phase is RunState.Queued or RunState.Running;
                DagRunCommand command = random.Next(9) switch
                {
                    0 => new StartRun(now),
                    1 => new DispatchTasks("w", [0], now),
                    2 => new ReportTask(0, run.TokenOf(0), new() { Kind = (OutcomeKind)random.Next(3) }, now),
                    3 => new CancelRun("no", now),
                    4 => new ClearTasks(new(), Ann, now),
                    5 => new MarkRun(TaskState.Success, Ann, now),
                    _ => new MissDeadlines(now),
                };
                var before = run.Deadlines;
                var events = DagRunDecider.Decide(run, command);
                foreach (var missed in events.OfType<DeadlineMissed>())
                {
                    told[missed.Name] = told.GetValueOrDefault(missed.Name) + 1;
                }

                // The oracle: looked at now, and not over a moment ago.
                var ends = open && run.Phase is RunState.Success or RunState.Failed;
                if (open && (ends || command is MissDeadlines || events.Any(happened => happened is RunStarted)))
                {
                    var latest = ends && !events.Any(happened => happened is RunStarted) ? now.AddTicks(-1) : now;
                    expected.UnionWith(before.Where(deadline => deadline.MissedAt is null && deadline.MetAt is null && deadline.Due <= latest).Select(deadline => deadline.Name));
                }

                if (random.Next(4) == 0)
                {
                    run = Restored(run); // a takeover from a snapshot
                }
            }

            Assert.True(told.Values.All(times => times == 1), $"seed {seed}");
            Assert.True(expected.SetEquals(told.Keys), $"seed {seed}: {string.Join(' ', expected)} / {string.Join(' ', told.Keys)}");
        }
    }

    [Fact]
    public void Deadlines_survive_journal_snapshot_and_row()
    {
        var run = RunWith(
            new DeadlineSpec { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.FromTicks(12_345_678_919) },
            new DeadlineSpec { Name = "e", Reference = DeadlineReference.LogicalDate },
            new DeadlineSpec { Name = "f", Reference = DeadlineReference.QueuedAt });
        var created = Created with { Facts = run.Facts, Deadlines = run.Deadlines };
        var events = DagRunDecider.Decide(run, new StartRun(Noon)).ToList();
        events.AddRange(DagRunDecider.Decide(run, new CancelRun("no", Noon.AddMinutes(1))));
        events.AddRange(DagRunDecider.Decide(run, new ClearTasks(new(), Ann, Noon.AddMinutes(2).AddTicks(10))));

        var replayed = new DagRunState(run.Graph, (RunCreated)DagRunJson.DeserializeEvent(DagRunJson.Serialize(created)));
        events.ForEach(happened => replayed.Evolve(DagRunJson.DeserializeEvent(DagRunJson.Serialize(happened))));

        Assert.Contains(run.Deadlines, deadline => deadline.MissedAt is not null);
        Assert.Contains(run.Deadlines, deadline => deadline.IsOpen);
        Assert.Equal(run.Deadlines, replayed.Deadlines);
        Assert.Equal(run.Deadlines, Restored(run).Deadlines);
        Assert.Equal(run.Deadlines, DagRunJson.DeserializeDeadlines(DagRunJson.Serialize(run.Deadlines)));
    }

    [Fact]
    public void A_Dag_remembers_the_next_deadline_of_each_run_that_waits()
    {
        DagEvent[] events =
        [
            new RunQueued(3, Noon.AddHours(2)), new RunQueued(4, Noon.AddHours(1)), new RunQueued(5),
            new QueuedDeadlinePassed(4, Noon.AddHours(1), Noon.AddHours(3)), new RunQueued(6, Noon), new RunUnqueued(6, Noon), new RunUnqueued(5),
        ];
        var dag = events.Aggregate(new DagState(), (dag, happened) => dag.Evolve(DagJson.DeserializeEvent(DagJson.Serialize(happened))));
        dag = DagJson.DeserializeState(DagJson.Serialize(dag));

        Assert.Equal([3L, 4L], dag.Queued);
        Assert.Equal([new(Noon.AddHours(2), 3), new(Noon.AddHours(3), 4)], dag.QueuedDeadlines);
        Assert.Equal([7L], DagJson.DeserializeState("""{"Queued":[7]}"""u8).Queued); // as it was written before there were deadlines
    }

    [Fact]
    public void A_deadline_beyond_the_calendar_never_comes()
    {
        Assert.Null(Deadlines.Due(new() { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.MaxValue }, Created.Facts with { CreatedAt = Noon }, []));
        Assert.Null(Deadlines.Of([new() { Name = "d", Reference = DeadlineReference.QueuedAt, After = TimeSpan.MinValue }], Created.Facts with { CreatedAt = Noon }, []));
    }

    /// <summary>A run of one task, made at noon; callbacks for two of its deadlines.</summary>
    private static DagRunState RunWith(params DeadlineSpec[] deadlines)
    {
        var graph = new DagGraph(new()
        {
            Id = new("dag"),
            Tasks = [Task("a")],
            Deadlines = deadlines,
            DagRunTimeout = TimeSpan.FromHours(1),
            Callbacks =
            [
                new() { On = CallbackTrigger.Success, Notifier = "Code" },
                new() { On = CallbackTrigger.DeadlineMissed, Notifier = "Code", Deadline = "e" },
                new() { On = CallbackTrigger.DeadlineMissed, Notifier = "Code", Deadline = "d" },
            ],
        });
        var facts = Created.Facts with { CreatedAt = Noon, Interval = new DataInterval(Noon.AddHours(-1), Noon) };
        return new(graph, Created with { Facts = facts, Deadlines = Deadlines.Of(deadlines, facts, Latest) });
    }

    private static Func<DagRunEvent, bool> IsToldOf(DagRunState run, string deadline) => happened =>
        happened is CallbackDue { Task: -1 } due && run.Graph.Spec.Callbacks![due.Callback] is { On: CallbackTrigger.DeadlineMissed } spec && spec.Deadline == deadline;

    private static DagRunState Restored(DagRunState run) => new(run.Graph, DagRunJson.DeserializeSnapshot(DagRunJson.Serialize(run.Snapshot())));
}
