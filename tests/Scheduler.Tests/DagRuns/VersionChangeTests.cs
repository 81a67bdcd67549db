using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.DagRuns;

/// <summary>Runs that go on by another version of their Dag, through the API, the actors and the store.</summary>
public sealed class VersionChangeTests
{
    private static readonly DagSpec First = Manual("load") with { Tasks = [Task("a"), Task("b"), Task("old"), Task("c", 0, 1)], MaxActiveRuns = 1 };

    // a and b have other numbers now, old is gone, n is new.
    private static readonly DagSpec Second = First with { Tasks = [Task("n"), Task("b"), Task("a", 0), Task("c", 1, 2)] };

    private readonly SimulatedScheduler _cluster = new();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_run_in_flight_goes_on_by_the_new_version_with_the_attempts_that_it_has(bool takeover, bool lostOnTheWay)
    {
        var (worker, run, held) = InFlight();
        _cluster.Define(Second);

        var dry = Upgrade(new() { DagId = "load", RunId = "r", DryRun = true });
        var version = DagVersion.Of(First);
        Assert.Equal(["n none none new", "old running removed stopped"], Shown(dry));
        Assert.Equal((version, DagVersion.Of(Second)), (dry.Runs[0].VersionBefore, dry.Runs[0].VersionAfter));
        Assert.Equal(version, _cluster.RunOf(run).Facts.Version);

        Assert.Equal(Shown(dry), Shown(Upgrade(new() { DagId = "load", RunId = "r", Note = "right table" })));
        Assert.Equal(DagVersion.Of(Second), _cluster.RunOf(run).Facts.Version);
        _cluster.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Contains(_cluster.Audit(), row => row is { Who: "ann", Action: "runs.upgrade", Subject: "load/r" } && row.Details.Contains("right table", StringComparison.Ordinal));
        Assert.True(_cluster.RunUntil(() => worker.Told.OfType<KillTasks>().Any(kill => kill.Ids.SequenceEqual([held["old"]]))));
        worker.Held.Remove(held["old"]);
        if (takeover)
        {
            if (lostOnTheWay)
            {
                worker.Held.Remove(held["a"]);
            }

            worker.Told.Clear();
            _cluster.TakeOver();
            worker.Join();
            Assert.Empty(Assert.Single(worker.Told.OfType<WorkerRegistered>()).Unknown);
            worker.BeatFor(TimeSpan.FromSeconds(5));
            if (lostOnTheWay)
            {
                // Sent again as it was begun: by the version of then.
                Assert.Contains(worker.Told.OfType<RunTasks>(), sent => sent.Run.Version == version && sent.Tasks.Any(task => task.Id == held["a"]));
            }
        }

        // The attempts of then count for the tasks of the same name; n got the slot of old.
        Assert.Equal(2, worker.Held.Count(held.ContainsValue));
        var begun = Assert.Single(worker.Held, id => !held.ContainsValue(id));
        Assert.Equal("n", LatestRow(run, begun));
        worker.End(held["a"]);
        Assert.Equal(["a 1 success", "b 1 running", "n 1 running", "old 1 removed"], States(run));
        worker.End(held["b"], OutcomeKind.Lost);
        worker.WorkFor(TimeSpan.FromSeconds(20));

        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
        Assert.Equal(["a 1 success", "b 1 success", "c 1 success", "n 1 success", "old 1 removed"], States(run));
        Assert.Contains(_cluster.Attempts(run), row => row is { State: TaskState.Failed, Token: 1 } && row.Task.Value == "old" && row.Error == $"moved to version {DagVersion.Of(Second)} by ann: right table");
        Assert.All(worker.Told.OfType<RunTasks>().Where(sent => !sent.Tasks.Any(task => held.ContainsValue(task.Id))), sent => Assert.Equal(DagVersion.Of(Second), sent.Run.Version));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_that_waits_for_its_turn_begins_by_the_new_version(bool takeover)
    {
        var (worker, first, _) = InFlight();
        var run = _cluster.Trigger(First, "waits").Facts!.Key;
        _cluster.Define(Second);

        Upgrade(new() { DagId = "load", RunId = "waits" });
        if (takeover)
        {
            _cluster.TakeOver();
            worker.Join();
        }

        worker.WorkFor(TimeSpan.FromSeconds(20));
        Assert.Equal((RunState.Success, RunState.Success), (_cluster.RunOf(first).State, _cluster.RunOf(run).State));
        Assert.Equal(["a 1 success", "b 1 success", "c 1 success", "n 1 success", "old 0 removed"], States(run));
        Assert.Equal(["a 1 success", "b 1 success", "c 1 success", "old 1 success"], States(first));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_that_is_over_changes_its_version_and_is_opened_when_it_is_cleared(bool takeover)
    {
        var (worker, run, _) = InFlight();
        worker.WorkFor(TimeSpan.FromSeconds(10));
        var ended = _cluster.RunOf(run);
        Assert.Equal(RunState.Success, ended.State);
        _cluster.Define(Second);

        Assert.Equal(["n none none new"], Shown(Upgrade(new() { DagId = "load", RunId = "r" })));
        var moved = _cluster.RunOf(run);
        Assert.Equal((RunState.Success, ended.StartedAt, ended.EndedAt, DagVersion.Of(Second)), (moved.State, moved.StartedAt, moved.EndedAt, moved.Facts.Version));
        Assert.Empty(Upgrade(new() { DagId = "load", RunId = "r" }).Runs);
        if (takeover)
        {
            _cluster.TakeOver();
            worker.Join();
        }

        Assert.Equal(["c success none "], Shown(Change(Operations.ClearTasks, new() { DagId = "load", RunId = "r", Tasks = ["c"] })));
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(["a 1 success", "b 1 success", "c 2 success", "n 1 success", "old 1 success"], States(run));
        Assert.Equal(RunState.Success, _cluster.RunOf(run).State);
    }

    [Fact]
    public void What_is_cleared_keeps_its_version_unless_another_is_asked_for()
    {
        var (worker, run, _) = InFlight();
        worker.WorkFor(TimeSpan.FromSeconds(10));
        _cluster.Define(Second);

        Change(Operations.ClearTasks, new() { DagId = "load", RunId = "r", Tasks = ["old"] });
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(DagVersion.Of(First), _cluster.RunOf(run).Facts.Version);

        var change = Change(Operations.ClearTasks, new() { DagId = "load", RunId = "r", Tasks = ["a"], Downstream = true, Version = "latest" });
        Assert.Equal(["a success none ", "c success none ", "n none none new"], Shown(change));
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal((RunState.Success, DagVersion.Of(Second)), (_cluster.RunOf(run).State, _cluster.RunOf(run).Facts.Version));

        // And back, by the beginning of the hash.
        change = Change(Operations.ClearTasks, new() { DagId = "load", RunId = "r", Tasks = ["old"], Version = DagVersion.Of(First)[..8] });
        Assert.Equal(["old none none new"], Shown(change));
        worker.WorkFor(TimeSpan.FromSeconds(10));
        Assert.Equal(DagVersion.Of(First), _cluster.RunOf(run).Facts.Version);
    }

    /// <summary>A day that has a run of the first version, and one that has none.</summary>
    [Theory]
    [InlineData(null, false, false)]
    [InlineData("latest", false, false)]
    [InlineData("original", true, false)]
    [InlineData("hash", true, true)]
    public void A_backfill_goes_by_the_version_that_it_is_told(string? version, bool again, bool anew)
    {
        var first = Daily("days") with { StartDate = Start.AddDays(30), Tasks = [Task("a"), Task("old")] };
        var second = first with { Tasks = [Task("a"), Task("n")] };
        _cluster.Define(first);
        var worker = _cluster.AddWorker(slots: 4);
        _cluster.Backfill("before", first, Start.AddDays(-1), Start);
        worker.WorkFor(TimeSpan.FromSeconds(10));
        _cluster.Define(second);

        var answer = _cluster.Call(Operations.CreateBackfill, new BackfillRequest(
            "days", "2021-02-03", "2021-02-05", 2, "completed", Version: version == "hash" ? DagVersion.Of(first)[..10] : version));
        Assert.True(answer.Code == 200, answer.Error);
        Assert.Equal(version switch { null or "latest" => null, "hash" => DagVersion.Of(first), _ => version }, ApiJson.Deserialize<BackfillSummary>(answer.Body!).Version);
        _cluster.TakeOver();
        worker.Join();
        worker.WorkFor(TimeSpan.FromSeconds(20));

        var runs = _cluster.Runs();
        Assert.Equal([anew, again], runs.Select(run => run.Facts.Version == DagVersion.Of(first)));
        Assert.All(runs, run => Assert.Equal(RunState.Success, run.State));
        Assert.Equal(anew ? ["a", "old"] : ["a", "n"], _cluster.Attempts(runs[0].Facts.Key).Select(row => row.Task.Value).Distinct().Order());
        Assert.Equal(again ? "old" : "n", _cluster.Attempts(runs[1].Facts.Key).OrderBy(row => row.EndedAt).Last(row => row.Task.Value != "a" && row.State == TaskState.Success).Task.Value);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_a_reason()
    {
        InFlight();
        _cluster.Define(Second);
        var request = new ChangeRequest { DagId = "load", RunId = "r" };
        (string Operation, ChangeRequest Request, int Status, string Says)[] rows =
        [
            (Operations.UpgradeRun, request with { Version = "ffff" }, 404, "Dag 'load' has no version 'ffff'; give latest, or a version of: sluice dags versions load"),
            (Operations.UpgradeRun, request with { Version = "" }, 404, "has no version ''"),
            (Operations.UpgradeRun, request with { Version = "original" }, 400, "moves whole runs"),
            (Operations.UpgradeRun, request with { Tasks = ["a"] }, 400, "moves whole runs"),
            (Operations.UpgradeRun, request with { RunId = "none" }, 404, "no run 'none'"),
            (Operations.ClearTasks, request with { Tasks = ["old"], Version = "latest" }, 404, "has no task or group 'old' in version"),
            (Operations.MarkTasks, request with { Tasks = ["a"], State = "success", Version = "latest" }, 400, "no version goes with it"),
        ];
        foreach (var (operation, asked, status, says) in rows)
        {
            var answer = _cluster.Call(operation, asked);
            Assert.Equal(status, answer.Code);
            Assert.Contains(says, answer.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>a, b and old are with a worker of three slots.</summary>
    private (PlayedWorker Worker, long Run, Dictionary<string, AttemptId> Held) InFlight()
    {
        _cluster.Define(First);
        var worker = _cluster.AddWorker(slots: 3);
        var run = _cluster.Trigger(First, "r").Facts!.Key;
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 3));
        return (worker, run, worker.Held.ToDictionary(id => First.Tasks[id.Task].Id.Value));
    }

    private ChangeAnswer Upgrade(ChangeRequest request) => Change(Operations.UpgradeRun, request);

    private ChangeAnswer Change(string operation, ChangeRequest request)
    {
        var answer = _cluster.Call(operation, request);
        Assert.True(answer.Code == 200, answer.Error);
        var change = ApiJson.Deserialize<ChangeAnswer>(answer.Body!);
        Assert.All(change.Runs, run => Assert.Null(run.Refusal));
        return change;
    }

    private static IEnumerable<string> Shown(ChangeAnswer change) =>
        Assert.Single(change.Runs).Tasks.Select(task => $"{task.TaskId} {task.From} {task.To} {(task.IsNew ? "new" : task.Stops ? "stopped" : "")}").Order(StringComparer.Ordinal);

    private List<string> States(long run) =>
        [.. _cluster.Attempts(run).GroupBy(row => row.Task.Value).Select(rows => $"{rows.Key} {rows.Last().TryNumber} {rows.Last().State.Name()}").Order(StringComparer.Ordinal)];

    private string LatestRow(long run, AttemptId attempt) => _cluster.Attempts(run).Single(row => row.Token == attempt.Token && row.State == TaskState.Running && row.Worker is not null).Task.Value;
}
