using Sluice.Core.Schedules;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Retention;

public sealed class RetentionTests
{
    [Fact]
    public void Rendered_templates_of_the_latest_runs_of_a_task_stay_and_the_evidence_of_all()
    {
        var cluster = new SimulatedScheduler(configure: options => options.RenderedFieldsKept = 2);
        var worker = cluster.AddWorker(slots: 4);
        worker.Renders = """{"script":"echo"}""";
        worker.Sees = """{"places":[]}""";
        var dag = Daily() with { Catchup = CatchupMode.All, StartDate = Start.AddDays(-4) };
        cluster.Define(dag);
        worker.WorkFor(TimeSpan.FromSeconds(30));
        Assert.Equal([1, 1, 1, 1], Kept());

        worker.BeatFor(TimeSpan.FromMinutes(1));
        Assert.Equal([0, 0, 1, 1], Kept());

        // And every hour, whoever leads.
        cluster.TakeOver();
        worker.Join();
        cluster.Trigger(dag, "more");
        worker.WorkFor(TimeSpan.FromSeconds(10));
        cluster.RunFor(TimeSpan.FromMinutes(62));
        Assert.Equal([0, 0, 0, 1, 1], Kept());
        Assert.Equal([1, 1, 1, 1, 1], Runs().Select(run => cluster.Store.Inner.ReadModel.ListEvidenceAsync(run, new("only"), default).AsTask().GetAwaiter().GetResult().Count));

        IEnumerable<int> Kept() => Runs().Select(run => cluster.Store.Inner.ReadModel.ListRenderedFieldsAsync(run, new("only"), default).AsTask().GetAwaiter().GetResult().Count);

        IEnumerable<long> Runs() => cluster.Runs().Select(run => run.Facts.Key).Order();
    }
}
