using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Dags;

/// <summary>Tasks that get other names, with all that they have, in runs that are over and in runs that go on.</summary>
public sealed class TaskRenameTests
{
    private static readonly TaskId Fetch = new("fetch");
    private static readonly TaskId Download = new("download");
    private static readonly DagSpec Old = Daily("load") with
    {
        Catchup = CatchupMode.All, StartDate = Start.AddDays(-3), Tasks = [Task("fetch") with { DependsOnPast = true }, Task("store", 0)],
    };

    // The task has another place, too, and comes after a new one.
    private static readonly DagSpec New = Old with { Tasks = [Task("check"), Task("store", 2), Task("download", 0) with { DependsOnPast = true }] };
    private static readonly DagSpec Declared = New with { Tasks = [New.Tasks[0], New.Tasks[1], New.Tasks[2] with { RenamedFrom = Fetch }] };

    /// <summary>What old runs go by from then on: the old version, but for the name.</summary>
    private static readonly DagSpec Renamed = TaskRenames.Apply(Old, new Dictionary<TaskId, TaskId> { [Fetch] = Download })!;

    private static readonly RenameTaskRequest Asked = new("load", "fetch", "download", "it is a download");

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;

    public TaskRenameTests()
    {
        _worker = _cluster.AddWorker(slots: 4);
        _worker.Pushes.Add(new("return_value", "[1]"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("before")]
    [InlineData("after")]
    public void A_file_that_says_what_its_task_was_takes_the_history_along(string takeover)
    {
        HavePast();
        var before = _cluster.Runs().ToDictionary(run => run.Facts.Key, run => _cluster.Attempts(run.Facts.Key));
        if (takeover == "before")
        {
            TakeOver();
        }

        _cluster.Define(Declared, "load.cs");
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        if (takeover == "after")
        {
            TakeOver();
        }

        Assert.Empty(_cluster.ImportErrors());
        Assert.Equal(DagVersion.Of(New), _cluster.DagOf(New).Version);
        foreach (var run in _cluster.Runs())
        {
            Assert.Equal((RunState.Success, DagVersion.Of(Renamed)), (run.State, run.Facts.Version));
            Assert.Equivalent(before[run.Facts.Key].Select(row => row.Task == Fetch ? row with { Task = Download } : row), _cluster.Attempts(run.Facts.Key));
            Assert.Equal(["download", "store"], _cluster.XComs(run.Facts.Key).Select(xcom => xcom.Task.Value).Order());
        }

        Assert.Equal([3L], Versions().Where(version => version.Runs > 0).Select(version => version.Runs));
        Assert.Contains(_cluster.Audit(), line => line is { Who: "sluice", Action: "tasks.rename", Subject: "load/fetch", Details: "to download: renamed_from in load.cs" });
        var state = ApiJson.Deserialize<TaskStateAnswer>(_cluster.Call(Operations.TaskState, Name("download")).Body!);
        Assert.Equal(("success", "fetch"), (state.State, Assert.Single(state.FormerTaskIds!)));
        Assert.Contains("its name is 'download' since 2021-02-05", _cluster.Call(Operations.TaskState, Name("fetch")).Error, StringComparison.Ordinal);
        Assert.Equal(200, _cluster.Call(Operations.WhyTask, Name("download")).Code);

        // The line may stay, and go, and makes no version.
        _cluster.Define(Declared with { Description = null }, "load.cs");
        _cluster.Define(New, "load.cs");
        _cluster.Define(Declared, "load.cs");
        Assert.Equal(DagVersion.Of(Declared), _cluster.DagOf(New).Version);
        Assert.Single(_cluster.Audit(), line => line.Action == "tasks.rename");

        // The next day's run waits for the last of the old ones, which it knows by the new name.
        _cluster.RunFor(TimeSpan.FromHours(25));
        _worker.JoinWhoeverLeads();
        _worker.WorkFor(TimeSpan.FromSeconds(30));
        Assert.Equal((4, RunState.Success), (_cluster.Runs().Count, _cluster.Runs()[3].State));
        Assert.Equal(["check", "download", "store"], _cluster.Attempts(_cluster.Runs()[3].Facts.Key).Select(row => row.Task.Value).Distinct().Order());
    }

    [Fact]
    public void An_old_run_is_cleared_by_the_new_name_and_runs_by_its_old_code()
    {
        HavePast();
        _cluster.Define(Declared, "load.cs");
        var run = _cluster.Runs()[1];
        Assert.Equal(404, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "load", RunId = run.Facts.Id.Value, Tasks = ["fetch"] }).Code);

        var cleared = _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "load", RunId = run.Facts.Id.Value, Tasks = ["download"], Downstream = true });

        Assert.True(cleared.Code == 200, cleared.Error);
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 1));
        var sent = _worker.Told.OfType<RunTasks>().Last();
        var spec = Spec(sent.Run.Version);
        Assert.Equal((Download, Fetch), (spec.Tasks[sent.Tasks[0].Id.Task].Id, TaskRenames.CodeIdOf(spec.Tasks[sent.Tasks[0].Id.Task])));
        Assert.Equal(2, sent.Tasks[0].TryNumber);

        _worker.End(_worker.Held[0]);
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 1));

        // That code asks for what the task pushed by the name that it had.
        var pulled = _cluster.Request(Methods.GetXCom, WireJson.Write(new FetchXCom(_worker.Held[0], "fetch", "return_value")));
        Assert.Equal("[1]", pulled.Body);
        var item = _cluster.Request(Methods.GetXComItems, WireJson.Write(new FetchXComItems(_worker.Held[0], "fetch", "return_value", new XComSlice(0, 1))));
        Assert.Equal(200, item.Code);
        _worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.True(_cluster.RunUntil(() => _cluster.RunOf(run.Facts.Key).State == RunState.Success));
        Assert.Equal(4, _cluster.Attempts(run.Facts.Key).Count(row => row is { State: TaskState.Success, Worker: not null }));
        var upgraded = _cluster.Call(Operations.UpgradeRun, new ChangeRequest { DagId = "load", RunId = run.Facts.Id.Value, DryRun = true });
        Assert.Equal(["check new"], ApiJson.Deserialize<ChangeAnswer>(upgraded.Body!).Runs[0].Tasks.Select(task => $"{task.TaskId}{(task.IsNew ? " new" : "")}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("at once")]
    [InlineData("after the end")]
    public void A_run_in_flight_goes_on_with_the_attempts_that_it_has(string takeover)
    {
        var old = Manual("load") with { Tasks = [Task("fetch"), Task("store", 0), Task("beside")] };
        var declared = old with { Tasks = [Task("download") with { RenamedFrom = Fetch }, Task("store", 0), Task("beside")] };
        _cluster.Define(old, "load.cs");
        var run = _cluster.Trigger(old, "r").Facts!.Key;
        var waits = _cluster.Trigger(old, "waits").Facts!.Key;
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 4));
        var fetch = _worker.Held.Single(id => id.Run == run && id.Task == 0);

        _cluster.Define(declared, "load.cs");
        _cluster.RunFor(TimeSpan.FromSeconds(1));

        Assert.Empty(_cluster.ImportErrors());
        Assert.Equal(["beside 1 running", "download 1 running"], States(run));
        if (takeover == "at once")
        {
            TakeOver();
            Assert.Empty(_worker.Told.OfType<WorkerRegistered>().Last().Unknown);
        }

        // The worker knows it by what it was told.
        _worker.End(fetch);
        if (takeover == "after the end")
        {
            TakeOver();
        }

        Assert.True(_cluster.RunUntil(() => _worker.Held.Count(id => id.Run == run) == 2));
        Assert.Equal("[1]", _cluster.XComs(run).Single(xcom => xcom.Task == Download).Value);
        var moved = _cluster.Call(Operations.UpgradeRun, new ChangeRequest { DagId = "load", RunId = "r" });
        Assert.Empty(ApiJson.Deserialize<ChangeAnswer>(moved.Body!).Runs[0].Tasks);
        Assert.Equal(DagVersion.Of(declared), _cluster.RunOf(run).Facts.Version);
        _worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(["beside 1 success", "download 1 success", "store 1 success"], States(run));
        Assert.Equal(["beside 1 success", "download 1 success", "store 1 success"], States(waits));
        Assert.Equal((RunState.Success, RunState.Success), (_cluster.RunOf(run).State, _cluster.RunOf(waits).State));
    }

    [Fact]
    public void A_mapped_task_keeps_its_instances()
    {
        var old = Manual("load") with { Tasks = [Task("fetch") with { Map = new() { Sources = [new() { Argument = "n", Values = "[1,2]" }] } }, Task("store", 0)] };
        _cluster.Define(old, "load.cs");
        var run = _cluster.Trigger(old, "r").Facts!.Key;
        Assert.True(_cluster.RunUntil(() => _worker.Held.Count == 2));
        _worker.End(_worker.Held[1]);

        _cluster.Define(old with { Tasks = [old.Tasks[0] with { Id = Download, RenamedFrom = Fetch }, old.Tasks[1]] }, "load.cs");
        _worker.WorkFor(TimeSpan.FromSeconds(10));

        Assert.Equal(["download[0] 1 success", "download[1] 1 success", "store 1 success"], States(run));
        var state = _cluster.Call(Operations.TaskState, new TaskName("load", "download[1]", "r"));
        Assert.Equal(["fetch[1]"], ApiJson.Deserialize<TaskStateAnswer>(state.Body!).FormerTaskIds);
    }

    [Fact]
    public void By_hand_it_is_done_while_no_file_defines_the_old_name()
    {
        HavePast();
        _cluster.Pause(Old, true);
        _cluster.Define(New, "load.cs");

        Assert.Equal(new(Asked.DagId, "fetch", "download", true, 3, 3, 1, 0, true), Rename(Asked with { DryRun = true }));
        Assert.Equal(["fetch 1 success", "store 1 success"], States(_cluster.Runs()[0].Facts.Key));
        Assert.Equal(new(Asked.DagId, "fetch", "download", false, 3, 3, 1, 0, true), Rename(Asked));

        Assert.Equal(["download 1 success", "store 1 success"], States(_cluster.Runs()[0].Facts.Key));
        Assert.Contains(_cluster.Audit(), line => line is { Who: "ann", Action: "tasks.rename", Subject: "load/fetch", Details: "to download: it is a download" });

        // And back: the versions are what they were.
        _cluster.Define(Old with { Tasks = [Task("store")] }, "load.cs");
        Rename(Asked with { TaskId = "download", NewTaskId = "fetch" });
        Assert.All(_cluster.Runs(), run => Assert.Equal(DagVersion.Of(Old), run.Facts.Version));
        Assert.Equal(["fetch 1 success", "store 1 success"], States(_cluster.Runs()[0].Facts.Key));
        Assert.Equal(404, _cluster.Call(Operations.TaskState, Name("download")).Code);
    }

    [Fact]
    public void A_version_that_is_deployed_again_after_the_rename_is_no_reason_to_refuse_the_new_one()
    {
        HavePast();
        _cluster.Define(Declared, "load.cs");
        _cluster.Define(Old, "load.cs");
        _cluster.Trigger(Old, "by_hand");
        _worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal(DagVersion.Of(Old), _cluster.Runs()[^1].Facts.Version);

        _cluster.Define(Declared, "load.cs");

        Assert.Empty(_cluster.ImportErrors());
        Assert.Equal(DagVersion.Of(New), _cluster.DagOf(New).Version);
        Assert.Contains(_cluster.Runs(), run => States(run.Facts.Key).Contains("fetch 1 success"));
    }

    [Fact]
    public void What_would_not_be_safe_is_refused_with_a_reason_and_changes_nothing()
    {
        HavePast();
        (RenameTaskRequest Asked, int Status, string Says)[] rows =
        [
            (Asked, 409, "Task 'fetch' of Dag 'load' is still defined by load.cs"),
            (Asked with { DagId = "none" }, 404, "There is no Dag 'none'"),
            (Asked with { TaskId = "none" }, 404, "has no task 'none' in any version that it has run by"),
            (Asked with { NewTaskId = "fetch" }, 409, "has that name already"),
            (Asked with { NewTaskId = "a/b" }, 400, "The new id holds '/'"),
            (Asked with { NewTaskId = "" }, 400, "The new id is empty"),
        ];
        Refused(rows);

        _cluster.Define(New, "load.cs");
        Refused([(Asked with { NewTaskId = "store" }, 409, "has both 'fetch' and 'store', and two histories cannot be joined")]);

        // It has begun anew under the new name.
        _cluster.Trigger(New, "anew");
        _worker.WorkFor(TimeSpan.FromSeconds(5));
        Refused([(Asked, 409, "Task 'download' of Dag 'load' has runs of its own already")]);
        _cluster.Define(Declared, "load.cs");
        Assert.Contains("load.cs: Dag 'load': a task cannot take over the history of another (renamed_from): Task 'download'", Assert.Single(_cluster.ImportErrors()).Message, StringComparison.Ordinal);
        _cluster.Define(New, "load.cs");
        Assert.Empty(_cluster.ImportErrors());
        Assert.DoesNotContain(_cluster.Audit(), row => row.Action == "tasks.rename");
        Assert.Equal(["fetch 1 success", "store 1 success"], States(_cluster.Runs()[0].Facts.Key));

        void Refused((RenameTaskRequest Asked, int Status, string Says)[] refused)
        {
            foreach (var (asked, status, says) in refused)
            {
                var answer = _cluster.Call(Operations.RenameTask, asked);
                Assert.Equal(status, answer.Code);
                Assert.Contains(says, answer.Error, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>Whichever step the leader does not live to see, with a run in flight.</summary>
    [Fact]
    public void A_crash_at_any_moment_leaves_the_old_name_or_the_new_one_everywhere()
    {
        var (before, after) = (0, 0);
        for (var steps = 0; before == 0 || after < 3; steps += 3)
        {
            Assert.True(steps < 300, $"{before} crashes left the old name, {after} the new one");
            var test = new TaskRenameTests();
            var (cluster, worker) = (test._cluster, test._worker);
            test.HavePast();
            cluster.Trigger(Old, "flying");
            Assert.True(cluster.RunUntil(() => worker.Held.Count == 1));
            cluster.Pause(Old, true);
            cluster.Define(New, "load.cs");
            var from = cluster.Simulation.Steps;
            cluster.Scheduler.Scheduler.Elector.Tell(new ToScheduler(new ToDag(
                Old.Id, new RenameTasks(new Dictionary<TaskId, TaskId> { [Fetch] = Download }, "ann", null, DryRun: false, Declared: false))));
            cluster.RunUntil(() => cluster.Simulation.Steps >= from + steps);
            test.TakeOver();

            var renamed = cluster.Runs()[0].Facts.Version == DagVersion.Of(Renamed);
            foreach (var run in cluster.Runs())
            {
                Assert.Equal(DagVersion.Of(renamed ? Renamed : Old), run.Facts.Version);
                Assert.Contains(cluster.Attempts(run.Facts.Key), row => row.Task == (renamed ? Download : Fetch));
                Assert.DoesNotContain(cluster.Attempts(run.Facts.Key), row => row.Task == (renamed ? Fetch : Download));
            }

            Assert.Equal(renamed, cluster.Audit().Any(row => row.Action == "tasks.rename"));
            (before, after) = (before + (renamed ? 0 : 1), after + (renamed ? 1 : 0));
            if (!renamed)
            {
                test.Rename(Asked);
            }

            cluster.Pause(New, false);
            worker.WorkFor(TimeSpan.FromSeconds(10));
            var flying = cluster.Runs().Single(run => run.Facts.Id.Value == "flying");
            Assert.Equal(RunState.Success, flying.State);
            Assert.Equal(["download 1 success", "store 1 success"], test.States(flying.Facts.Key));
        }
    }

    private void HavePast()
    {
        _cluster.Define(Old, "load.cs");
        _worker.WorkFor(TimeSpan.FromSeconds(20));
        Assert.Equal(3, _cluster.Runs().Count(run => run.State == RunState.Success));
    }

    private void TakeOver()
    {
        _cluster.TakeOver();
        _worker.Join();
    }

    private TaskName Name(string task) => new("load", task, _cluster.Runs()[0].Facts.Id.Value);

    private IReadOnlyList<DagVersionSummary> Versions() => ApiJson.Deserialize<IReadOnlyList<DagVersionSummary>>(_cluster.Call(Operations.ListDagVersions, new DagName("load")).Body!);

    private DagSpec Spec(string version) => DagSpecJson.Deserialize(_cluster.Store.Inner.ReadModel.FindDagVersionAsync(version, default).AsTask().Result!);

    /// <summary>Latest row of each try of each task.</summary>
    private IEnumerable<string> States(long run) => _cluster.Attempts(run).GroupBy(row => (row.Task, row.TryNumber))
        .Select(rows => $"{rows.Key.Task} {rows.Key.TryNumber} {rows.Last().State.Name()}").Order(StringComparer.Ordinal);

    private RenamedTask Rename(RenameTaskRequest asked)
    {
        var answer = _cluster.Call(Operations.RenameTask, asked);
        Assert.True(answer.Code == 200, answer.Error);
        return ApiJson.Deserialize<RenamedTask>(answer.Body!);
    }
}
