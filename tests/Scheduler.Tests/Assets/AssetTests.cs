using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Assets;

/// <summary>Runs that updates of assets make, over the life of more than one scheduler.</summary>
public sealed class AssetTests
{
    private static readonly Asset Orders = new("orders", "s3://lake/orders");
    private static readonly Asset Customers = new("customers");
    private static readonly AssetAlias Files = new("files");
    private static readonly DagSpec Making = Manual("making") with { Tasks = [Task("make") with { Outlets = [Orders] }, Task("after", 0)] };
    private static readonly DagSpec Waiting = Manual("waiting") with { Schedule = Schedule.Assets(Orders & Customers) };

    private readonly SimulatedScheduler _cluster = new();

    [Fact]
    public void A_run_is_made_when_all_assets_were_updated_and_knows_the_updates()
    {
        _cluster.Define(Making);
        _cluster.Define(Waiting);
        var worker = _cluster.AddWorker(slots: 4);
        Assert.Equal(("0 0", "assets orders & customers"), (Queued(Waiting), _cluster.DagOf(Waiting).Schedule));

        worker.Updates.Add(new("orders", null, """{"rows":12}"""));
        Assert.Null(_cluster.Trigger(Making, "one").Refusal);
        var made = _cluster.Runs().Single();
        worker.End(worker.Held.Single());
        Assert.True(_cluster.RunUntil(() => Queued(Waiting) == "1 0"));
        Assert.Equal(("one", "make", """{"rows":12}"""), Events("orders").Select(one => (one.SourceRun, one.SourceTask, one.Extra)).Single());
        Assert.Empty(RunsOf(Waiting));

        worker.BeatFor(TimeSpan.FromMinutes(3));
        var at = _cluster.Simulation.Now;
        Emit("customers", """{"from":"outside"}""");
        Assert.True(_cluster.RunUntil(() => RunsOf(Waiting).Count == 1));

        var run = RunsOf(Waiting).Single();
        Assert.Equal((RunType.AssetTriggered, Queued(Waiting)), (run.Facts.Type, "0 0"));
        Assert.StartsWith("asset_triggered__2021-02-05T00:03:", run.Facts.Id.Value, StringComparison.Ordinal);
        Assert.Equal(made.Facts.Interval.Start, run.Facts.Interval.Start);
        Assert.True(run.Facts.Interval.End >= at);
        Assert.Equal([("orders", """{"rows":12}""", null), ("customers", """{"from":"outside"}""", "ann")], run.Facts.AssetEvents!.Select(one => (one.Asset, one.Extra, one.By)));
        Assert.True(_cluster.RunUntil(() => worker.Told.OfType<RunTasks>().Any(told => told.Run.Dag == Waiting.Id && told.Run.AssetEvents?.Count == 2)), "the worker does not know the updates");

        // What has made a run makes no other one.
        Emit("customers");
        worker.WorkFor(TimeSpan.FromSeconds(5));
        Assert.Equal((1, "0 1"), (RunsOf(Waiting).Count, Queued(Waiting)));
        Assert.Equal(RunState.Success, RunsOf(Waiting).Single().State);
    }

    [Fact]
    public void Whenever_the_leader_dies_every_event_is_there_once_and_every_run_is_made_once()
    {
        for (var dies = 1; ; dies++)
        {
            var cluster = new SimulatedScheduler(seed: dies);
            cluster.Define(Making);
            cluster.Define(Waiting);
            cluster.Define(Waiting with { Id = new("any"), Schedule = Schedule.Assets(Orders) });
            var worker = cluster.AddWorker(slots: 4);
            worker.Works = true;
            var (commits, died, leader) = (0, false, cluster.Scheduler);
            cluster.Store.Written = _ =>
            {
                if (++commits == dies)
                {
                    died = true;
                    cluster.Crash(leader);
                }
            };
            void Do(object message, Func<bool> isDone, Func<bool> isOver)
            {
                // Whoever asked hears nothing when the leader dies, looks, and asks again when it was not done.
                for (var tries = 0; tries < 20 && !isOver(); tries++)
                {
                    if (!isDone())
                    {
                        cluster.Tell(message);
                    }

                    worker.BeatFor(TimeSpan.FromSeconds(2));
                    if (died && leader == cluster.Scheduler)
                    {
                        cluster.AddScheduler();
                        worker.JoinWhoeverLeads();
                    }
                }

                Assert.True(isOver(), $"{message} came to nothing after a death at commit {dies}");
            }

            bool Ended(string dag, RunType type) => RunsOf(cluster, dag).Any(run => run.State == RunState.Success && run.Facts.Type == type);
            Do(new ToDag(Making.Id, new Scheduler.Dags.TriggerRun(null, "one", "{}")), () => RunsOf(cluster, "making").Count > 0, () => Ended("making", RunType.Manual));
            Do(new Scheduler.Assets.EmitAsset("customers", "{}", "ann"), () => Events(cluster, "customers").Count > 0, () => Ended("waiting", RunType.AssetTriggered) && Ended("any", RunType.AssetTriggered));
            worker.BeatFor(TimeSpan.FromSeconds(5));

            Assert.Equal((1, 1), (Events(cluster, "orders").Count, Events(cluster, "customers").Count));
            foreach (var (dag, assets) in new[] { ("waiting", "orders customers"), ("any", "orders") })
            {
                var run = Assert.Single(RunsOf(cluster, dag));
                Assert.Equal(assets, string.Join(' ', run.Facts.AssetEvents!.Select(one => one.Asset)));
            }

            if (!died)
            {
                Assert.True(dies > 8, "it never came to a death");
                return;
            }
        }
    }

