using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Backfills;

/// <summary>What people ask about backfills, as the API answers it.</summary>
public sealed class BackfillApiTests
{
    private static readonly Sluice.Core.Dags.DagSpec Dag = Daily() with { StartDate = Start.AddDays(30) };
    private static readonly BackfillRequest Week = new("daily", "2021-01-29", "2021-02-05");

    private readonly SimulatedScheduler _cluster = new();

    public BackfillApiTests() => _cluster.Define(Dag);

    [Fact]
    public void A_preview_says_what_becomes_of_each_interval_and_does_nothing()
    {
        var worker = _cluster.AddWorker();
        _cluster.Backfill("first", Dag, Start.AddDays(-7), Start.AddDays(-6));
        worker.WorkFor(TimeSpan.FromSeconds(2));
        _cluster.Backfill("second", Dag, Start.AddDays(-6), Start.AddDays(-5));
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        worker.End(worker.Held.Single(), Core.TaskInstances.OutcomeKind.FailedFinally);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        var commits = _cluster.Store.Epochs.Count;

        foreach (var (reprocess, actions) in new[]
        {
            ("none", "skip skip create create create create create"),
            ("failed", "skip reprocess create create create create create"),
            ("completed", "reprocess reprocess create create create create create"),
        })
        {
            var preview = Preview(new(Week with { Reprocess = reprocess }));
            Assert.Equal(actions, string.Join(' ', preview.Intervals.Select(interval => interval.Action)));
            Assert.Equal((5, actions.Split("reprocess").Length - 1, actions.Split("skip").Length - 1), (preview.Create, preview.Reprocess, preview.Skip));
            Assert.All(preview.Intervals, interval => Assert.Equal(interval.Action == "skip", interval.Why is not null));
            Assert.Equal("backfill__2021-01-29T00:00:00+00:00", preview.Intervals[0].RunId);
        }

        var newest = Week with { Order = "newest" };
        var all = Preview(new(newest)).Intervals;
        Assert.Equal(Enumerable.Range(1, 7).Select(day => Start.AddDays(-day)), all.Select(interval => interval.Start));
        var paged = new List<BackfillInterval>();
        for (DateTimeOffset? after = null; ;)
        {
            var page = Preview(new(newest, after, Limit: 3));
            paged.AddRange(page.Intervals);
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        Assert.Equal(all, paged);
        Assert.Equal(commits, _cluster.Store.Epochs.Count);
        Assert.Equal(2, _cluster.Runs().Count);
    }

    [Fact]
    public void Runs_of_a_backfill_get_its_conf_and_the_connections_that_stand_for_others()
    {
        Set("source", "mysql://etl:one@primary/db");
        Set("replica", "mysql://etl:two@replica/db");
        var worker = _cluster.AddWorker(slots: 2);
        var made = Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, Week with
        {
            Conf = """{"table":"nps"}""", Connections = new Dictionary<string, string> { ["source"] = "replica" }, Note = "for the audit",
        }));
        Assert.Equal(("for the audit", "ann", "replica"), (made.Note, made.CreatedBy, made.Connections!["source"]));
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        _cluster.Trigger(Dag, "live");

