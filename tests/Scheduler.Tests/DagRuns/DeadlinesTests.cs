using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests;

/// <summary>Most runs here have no worker: they begin and stay.</summary>
public sealed class DeadlinesTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2); // from a moment to what follows being on disk

    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void A_run_that_is_not_over_is_told_of_once_with_the_moment_and_shows_it()
    {
        var dag = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10), ("later", DeadlineReference.QueuedAt, 30), ("silent", DeadlineReference.QueuedAt, 10));
        dag = dag with { Callbacks = [.. dag.Callbacks!.Where(callback => callback.Deadline != "silent")] };
        _cluster.Define(dag);
        var run = _cluster.Trigger(dag, "r").Facts!;

        _cluster.RunFor(TimeSpan.FromMinutes(10) - Soon);
        Assert.Equal("soon pending, later pending, silent pending", Shown(run));
        _cluster.RunFor(Soon * 2);
        Assert.Equal("soon missed, later pending, silent missed", Shown(run));
        var row = Assert.Single(_cluster.Callbacks(run.Key));
        Assert.Equal(("on_deadline_missed", "soon", "waiting"), (row.Event, row.Deadline, row.State));

        var worker = _cluster.AddWorker(slots: 0);
        worker.BeatFor(Soon);
        Assert.Empty(worker.Held); // who offers no slots gets no callbacks
        worker = _cluster.AddWorker();
        worker.BeatFor(Soon);
        var note = worker.Told.OfType<RunTasks>().SelectMany(given => given.Tasks).Select(task => task.Callback).Single(given => given is not null)!;
        Assert.Equal(
            (CallbackTrigger.DeadlineMissed, "soon", run.CreatedAt.AddMinutes(10), "running"), (note.On, note.Deadline, note.Due!.Value, note.State));

        worker.WorkFor(Soon);
        Assert.Equal(RunState.Success, _cluster.RunOf(run.Key).State);
        Assert.Equal("soon missed, later met, silent missed", Shown(run));
        _cluster.RunFor(TimeSpan.FromHours(1));
        Assert.Single(_cluster.Callbacks(run.Key));

        var summary = ApiJson.Deserialize<RunDetails>(_cluster.Call(Operations.ShowRun, new RunName("manual", "r")).Body!).Run;
        Assert.Equal(["soon missed True", "later met False", "silent missed True"], summary.Deadlines!.Select(deadline => $"{deadline.Name} {deadline.State} {deadline.MissedAt is not null}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_that_waits_for_its_turn_is_told_of_and_not_again_when_it_begins(bool takeOver)
    {
        var dag = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10), ("later", DeadlineReference.QueuedAt, 30)) with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        var (first, second) = (_cluster.Trigger(dag, "first").Facts!, _cluster.Trigger(dag, "second").Facts!);
        Assert.Equal("active, 1 running, 1 queued", _cluster.StateOf("dag-manual"));

        _cluster.RunFor(TimeSpan.FromMinutes(10) + Soon);
        Assert.Equal(RunState.Queued, _cluster.RunOf(second.Key).State);
        Assert.Equal("soon missed, later pending", Shown(second));
        if (takeOver)
        {
            _cluster.TakeOver();
        }

        Assert.True(_cluster.Cancel(first.Key));
        _cluster.RunFor(Soon);
        Assert.Equal(RunState.Running, _cluster.RunOf(second.Key).State);
        if (takeOver)
        {
            _cluster.TakeOver();
        }

        _cluster.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal("soon missed, later missed", Shown(second));
        Assert.Equal(["later", "soon"], _cluster.Callbacks(second.Key).Select(row => row.Deadline).Order());
        Assert.Equal("soon missed, later met", Shown(first));
    }

    [Theory]
    [InlineData("begins")]
    [InlineData("waits")]
    [InlineData("paused")]
    public void What_was_past_when_the_run_was_made_is_told_at_once(string how)
    {
        var dag = WithDeadlines(("past", DeadlineReference.At(Start.AddDays(-1)), 0), ("before", DeadlineReference.LogicalDate, -60)) with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        if (how == "waits")
        {
            _cluster.Trigger(dag, "first");
        }
        else if (how == "paused")
        {
            _cluster.Pause(dag, paused: true);
        }

        var run = _cluster.Trigger(dag, "r").Facts!;
        _cluster.RunFor(Soon);

        Assert.Equal("past missed, before missed", Shown(run));
        Assert.Equal(2, _cluster.Callbacks(run.Key).Count);
        Assert.Equal(how == "begins" ? RunState.Running : RunState.Queued, _cluster.RunOf(run.Key).State);
    }

    /// <summary>Nobody leads when the moment comes; and the leader dies in the very commit that says so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_late_leader_tells_of_it_once_and_a_leader_that_dies_in_the_telling_is_not_repeated(bool inTheTelling)
    {
        var dag = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10)) with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        long[] runs = [_cluster.Trigger(dag, "running").Facts!.Key, _cluster.Trigger(dag, "queued").Facts!.Key];
        if (inTheTelling)
        {
            foreach (var run in runs)
            {
                // The group is on disk, and nobody hears of it.
                _cluster.Store.Written = batch =>
                {
                    if (batch.Changes.OfType<CallbackRow>().Any(row => row.Run == run))
                    {
                        _cluster.Store.Written = null;
                        _cluster.Crash(_cluster.Scheduler);
                    }
                };
                _cluster.RunFor(TimeSpan.FromMinutes(11));
                _cluster.TakeOver();
            }
        }
        else
        {
            _cluster.Crash(_cluster.Scheduler);
            _cluster.RunFor(TimeSpan.FromHours(1));
            _cluster.TakeOver();
        }

        _cluster.RunFor(Soon);
        for (var i = 0; i < 3; i++)
        {
            Assert.All(runs, run => Assert.Equal(("soon missed", 1), (Shown(run), _cluster.Callbacks(run).Count)));
            _cluster.TakeOver();
            _cluster.RunFor(TimeSpan.FromMinutes(5));
        }
    }

    [Fact]
    public void Hundreds_that_wait_for_one_moment_are_each_told_of_and_the_Dag_answers_meanwhile()
    {
        const int Waiting = 300;
        var dag = WithDeadlines(("noon", DeadlineReference.At(Start.AddHours(12)), 0)) with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        for (var i = 0; i <= Waiting; i++)
        {
            _cluster.Trigger(dag, $"r{i}");
        }

        _cluster.RunFor(Start.AddHours(11) - _cluster.Simulation.Now);
        _cluster.TakeOver();
        _cluster.RunFor(Start.AddHours(12) - _cluster.Simulation.Now - Soon);
        Assert.Equal(["noon pending"], _cluster.Runs().Select(run => Shown(run.Facts.Key)).Distinct());
        _cluster.RunFor(Soon + Soon);
        Assert.True(_cluster.Pause(dag, paused: true));
        _cluster.RunFor(Soon * 10);

        Assert.All(_cluster.Runs(), run => Assert.Equal(("noon missed", 1), (Shown(run.Facts.Key), _cluster.Callbacks(run.Facts.Key).Count)));
        Assert.Equal($"paused, 1 running, {Waiting} queued", _cluster.StateOf("dag-manual"));
    }

    [Fact]
    public void A_run_that_is_cancelled_while_it_waits_is_told_of_as_failed_and_no_deadline_of_it_comes_after()
    {
        var dag = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10)) with { MaxActiveRuns = 1 };
        dag = dag with { Callbacks = [.. dag.Callbacks!, new() { On = CallbackTrigger.Failure, Notifier = "Code" }] };
        _cluster.Define(dag);
        _cluster.Trigger(dag, "first");
        var run = _cluster.Trigger(dag, "second").Facts!;

        Assert.True(_cluster.Cancel(run.Key));
        Assert.False(_cluster.Cancel(run.Key));
        _cluster.RunFor(TimeSpan.FromHours(1));

        Assert.Equal([("on_failure", "cancelled")], _cluster.Callbacks(run.Key).Select(row => (row.Event, row.Why)));
        Assert.Equal((RunState.Failed, "cancelled", "soon met"), (_cluster.RunOf(run.Key).State, _cluster.RunOf(run.Key).Reason, Shown(run)));
        Assert.Equal(["skipped"], _cluster.Attempts(run.Key).Select(attempt => attempt.State.Name()));
    }

    [Fact]
    public void A_run_that_is_cleared_is_told_of_again_only_for_what_it_had_not_missed()
    {
        var dag = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10), ("later", DeadlineReference.QueuedAt, 30), ("passed", DeadlineReference.At(Start), 20)) with { MaxActiveRuns = 1 };
        _cluster.Define(dag);
        var run = _cluster.Trigger(dag, "r").Facts!;
        _cluster.RunFor(TimeSpan.FromMinutes(15));
        Assert.True(_cluster.Cancel(run.Key));
        _cluster.RunFor(TimeSpan.FromHours(1));
        Assert.Equal("soon missed, later met, passed met", Shown(run));

        var other = _cluster.Trigger(dag, "other").Facts!; // so that the cleared one has to wait
        Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "manual", RunId = "r" }).Code);
        _cluster.RunFor(TimeSpan.FromMinutes(29));
        Assert.Equal("soon missed, later pending, passed met", Shown(run));
        _cluster.TakeOver();
        _cluster.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal("soon missed, later missed, passed met", Shown(run));
        Assert.True(_cluster.Cancel(other.Key));
        _cluster.RunFor(TimeSpan.FromHours(2));

        Assert.Equal(RunState.Running, _cluster.RunOf(run.Key).State);
        Assert.Equal(["later", "soon"], _cluster.Callbacks(run.Key).Select(row => row.Deadline).Order());
    }

    [Fact]
    public void The_average_is_of_the_latest_successful_runs_when_the_run_is_made()
    {
        var dag = WithDeadlines(("usual", DeadlineReference.AverageRuntime(runs: 2, atLeast: 2), 1));
        _cluster.Define(dag);
        var worker = _cluster.AddWorker();
        foreach (var (minutes, kind) in ((int, OutcomeKind)[])[(50, OutcomeKind.Success), (2, OutcomeKind.Success), (30, OutcomeKind.Failed), (4, OutcomeKind.Success)])
        {
            var past = _cluster.Trigger(dag, $"of_{minutes}").Facts!;
            worker.BeatFor(TimeSpan.FromMinutes(minutes));
            worker.End(worker.Held[0], kind);
            Assert.Equal(minutes switch { 4 => "usual met", 30 => "usual missed", _ => "" }, Shown(past)); // 27 minutes; too few before
            worker.WorkFor(Soon); // what is told of the missed one
        }

        var run = _cluster.Trigger(dag, "r").Facts!;
        var due = Assert.Single(_cluster.RunOf(run.Key).Deadlines!).Due;
        Assert.InRange(due - run.CreatedAt, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(4) + Soon); // 2 and 4 on average, and one more
        worker.BeatFor(TimeSpan.FromMinutes(5));
        Assert.Equal("usual missed", Shown(run));
    }

    [Fact]
    public void A_backfill_that_runs_an_interval_again_does_not_tell_again_of_what_was_missed()
    {
        var dag = Daily("manual") with
        {
            Schedule = Schedule.Daily, StartDate = Start.AddDays(30),
            Deadlines = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10), ("date", DeadlineReference.LogicalDate, 0)).Deadlines,
            Callbacks = WithDeadlines(("soon", DeadlineReference.QueuedAt, 10), ("date", DeadlineReference.LogicalDate, 0)).Callbacks,
        };
        _cluster.Define(dag);
        _cluster.Backfill("one", dag, Start.AddDays(-1), Start);
        Assert.True(_cluster.RunUntil(() => _cluster.Runs().Count == 1));
        var run = _cluster.Runs()[0].Facts.Key;
        _cluster.RunFor(TimeSpan.FromMinutes(5));
        Assert.Equal("soon pending, date missed", Shown(run));
        Assert.True(_cluster.Cancel(run));
        _cluster.RunFor(Soon);

        _cluster.Backfill("two", dag, Start.AddDays(-1), Start, reprocess: Core.Backfills.Reprocess.Failed);
        _cluster.RunFor(TimeSpan.FromMinutes(11));

        Assert.Equal((RunState.Running, "soon missed, date missed"), (_cluster.RunOf(run).State, Shown(run)));
        Assert.Equal(["date", "soon"], _cluster.Callbacks(run).Select(row => row.Deadline).Order());
    }

    private string Shown(RunFacts run) => Shown(run.Key);

    private string Shown(long run) => string.Join(", ", (_cluster.RunOf(run).Deadlines ?? []).Select(deadline => $"{deadline.Name} {deadline.State}"));

    /// <summary>A Dag by hand with deadlines so many minutes after their references, each with a callback.</summary>
    private static DagSpec WithDeadlines(params (string Name, DeadlineReference Reference, int Minutes)[] deadlines) => Manual() with
    {
        Deadlines = [.. deadlines.Select(deadline => new DeadlineSpec { Name = deadline.Name, Reference = deadline.Reference, After = TimeSpan.FromMinutes(deadline.Minutes) })],
        Callbacks = [.. deadlines.Select(deadline => new CallbackSpec { On = CallbackTrigger.DeadlineMissed, Notifier = "Code", Deadline = deadline.Name })],
    };
}