    [Fact]
    public void A_paused_Dag_keeps_the_updates_and_makes_one_run_of_them_when_it_goes_on()
    {
        var dag = Waiting with { Schedule = Schedule.Assets(Orders) };
        _cluster.Define(Making);
        _cluster.Define(dag);
        Emit("orders");
        Assert.True(_cluster.RunUntil(() => RunsOf(dag).Count == 1));
        Assert.True(_cluster.Pause(dag, true));
        Emit("orders");
        Emit("orders");
        _cluster.TakeOver();
        _cluster.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((1, "2"), (RunsOf(dag).Count, Queued(dag)));

        Assert.True(_cluster.Pause(dag, false));
        Assert.True(_cluster.RunUntil(() => RunsOf(dag).Count == 2));
        Assert.Equal((2, "0"), (RunsOf(dag)[^1].Facts.AssetEvents!.Count, Queued(dag)));
    }

    [Fact]
    public void At_its_limit_of_runs_a_Dag_lets_updates_gather()
    {
        var dag = Waiting with { Schedule = Schedule.Assets(Orders), MaxActiveRuns = 1 };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 4);
        Emit("orders");
        Emit("orders");
        Emit("orders");
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));
        Assert.Equal((1, "2"), (RunsOf(dag).Count, Queued(dag)));
        worker.End(worker.Held.Single());
        Assert.True(_cluster.RunUntil(() => RunsOf(dag).Count == 2));
        Assert.Equal([1, 2], RunsOf(dag).Select(run => run.Facts.AssetEvents!.Count));
    }

    [Fact]
    public void By_assets_or_time_both_make_runs_and_neither_takes_the_others_interval()
    {
        var dag = Waiting with { Schedule = Schedule.AssetOrTime("0 * * * *", Orders), StartDate = Start };
        _cluster.Define(dag);
        var worker = _cluster.AddWorker(slots: 4);
        worker.Works = true;
        worker.BeatFor(TimeSpan.FromMinutes(30));
        Emit("orders");
        worker.BeatFor(TimeSpan.FromMinutes(45));
        Assert.Single(RunsOf(dag), run => run.Facts.Type == RunType.AssetTriggered);
        Assert.Contains(RunsOf(dag), run => run.Facts.Type == RunType.Scheduled && run.Facts.LogicalDate == Start);
        Assert.Equal("0 * * * * or assets orders", _cluster.DagOf(dag).Schedule);
    }

    [Fact]
    public void An_alias_stands_for_what_the_task_named_and_only_success_updates()
    {
        var making = Making with { Tasks = [Task("make") with { Outlets = [Files] }] };
        var byAlias = Waiting with { Id = new("by_alias"), Schedule = Schedule.Assets(Files) };
        var byAsset = Waiting with { Id = new("by_asset"), Schedule = Schedule.Assets(Orders) };
        foreach (var dag in new[] { making, byAlias, byAsset })
        {
            _cluster.Define(dag);
        }

        var worker = _cluster.AddWorker(slots: 4);
        _cluster.Trigger(making, "nothing");
        worker.End(worker.Held.Single());
        worker.Updates.Add(new("orders", "files", "{}"));
        _cluster.Trigger(making, "fails");
        worker.End(worker.Held.Single(), OutcomeKind.FailedFinally);
        _cluster.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(Events("orders"));

        _cluster.Trigger(making, "names");
        worker.End(worker.Held.Single());
        Assert.True(_cluster.RunUntil(() => RunsOf(byAlias).Count == 1 && RunsOf(byAsset).Count == 1));
        Assert.Equal(("orders", "files"), Events("orders").Select(one => (one.Asset, one.Alias)).Single());
    }

    [Fact]
    public void Only_updates_count_that_come_after_a_Dag_began_to_wait_for_them()
    {
        _cluster.Define(Making);
        Emit("orders");
        _cluster.Define(Waiting);
        Emit("customers");
        _cluster.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal("0 1", Queued(Waiting));

        // What it keeps waiting for stays queued, what it asks for anew begins.
        var invoices = new Asset("invoices");
        _cluster.Define(Manual("other") with { Schedule = Schedule.Assets(invoices) });
        Emit("invoices");
        var changed = Waiting with { Schedule = Schedule.Assets(Customers & invoices) };
        _cluster.Define(changed);
        _cluster.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal("1 0", Queued(changed));
        Emit("invoices");
        Assert.True(_cluster.RunUntil(() => RunsOf(changed).Count == 1));
        _cluster.Define(changed with { Schedule = Schedule.None });
        Assert.Null(_cluster.DagOf(changed).Assets);
    }

    [Fact]
    public void The_api_lists_assets_and_their_updates_and_refuses_what_cannot_be()
    {
        _cluster.Define(Making);
        _cluster.Define(Waiting);
        Emit("orders", """{"rows":1}""");
        Emit("orders");

        var assets = ApiJson.Deserialize<IReadOnlyList<AssetSummary>>(_cluster.Call(Operations.ListAssets, new Nothing()).Body!);
        Assert.Equal([("customers", null), ("orders", "s3://lake/orders")], assets.Select(asset => (asset.Asset, asset.Uri)));
        Assert.Equal([new AssetSource("making", "make")], assets[1].UpdatedBy);
        Assert.Equal(["waiting"], assets[1].Consumers);
        var events = ApiJson.Deserialize<IReadOnlyList<AssetEventSummary>>(_cluster.Call(Operations.ListAssetEvents, new AssetEventFilter("orders", null, 10)).Body!);
        Assert.Equal([null, """{"rows":1}"""], events.Select(one => one.Extra));
        Assert.Equal("assets.emit", _cluster.Audit()[0].Action);

        (Response Answer, int Code, string Says)[] refused =
        [
            (_cluster.Call(Operations.EmitAsset, new EmitRequest("nosuch", null)), 404, "No Dag knows an asset 'nosuch'"),
            (_cluster.Call(Operations.EmitAsset, new EmitRequest("orders", "[1]")), 400, "The extra is no JSON object"),
            (_cluster.Call(Operations.EmitAsset, new EmitRequest("orders", "{")), 400, "The extra is not JSON"),
            (_cluster.Call(Operations.EmitAsset, new EmitRequest("orders", $$"""{"x":"{{new string('x', 20_000)}}"}""")), 400, "more than the limit of 16384"),
            (_cluster.Call(Operations.ListAssetEvents, new AssetEventFilter(null, null, 0)), 400, "The limit is 0"),
        ];
        Assert.All(refused, row => Assert.Equal((row.Code, true), (row.Answer.Code, row.Answer.Error!.Contains(row.Says, StringComparison.Ordinal))));
        Assert.Equal(2, Events("orders").Count);
    }

    [Fact]
    public void Old_updates_are_deleted_and_none_that_waits()
    {
        var cluster = new SimulatedScheduler(configure: options => options.AssetEventsKept = 60);
        cluster.Define(Waiting);
        for (var n = 0; n < 150; n++)
        {
            Emit(cluster, "orders", $$"""{"n":{{n}}}""");
        }

        Assert.InRange(Events(cluster, "orders").Count, 60, 66);
        Assert.Equal("""{"n":149}""", Events(cluster, "orders")[^1].Extra);
        cluster.TakeOver();
        Emit(cluster, "orders", """{"n":150}""");
        Emit(cluster, "customers");
        Assert.True(cluster.RunUntil(() => RunsOf(cluster, "waiting").Count == 1));
        Assert.Equal(AssetQueue.Depth + 1, RunsOf(cluster, "waiting").Single().Facts.AssetEvents!.Count);
        Assert.Equal(60, Events(cluster, "orders").Count);
    }

    [Fact]
    public void A_watcher_tells_of_each_occurrence_once_whoever_leads()
    {
        var sensor = new SensorSpec { Mode = SensorMode.Async };
        var watcher = Manual("watcher") with
        {
            Schedule = Schedule.Continuous, StartDate = Start.AddYears(-1), MaxActiveRuns = 1,
            Tasks =
            [
                Task("rest") with { Sensor = sensor with { Watch = WatchPart.Rest }, Inlets = [Orders], Retries = 9 },
                Task("watch", 0) with { Sensor = sensor with { Watch = WatchPart.Watch }, Outlets = [Orders], Retries = 9 },
            ],
        };
        for (var dies = 1; dies <= 12; dies++)
        {
            var cluster = new SimulatedScheduler(seed: dies);
            cluster.Define(watcher);
            cluster.Define(Waiting with { Schedule = Schedule.Assets(Orders) });
            var worker = cluster.AddWorker(slots: 4);
            var (commits, died, leader, seen) = (0, false, cluster.Scheduler, 0);
            cluster.Store.Written = _ =>
            {
                if (++commits == dies)
                {
                    died = true;
                    cluster.Crash(leader);
                }
            };
            for (var step = 0; step < 400 && (seen < 3 || !died); step++)
            {
                if (died && cluster.Scheduler == leader)
                {
                    cluster.TakeOver();
                    worker.JoinWhoeverLeads();
                }

                if (worker.Held.FirstOrDefault(held => cluster.RunOf(held.Run).Facts.Dag == watcher.Id) is { Run: > 0 } held)
                {
                    // What it sees is in the extra: an occurrence that the engine lost or told of twice would show.
                    seen += held.Task;
                    worker.Updates.Clear();
                    worker.Updates.AddRange(held.Task == 1 ? [new("orders", null, $$"""{"value":{{seen}}}""")] : []);
                    worker.End(held);
                }

                worker.BeatFor(TimeSpan.FromSeconds(1));
            }

            Assert.True(seen >= 3, $"{seen} occurrences with a leader that dies at commit {dies}");
            cluster.RunFor(TimeSpan.FromSeconds(2));
            var told = Events(cluster, "orders");
            Assert.Equal(told.Select(one => one.Extra).Distinct().Count(), told.Count);
            Assert.Equal((null, "watcher"), (told[0].SourceInterval, told[0].SourceDag));
        }
    }

    [Fact]
    public void The_run_of_a_watcher_ends_when_its_definition_changes_or_goes()
    {
        var watcher = Manual("watcher") with
        {
            Schedule = Schedule.Continuous, StartDate = Start.AddYears(-1), MaxActiveRuns = 1,
            Tasks = [Task("watch") with { Sensor = new() { Mode = SensorMode.Async, Watch = WatchPart.Watch }, Outlets = [Orders] }],
        };
        _cluster.Define(watcher);
        var worker = _cluster.AddWorker();
        Assert.True(_cluster.RunUntil(() => worker.Held.Count == 1));

        var changed = watcher with { Tasks = [watcher.Tasks[0] with { Arguments = """{"path":"/elsewhere"}""" }] };
        _cluster.Define(changed);
        Assert.True(_cluster.RunUntil(() => RunsOf(watcher).Any(run => run.State == RunState.Failed)));
        Assert.Equal("the watcher has another definition now", RunsOf(watcher).Single(run => run.State == RunState.Failed).Reason);
        worker.BeatFor(TimeSpan.FromSeconds(3));
        Assert.Equal(DagVersion.Of(changed), RunsOf(watcher).Single(run => run.State == RunState.Running).Facts.Version);
    }

    [Fact]
    public void Dags_that_make_each_other_run_are_named_and_run()
    {
        var (first, second) = (Making with { Schedule = Schedule.Assets(Customers) }, Manual("second") with { Schedule = Schedule.Assets(Orders), Tasks = [Task("t") with { Outlets = [Customers, new Asset("apart")] }] });
        _cluster.Define(first);
        _cluster.Define(second);
        Assert.Empty(_cluster.ImportErrors());
        Assert.Equal(["apart ", "customers making -> orders -> second -> customers -> making", "orders making -> orders -> second -> customers -> making"], Circles());

        _cluster.TakeOver();
        Assert.Equal(3, Circles().Count());
        _cluster.Define(second with { Tasks = [Task("t")] });
        Assert.Equal(["customers ", "orders "], Circles());

        IEnumerable<string> Circles() => Cluster.Api.ApiJson.Deserialize<IReadOnlyList<AssetSummary>>(_cluster.Call(Operations.ListAssets, new Nothing()).Body!).Select(asset => $"{asset.Asset} {asset.Circle}");
    }

    private void Emit(string asset, string? extra = null) => Emit(_cluster, asset, extra);

    private static void Emit(SimulatedScheduler cluster, string asset, string? extra = null)
    {
        var answer = cluster.Call(Operations.EmitAsset, new EmitRequest(asset, extra));
        Assert.True(answer.Code == 200, answer.Error);
        cluster.RunFor(TimeSpan.FromMilliseconds(50));
    }

    private IReadOnlyList<AssetEvent> Events(string asset) => Events(_cluster, asset);

    private static IReadOnlyList<AssetEvent> Events(SimulatedScheduler cluster, string asset) =>
        cluster.Store.ListAssetEventsAsync(new() { Of = [new Asset(asset)] }, default).AsTask().GetAwaiter().GetResult();

    private List<DagRunRow> RunsOf(DagSpec dag) => RunsOf(_cluster, dag.Id.Value);

    private static List<DagRunRow> RunsOf(SimulatedScheduler cluster, string dag) => [.. cluster.Runs().Where(run => run.Facts.Dag.Value == dag)];

    private string Queued(DagSpec dag) => string.Join(' ', _cluster.DagOf(dag).Assets!.Assets.Select(asset => asset.Queued));
}
