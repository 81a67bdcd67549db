using System.Globalization;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler.Backfills;

namespace Sluice.Bench;

/// <summary>What the scheduler's own work costs, by size: whether it grows with a Dag, with what waits, with mapped instances.</summary>
/// <remarks>A task changes its state three times: it becomes ready, it is dispatched, it ends. Memory is that of an instance that waits.</remarks>
internal sealed class EngineMeasurements(Action<string> progress)
{
    private const int ChangesPerTask = 3;
    private const int TasksPerMeasurement = 20_000; // small sizes are run again and again, of large ones a part: each figure is of as many tasks
    private const int Repeats = 3;

    // A hundred times as much to do may cost this much more a change: memory is farther away than caches. What grows with the size is far above.
    private const double MostGrowth = 2.5;

    public IReadOnlyList<Figure> All()
    {
        progress("warming up");
        for (var i = 0; i < 2; i++)
        {
            Measure(Layered(500));
            Measure(Mapped(500));
            MeasureRuns(20);
            MeasureBackfill();
        }

        return
        [
            .. BySize("one Dag of {0:n0} tasks", [500, 5_000, 20_000], size => Measure(Layered(size))),
            .. BySize("{0:n0} Dags of 100 active runs", [2, 20, 200], MeasureRuns),
            .. BySize("{0:n0} mapped instances", [100, 1_000, 10_000], size => Measure(Mapped(size))),
            new("a backfill of 10,000 intervals is created in", MeasureBackfill(), "ms", 2_000),
        ];
    }

    private List<Figure> BySize(string name, int[] sizes, Func<int, (double Microseconds, double Bytes)> measure)
    {
        var figures = new List<Figure>();
        var costs = new List<double>();
        foreach (var size in sizes)
        {
            var what = string.Format(CultureInfo.InvariantCulture, name, size);
            progress(what);
            var measured = Enumerable.Range(0, Repeats).Select(_ => measure(size)).OrderBy(one => one.Microseconds).ToList();
            costs.Add(measured[Repeats / 2].Microseconds);
            figures.Add(new($"{what}: a state change", costs[^1], "us"));
            figures.Add(new($"{what}: memory", measured[Repeats / 2].Bytes, "bytes", 1024));
        }

        figures.Add(new("  largest against smallest", costs[^1] / costs[0], "times", MostGrowth));
        return figures;
    }

    private static string Name(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Runs of one Dag, one after the other.</summary>
    private static (double Microseconds, double Bytes) Measure((DagSpec Dag, int Tasks) sized)
    {
        using var engine = new InProcessEngine();
        engine.Define(sized.Dag);
        engine.Settle();
        var before = Memory();
        engine.Trigger(sized.Dag.Id, "waiting");
        engine.Settle();
        var bytes = (Memory() - before) / (double)sized.Tasks;

        engine.AddWorker();
        engine.RunUntilEnded(sized.Tasks);
        var runs = Math.Max(1, TasksPerMeasurement / sized.Tasks);
        var cpu = Environment.CpuUsage.TotalTime;
        for (var run = 0; run < runs; run++)
        {
            engine.Trigger(sized.Dag.Id, Name($"r{run}"));
            engine.RunUntilEnded(sized.Tasks * (run + 2));
        }

        return ((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / (runs * sized.Tasks * ChangesPerTask), bytes);
    }

    /// <summary>Many runs at once, each of ten tasks in a row, all begun before the first task is done.</summary>
    private static (double Microseconds, double Bytes) MeasureRuns(int dags)
    {
        const int Runs = 100;
        const int Tasks = 10;
        var waiting = dags * Runs * Tasks;
        var measured = Math.Min(waiting, TasksPerMeasurement);
        var (cpu, bytes, done) = (TimeSpan.Zero, 0.0, 0);
        for (; done < TasksPerMeasurement; done += measured)
        {
            using var engine = new InProcessEngine();
            var specs = Enumerable.Range(0, dags).Select(i => Chain(Name($"dag{i}"), Tasks)).ToList();
            specs.ForEach(engine.Define);
            engine.Settle();
            var before = Memory();
            foreach (var spec in specs)
            {
                for (var run = 0; run < Runs; run++)
                {
                    engine.Trigger(spec.Id, Name($"r{run}"));
                }
            }

            engine.Settle();
            bytes = (Memory() - before) / (double)waiting;
            var from = Environment.CpuUsage.TotalTime;
            engine.AddWorker();
            engine.RunUntilEnded(measured);
            cpu += Environment.CpuUsage.TotalTime - from;
        }

        return (cpu.TotalMicroseconds / (done * ChangesPerTask), bytes);
    }

    /// <summary>From the request to the answer that it is on disk, with an hourly Dag.</summary>
    private static double MeasureBackfill()
    {
        using var engine = new InProcessEngine();
        var end = new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var dag = Dag("hourly", [Task("only")]) with { Schedule = Schedule.Hourly, StartDate = end.AddYears(10) };
        engine.Define(dag);
        engine.Settle();
        var cpu = Environment.CpuUsage.TotalTime;
        var answer = engine.Ask<BackfillAnswer>(new MakeBackfill("bf", dag.Id, DagVersion.Of(dag), new(end.AddHours(-10_000), end), new(), "bench", null));
        return answer.Row?.Total == 10_000
            ? (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds
            : throw new InvalidOperationException(answer.Refusal);
    }

    private static long Memory() => GC.GetTotalMemory(forceFullCollection: true);

    /// <summary>Layers of a hundred, each task with three parents.</summary>
    private static (DagSpec Dag, int Tasks) Layered(int tasks)
    {
        const int Width = 100;
        return (Dag("layered", Enumerable.Range(0, tasks).Select(i => Task(Name($"t{i}")) with
        {
            Upstream = i < Width ? [] : [.. new[] { i, i + 1, i + 2 }.Select(at => (((i / Width) - 1) * Width) + (at % Width)).Order()],
        })), tasks);
    }

    private static DagSpec Chain(string id, int tasks) =>
        Dag(id, Enumerable.Range(0, tasks).Select(i => Task(Name($"t{i}")) with { Upstream = i == 0 ? [] : [i - 1] })) with { MaxActiveRuns = 100 };

    private static (DagSpec Dag, int Tasks) Mapped(int instances) => (Dag("mapped", [Task("each") with
    {
        Map = new() { Sources = [new() { Argument = "x", Values = $"[{string.Join(',', Enumerable.Range(0, instances))}]" }] },
    }]) with { MaxMapLength = instances }, instances);

    private static DagSpec Dag(string id, IEnumerable<TaskSpec> tasks) => new() { Id = new(id), Tasks = [.. tasks] };

    private static TaskSpec Task(string id) => new() { Id = new(id), Operator = "ShellOperator" };
}