        for (var round = 0; round < 2; round++)
        {
            var (old, live) = (worker.Held[0], worker.Held[1]);
            Assert.Equal("""{"table":"nps"}""", _cluster.RunOf(old.Run).Facts.Conf);
            Assert.Equal("mysql://etl:two@replica/db", _cluster.Request(Methods.GetConnection, WireJson.Write(new FetchForAttempt(old, "source"))).Body);
            Assert.Equal("mysql://etl:one@primary/db", _cluster.Request(Methods.GetConnection, WireJson.Write(new FetchForAttempt(live, "source"))).Body);
            Assert.Equal(409, _cluster.Request(Methods.GetConnection, WireJson.Write(new FetchForAttempt(old with { Token = 77 }, "source"))).Code);
            _cluster.TakeOver();
            worker.Join();
        }
    }

    [Fact]
    public void What_makes_no_sense_is_one_sentence()
    {
        _cluster.Backfill("holder", Dag, Start.AddDays(-60), Start.AddDays(-50));
        (BackfillRequest Request, string Says)[] rows =
        [
            (Week with { DagId = "nosuch" }, "There is no Dag 'nosuch'."),
            (Week with { Order = "sideways" }, "'sideways' is no order; use oldest or newest."),
            (Week with { Order = "1" }, "'1' is no order"),
            (Week with { Reprocess = "maybe" }, "'maybe' is no way to reprocess; use none, failed or completed."),
            (Week with { End = "2021-01-29" }, "is not before its end"),
            (Week with { Start = "yesterday" }, "\"yesterday\" is not a date"),
            (Week with { MaxActiveRuns = 0 }, "max_active_runs is 0"),
            (Week with { Start = "2021-02-05", End = "2021-03-05" }, "no interval from 2021-02-05T00:00:00Z to 2021-03-05T00:00:00Z is complete"),
            (Week with { Start = "2021-02-04T01:00", End = "2021-02-04T02:00" }, "no interval of the schedule starts"),
            (Week with { Start = "2020-12-10" }, "Backfill 'holder' of Dag 'daily' is running over part of this range"),
            (Week with { Conf = "[]" }, "The conf must be a JSON object"),
            (Week with { Note = new('x', 1001) }, "The note has 1001 characters"),
            (Week with { Version = "ffff" }, "Dag 'daily' has no version 'ffff'"),
            (Week with { Connections = new Dictionary<string, string> { ["source"] = "nosuch" } }, "There is no connection 'source', so 'nosuch' cannot stand for 'source'."),
        ];
        foreach (var (request, says) in rows)
        {
            var created = _cluster.Call(Operations.CreateBackfill, request);
            var previewed = _cluster.Call(Operations.PreviewBackfill, new BackfillPreviewRequest(request));

            Assert.Contains(says, created.Error, StringComparison.Ordinal);
            Assert.Equal((created.Code, created.Error), (previewed.Code, previewed.Error));
            Assert.InRange(created.Code, 400, 409);
        }

        _cluster.Define(Dag with { Id = new("chained"), Tasks = [Task("only") with { DependsOnPast = true }] });
        Assert.Contains(
            "Task 'only' of Dag 'chained' depends on the run before",
            _cluster.Call(Operations.CreateBackfill, Week with { DagId = "chained", Order = "newest" }).Error, StringComparison.Ordinal);
        _cluster.Define(Dag with { Id = new("strict"), Params = """{"limit":1}""", ParamsSchema = """{"limit":{"type":"integer"}}""" });
        Assert.Contains(
            "Dag 'strict' cannot run with this conf: param \"limit\"",
            _cluster.Call(Operations.CreateBackfill, Week with { DagId = "strict", Conf = """{"limit":"two"}""" }).Error, StringComparison.Ordinal);
        var refused = _cluster.Call(Operations.TriggerRun, new TriggerRequest("strict", null, null, """{"limit":"two"}"""));
        Assert.InRange(refused.Code, 400, 409);
        Assert.Contains("Dag 'strict' cannot run with this conf: param \"limit\"", refused.Error, StringComparison.Ordinal);
        Assert.Single(_cluster.Runs()); // the holder's
    }

    [Fact]
    public void A_Dag_that_reads_by_a_watermark_is_refused_before_a_run_is_made_and_may_do_again_what_it_has()
    {
        _cluster.Backfill("first", Dag, Start.AddDays(-7), Start.AddDays(-6));
        var worker = _cluster.AddWorker();
        worker.WorkFor(TimeSpan.FromSeconds(2));
        _cluster.Define(Dag with { Tasks = [.. Dag.Tasks, Task("extract") with { KeepsWatermark = true, MaxActive = 1 }] });

        foreach (var request in new[] { Week, Week with { Reprocess = "completed", Order = "newest" } })
        {
            var created = _cluster.Call(Operations.CreateBackfill, request);
            var previewed = _cluster.Call(Operations.PreviewBackfill, new BackfillPreviewRequest(request, Limit: 1));

            Assert.Equal(409, created.Code);
            Assert.StartsWith("Task 'extract' of Dag 'daily' keeps a watermark. A backfill cannot read by a watermark: ", created.Error, StringComparison.Ordinal);
            Assert.Equal((created.Code, created.Error), (previewed.Code, previewed.Error));
        }

        Assert.Single(_cluster.Runs());
        var again = Week with { End = "2021-01-30", Reprocess = "completed" };
        Assert.Equal(1, Preview(new(again)).Reprocess);
        Assert.Equal(1, Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, again)).Total);
    }

    [Fact]
    public void Changes_are_answered_and_what_is_over_refuses_them()
    {
        var id = Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, Week)).BackfillId;
        Assert.True(Change(Operations.PauseBackfill, id).Yes);
        Assert.False(Change(Operations.PauseBackfill, id).Yes);
        Assert.True(Change(Operations.ResumeBackfill, id).Yes);
        _cluster.AddWorker(slots: 4).WorkFor(TimeSpan.FromSeconds(9));
        Assert.Equal("success", _cluster.BackfillOf(id).State);
        foreach (var operation in new[] { Operations.PauseBackfill, Operations.ResumeBackfill, Operations.CancelBackfill })
        {
            var answer = _cluster.Call(operation, new BackfillChange(id));
            Assert.Equal(409, answer.Code);
            Assert.Equal($"Backfill '{id}' has ended as success; there is nothing to {operation.Split('.')[1]}.", answer.Error);
        }

        Assert.Equal(404, _cluster.Call(Operations.PauseBackfill, new BackfillChange("nosuch")).Code);
        var other = Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, Week with { Reprocess = "completed" })).BackfillId;
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(Change(Operations.CancelBackfill, other, running: true).Yes);
        _cluster.RunFor(TimeSpan.FromSeconds(1));
        Assert.NotNull(_cluster.BackfillOf(other).EndedAt);
        Assert.False(Change(Operations.CancelBackfill, other).Yes); // so it was already
        Assert.Contains("was cancelled", _cluster.Call(Operations.ResumeBackfill, new BackfillChange(other)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Rate_and_time_to_go_are_shown_while_it_runs()
    {
        var id = Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, Week with { Start = "2020-12-01" })).BackfillId;
        var worker = _cluster.AddWorker();
        Assert.Null(Shown(id).RatePerSecond);
        for (var i = 0; i < 6; i++)
        {
            worker.BeatFor(TimeSpan.FromSeconds(10));
            worker.End(worker.Held.Single());
        }

        var shown = Shown(id);
        Assert.Equal((66, 6, 1, 66, 0), (shown.Total, shown.Succeeded, shown.Active, shown.Intervals, shown.Skipped));
        Assert.InRange(shown.RatePerSecond!.Value, 0.09, 0.11);
        Assert.Equal(60 / shown.RatePerSecond.Value, shown.EtaSeconds!.Value, 3);
        Change(Operations.PauseBackfill, id);
        Assert.Null(Shown(id).EtaSeconds);
    }

    [Fact]
    public void Also_a_paused_Dag_is_backfilled()
    {
        Assert.True(_cluster.Pause(Dag, true));
        var id = Read<BackfillSummary>(_cluster.Call(Operations.CreateBackfill, Week)).BackfillId;
        _cluster.AddWorker().WorkFor(TimeSpan.FromSeconds(9));

        Assert.Equal("success", Shown(id).State);
        Assert.All(_cluster.Runs(), run => Assert.Equal(RunState.Success, run.State));
    }

    private void Set(string id, string uri) => Assert.Equal(200, _cluster.Call(Operations.SetConnection, new SecretValue(id, uri)).Code);

    private BackfillPreview Preview(BackfillPreviewRequest request) => Read<BackfillPreview>(_cluster.Call(Operations.PreviewBackfill, request));

    private Changed Change(string operation, string id, bool running = false) => Read<Changed>(_cluster.Call(operation, new BackfillChange(id, "why", running)));

    private BackfillSummary Shown(string id) => Read<BackfillDetails>(_cluster.Call(Operations.ShowBackfill, new BackfillName(id))).Backfill;

    private static T Read<T>(Response response) => response.Error is { } error ? throw new InvalidOperationException(error) : ApiJson.Deserialize<T>(response.Body!);
}
