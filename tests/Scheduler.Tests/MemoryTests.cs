using Sluice.Core.Schedules;
using Sluice.Scheduler.Backfills;
using Sluice.Scheduler.Dags;
using Sluice.Storage.ReadModel;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests;

/// <summary>Tests that measure the process, and so must have it to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "Alone";
}

/// <summary>What may wait in great numbers must cost little.</summary>
[Collection(AloneCollection.Name)]
public sealed class MemoryTests
{
    private readonly SimulatedScheduler _cluster = new();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_queued_run_costs_no_memory_for_its_tasks_and_little_for_its_deadlines(int deadlines)
    {
        const int Runs = 2_000;
        var dag = Manual() with
        {
            MaxActiveRuns = 1,
            Tasks = [.. Enumerable.Range(0, 500).Select(n => Task($"t{n}"))],
            Deadlines = [.. Enumerable.Range(1, deadlines).Select(n => new Core.DagRuns.DeadlineSpec { Name = $"d{n}", Reference = Core.DagRuns.DeadlineReference.QueuedAt, After = TimeSpan.FromDays(n) })],
        };
        _cluster.Define(dag);
        TriggerMany(0, 200);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        TriggerMany(200, Runs);
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Runs;

        Assert.Equal("active, 1 running, 2199 queued", _cluster.StateOf("dag-manual"));
        // About 100 when 20,000 wait, and about 70 more with deadlines: for the next one alone.
        Assert.True(each < (deadlines == 0 ? 200 : 280), $"{each} bytes a queued run");

        void TriggerMany(int first, int count)
        {
            for (var n = first; n < first + count; n++)
            {
                _cluster.Scheduler.Scheduler.Elector.Tell(new Scheduler.Elections.ToScheduler(new ToDag(dag.Id, new TriggerRun(null, $"r{n}", "{}"))));
                _cluster.Simulation.RunUntilIdle();
            }
        }
    }

    /// <summary>Measured: 10,000 intervals cost 125 KB for what is looked ahead, and of the runs that have ended nothing stays.</summary>
    [Fact]
    public void A_backfill_costs_no_memory_for_its_intervals()
    {
        var hourly = Manual() with { Schedule = Schedule.Hourly, StartDate = Start.AddDays(30) };
        _cluster.Define(hourly);
        var worker = _cluster.AddWorker();
        _cluster.Backfill("warm", hourly, Start.AddHours(-10_500), Start.AddHours(-10_010));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Assert.Equal(10_000, _cluster.Backfill("bf", hourly, Start.AddHours(-10_000), Start).Row!.Total);
        var made = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(made < 256 * 1024, $"{made} bytes to make it");

        var seen = new List<WeakReference>();
        _cluster.Store.Written = batch => seen.AddRange(batch.Changes.OfType<DagRunRow>().Select(row => new WeakReference(row.Facts)));
        worker.WorkFor(TimeSpan.FromSeconds(2));
        Assert.True(_cluster.Ask<BackfillChanged>(new ToBackfill("bf", new SetBackfillPaused(true, "ann", null))).Yes);
        worker.WorkFor(TimeSpan.FromMinutes(3)); // until every timer of the simulation is gone
        worker.Told.Clear();
        GC.Collect();

        Assert.True(_cluster.BackfillOf("bf").Succeeded > 500, $"{_cluster.BackfillOf("bf").Succeeded} runs ended");
        Assert.InRange(seen.Count(facts => facts.IsAlive), 0, 10);
    }
}
