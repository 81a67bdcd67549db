using Sluice.Cluster.Api;
using Sluice.Cluster.Transport;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dags;

/// <summary>Dags that get other names, with all that they have.</summary>
public sealed class DagRenameTests
{
    private static readonly DagSpec Old = Daily("old") with { Catchup = CatchupMode.All, StartDate = Start.AddDays(-3) };
    private static readonly DagSpec New = Old with { Id = new("new") };
    private static readonly RenameDagRequest Asked = new("old", "new", "a better name");

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;

    public DagRenameTests()
    {
        _cluster.Define(Old, "load.cs");
        _worker = _cluster.AddWorker(slots: 4);
        _worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _cluster.Runs().Count(run => run.State == RunState.Success));
    }

    [Theory]
    [InlineData("")]
    [InlineData("before it is defined")]
    [InlineData("after it is defined")]
    public void History_and_the_place_in_the_schedule_go_with_the_name(string takeover)
    {
        _cluster.Backfill("bf", Old, Start.AddDays(-5), Start.AddDays(-3));
        _worker.WorkFor(TimeSpan.FromSeconds(10));
        _cluster.Pause(Old, true);
        Forget();
        var before = _cluster.Runs();
        Assert.Equal(5, before.Count);

        Assert.Equal(new(Asked.DagId, Asked.NewDagId, true, 5, 1, 1, false), Rename(Asked with { DryRun = true }));
        Assert.All(_cluster.Runs(), run => Assert.Equal("old", run.Facts.Dag.Value));
        Assert.Equal(new(Asked.DagId, Asked.NewDagId, false, 5, 1, 1, false), Rename(Asked));
        if (takeover == "before it is defined")
        {
            _cluster.TakeOver();
            _worker.Join();
        }

        Assert.Equal(before.Select(run => run with { Facts = run.Facts with { Dag = New.Id } }), _cluster.Runs());
        Assert.Equal(("new", "gone"), (_cluster.BackfillOf("bf").Dag.Value, _cluster.DagOf(New).Active ? "active" : "gone"));
        Assert.Contains(_cluster.Audit(), row => row is { Who: "ann", Action: "dags.rename", Subject: "old", Details: "to new: a better name" });
        Assert.Contains("its name is 'new' since 2021-02-05", _cluster.Call(Operations.ShowDag, new DagName("old")).Error, StringComparison.Ordinal);

        // Nothing new runs of it while it is paused; let go on, it begins where it left off.
        _cluster.Define(New, "load.cs");
        if (takeover == "after it is defined")
        {
            _cluster.TakeOver();
            _worker.Join();
        }

        Assert.True(_cluster.DagOf(New) is { Paused: true, Active: true });
        Assert.Equal(5, _cluster.Runs().Count);
        _cluster.Pause(New, false);
        _worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(5, _cluster.Runs().Count);
        _cluster.RunFor(TimeSpan.FromHours(25));
        _worker.JoinWhoeverLeads();
        _worker.WorkFor(TimeSpan.FromSeconds(30));

        var dates = _cluster.Runs().Select(run => (run.Facts.Dag.Value, run.Facts.LogicalDate)).ToList();
        Assert.Equal(Enumerable.Range(-5, 6).Select(day => ("new", Start.AddDays(day))), dates);
        Assert.Equal(before[^1].Facts.Interval, _cluster.Runs()[5].Facts.PreviousSuccess);
    }

    [Fact]
    public void An_old_run_is_cleared_under_the_new_name_by_the_version_that_it_had()
    {
        Forget();
        Rename(Asked);
        _cluster.Define(New, "load.cs");
        var run = _cluster.Runs()[0];

        var cleared = _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "new", RunId = run.Facts.Id.Value });

        Assert.True(cleared.Code == 200, cleared.Error);
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 1));
        var sent = _worker.Told.OfType<Cluster.Wire.RunTasks>().Last();
        Assert.Equal(("new", DagVersion.Of(Old)), (sent.Run.Dag.Value, sent.Run.Version));
        _worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(RunState.Success, _cluster.RunOf(run.Facts.Key).State);
    }

    [Fact]
    public void A_name_that_is_free_again_begins_a_new_life_and_may_be_renamed_back()
    {
        Forget();
        Rename(Asked);
        _cluster.Define(Manual("old"), "another.cs");
        Assert.NotNull(_cluster.Trigger(Manual("old"), "mine").Facts);
        _worker.WorkFor(TimeSpan.FromSeconds(3));
        Assert.Equal(["mine"], _cluster.Runs().Where(run => run.Facts.Dag.Value == "old").Select(run => run.Facts.Id.Value));
        Assert.Equal(200, _cluster.Call(Operations.ShowDag, new DagName("old")).Code);

        _cluster.TakeOver();
        _worker.Join();
        Assert.Equal(3, _cluster.Runs().Count(run => run.Facts.Dag.Value == "new"));
        Rename(new("new", "newer"));
        Forget("another.cs");
        Rename(new("old", "new"));
        Assert.Equal(("newer", 3), ("newer", _cluster.Runs().Count(run => run.Facts.Dag.Value == "newer")));
        Assert.Contains("its name is 'new'", _cluster.Call(Operations.ShowDag, new DagName("old")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dag_that_is_defined_and_has_no_runs_takes_over_the_history()
    {
        Forget();
        _cluster.Define(Manual("new"), "load.cs");

        Assert.True(Rename(Asked).IsDefined);

        Assert.True(_cluster.DagOf(New) is { Active: true, File: "load.cs", Schedule: "none" });
        Assert.Equal(3, _cluster.Runs().Count(run => run.Facts.Dag.Value == "new"));
        _cluster.TakeOver();
        _worker.Join();
        Assert.Equal(DagVersion.Of(Manual("new")), _cluster.DagOf(New).Version);
        Assert.NotNull(_cluster.Trigger(Manual("new"), "mine").Facts);
    }

    [Fact]
    public void What_would_not_be_safe_is_refused_with_a_reason_and_changes_nothing()
    {
        _cluster.Define(Manual("busy"));
        _worker.Works = false;
        _cluster.Trigger(Manual("busy"), "mine");
        _cluster.Define(Manual("idle"));
        (RenameDagRequest Asked, int Status, string Says)[] rows =
        [
            (Asked, 409, "Dag 'old' is still defined by load.cs"),
            (new("none", "new"), 404, "There is no Dag 'none'"),
            (new("old", "a/b"), 400, "The new id holds '/'"),
            (new("old", ""), 400, "The new id is empty"),
        ];
        Refused(rows);

        Forget();
        Forget("busy.cs");
        Refused(
        [
            (new("old", "old"), 409, "has that name already"),
            (new("old", "busy"), 409, "Dag 'busy' has 1 runs in flight, such as 'mine'"),
            (new("busy", "new"), 409, "Dag 'busy' has 1 runs in flight"),
        ]);
        _worker.WorkFor(TimeSpan.FromSeconds(3));
        Refused([(new("old", "busy"), 409, "Dag 'busy' has runs of its own already")]);

        // Whoever was asked and held still goes on.
        _cluster.Define(Old, "load.cs");
        Assert.NotNull(_cluster.Trigger(Old, "by_hand").Facts);
        _worker.WorkFor(TimeSpan.FromSeconds(3));
        _cluster.Backfill("bf", Old, Start.AddDays(-5), Start.AddDays(-3));
        _worker.Works = false;
        Forget();
        Refused([(Asked, 409, "bf")]);
        Assert.DoesNotContain(_cluster.Audit(), row => row.Action == "dags.rename");

        void Refused((RenameDagRequest Asked, int Status, string Says)[] refused)
        {
            foreach (var (asked, status, says) in refused)
            {
                var answer = _cluster.Call(Operations.RenameDag, asked);
                Assert.Equal(status, answer.Code);
                Assert.Contains(says, answer.Error, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void What_is_asked_while_the_name_changes_waits_for_it()
    {
        Forget();
        Rename(Asked);
        _cluster.Define(New, "load.cs");
        var (from, to) = (new DagId("new"), new DagId("newest"));
        Forget();

        // All before the commit.
        var elector = _cluster.Scheduler.Scheduler.Elector;
        elector.Tell(new ToScheduler(new RenameDag(from, to, "ann", null, false)));
        var found = elector.AskAsync<object>(new ToScheduler(new ToDag(to, new FindRun(1))), TimeSpan.FromMinutes(1));
        elector.Tell(new ToScheduler(new FileProcessed(new() { File = "load.cs", ContentHash = "", Dags = [new(DagSpecJson.Serialize(Old with { Id = to }), DagVersion.Of(Old with { Id = to }))] })));

        Assert.IsType<FoundRun>(_cluster.Simulation.Await(found, TimeSpan.FromMinutes(1)));
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(_cluster.DagOf(Old with { Id = to }) is { Active: true, File: "load.cs" });
        Assert.Equal(3, _cluster.Runs().Count(run => run.Facts.Dag == to));
    }

    /// <summary>Whichever step the leader does not live to see.</summary>
    [Fact]
    public void A_crash_at_any_moment_leaves_the_old_name_or_the_new_one_with_everything()
    {
        var (before, after) = (0, 0);
        for (var steps = 0; before == 0 || after < 3; steps++)
        {
            Assert.True(steps < 200, $"{before} crashes left the old name, {after} the new one");
            var test = new DagRenameTests();
            var cluster = test._cluster;
            test.Forget();
            var from = cluster.Simulation.Steps;
            cluster.Scheduler.Scheduler.Elector.Tell(new ToScheduler(new RenameDag(Old.Id, New.Id, "ann", null, false)));
            cluster.RunUntil(() => cluster.Simulation.Steps >= from + steps);
            cluster.TakeOver();
            test._worker.Join();

            var renamed = cluster.Runs()[0].Facts.Dag == New.Id;
            Assert.All(cluster.Runs(), run => Assert.Equal(renamed ? New.Id : Old.Id, run.Facts.Dag));
            Assert.Equal(renamed, cluster.Audit().Any(row => row.Action == "dags.rename"));
            (before, after) = (before + (renamed ? 0 : 1), after + (renamed ? 1 : 0));
            if (!renamed)
            {
                test.Rename(Asked);
            }

            cluster.Define(New, "load.cs");
            test._worker.WorkFor(TimeSpan.FromSeconds(2));
            Assert.Equal((3, 1), (cluster.Runs().Count(run => run.Facts.Dag == New.Id), cluster.Audit().Count(row => row.Action == "dags.rename")));
            Assert.Equal(404, cluster.Call(Operations.ShowDag, new DagName("old")).Code);
        }
    }

    /// <summary>The file gives the Dag another id, and says which one it had.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_says_what_its_dag_was_takes_the_history_along(bool takeover)
    {
        _cluster.Pause(Old, true);
        var declared = New with { RenamedFrom = Old.Id, Tasks = [Task("only"), Task("more", 0)] };
        if (takeover)
        {
            _cluster.TakeOver();
            _worker.Join();
        }

        _cluster.Define(declared, "load.cs");
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        Assert.All(_cluster.Runs(), run => Assert.Equal(New.Id, run.Facts.Dag));
        Assert.True(_cluster.DagOf(New) is { Active: true, Paused: true, File: "load.cs" } row && row.Version == DagVersion.Of(declared));
        Assert.Equal(404, _cluster.Call(Operations.ShowDag, new DagName("old")).Code);
        Assert.Empty(_cluster.ImportErrors());
        Assert.Contains(_cluster.Audit(), line => line is { Who: "sluice", Action: "dags.rename", Details: "to new: renamed_from in load.cs" });

        // It may stay there, and go again, and makes no version.
        _cluster.Define(declared, "load.cs");
        _cluster.Define(declared with { RenamedFrom = null }, "load.cs");
        Assert.Equal(DagVersion.Of(declared), _cluster.DagOf(New).Version);
        _cluster.TakeOver();
        _worker.Join();
        _cluster.Define(declared, "load.cs");
        _cluster.Pause(New, false);
        _worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(3, _cluster.Runs().Count);
        Assert.Empty(_cluster.ImportErrors());
    }

    [Fact]
    public void The_new_name_waits_for_the_runs_of_the_old_one_and_nothing_new_begins_meanwhile()
    {
        var often = Manual("often") with { Schedule = Schedule.Every(TimeSpan.FromMinutes(1)), StartDate = Start, Catchup = CatchupMode.All };
        _worker.Works = false;
        _cluster.Define(often);
        Assert.NotNull(_cluster.Trigger(often, "by_hand").Facts);
        var declared = often with { Id = new("seldom"), RenamedFrom = often.Id };

        _cluster.Define(declared, "often.cs");

        var error = Assert.Single(_cluster.ImportErrors());
        Assert.Contains("often.cs: Dag 'seldom' cannot take over the history of 'often' (renamed_from): Dag 'often' has ", error.Message, StringComparison.Ordinal);
        Assert.True(_cluster.DagOf(often).Active);
        var begun = Of(often).Count;

        // Minutes go by, whose runs are made under the new name.
        _worker.BeatFor(TimeSpan.FromMinutes(3));
        Assert.Equal(begun, Of(often).Count);
        _worker.WorkFor(TimeSpan.FromSeconds(30));

        Assert.Empty(Of(often));
        var dates = Of(declared).Where(run => run.Facts.Type == RunType.Scheduled).Select(run => run.Facts.LogicalDate).ToList();
        Assert.InRange(dates.Count, 3, 4);
        Assert.Equal(Enumerable.Range(0, dates.Count).Select(minute => Start.AddMinutes(minute)), dates);
        Assert.Empty(_cluster.ImportErrors());

        List<Storage.ReadModel.DagRunRow> Of(DagSpec dag) => [.. _cluster.Runs().Where(run => run.Facts.Dag == dag.Id)];
    }

    [Fact]
    public void A_former_name_that_others_have_is_an_import_error()
    {
        _cluster.Define(New with { RenamedFrom = Old.Id }, "another.cs");
        Assert.Contains("load.cs still defines that one", Assert.Single(_cluster.ImportErrors()).Message, StringComparison.Ordinal);

        // As soon as it is free, the history goes over.
        Forget();
        _cluster.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_cluster.ImportErrors());
        Assert.Equal(3, _cluster.Runs().Count(run => run.Facts.Dag == New.Id));

        // One with runs of its own keeps them.
        _cluster.Define(Manual("third"));
        _cluster.Trigger(Manual("third"), "mine");
        _worker.WorkFor(TimeSpan.FromSeconds(3));
        Forget("another.cs");
        _cluster.Define(Manual("third") with { RenamedFrom = New.Id });
        Assert.Contains("two histories cannot be joined", Assert.Single(_cluster.ImportErrors()).Message, StringComparison.Ordinal);
        Assert.True(_cluster.DagOf(Manual("third")).Active);
    }

    private RenamedDag Rename(RenameDagRequest asked)
    {
        var answer = _cluster.Call(Operations.RenameDag, asked);
        Assert.True(answer.Code == 200, answer.Error);
        _cluster.RunFor(TimeSpan.FromMilliseconds(50));
        return ApiJson.Deserialize<RenamedDag>(answer.Body!);
    }

    /// <summary>A file no longer defines what it did.</summary>
    private void Forget(string file = "load.cs") => _cluster.Tell(new FileGone(file));
}
