using System.Globalization;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Bench;

/// <summary>What the scheduler's own work costs, by size: whether it grows with a Dag, with what waits, with mapped instances.</summary>
/// <remarks>A task changes its state three times: it becomes ready, it is dispatched, it ends.</remarks>
internal sealed class EngineMeasurements(Action<string> progress)
{
    private const int ChangesPerTask = 3;
    private const int TasksPerMeasurement = 20_000; // small sizes are run again and again, so that each figure is of as many tasks

    public IReadOnlyList<Figure> All()
    {
        progress("warming up");
        for (var i = 0; i < 2; i++)
        {
            Measure(Layered(500));
            Measure(Mapped(500));
        }

        var figures = new List<Figure>();
        foreach (var size in new[] { 500, 5_000, 20_000 })
        {
            progress($"one Dag of {size} tasks");
            var (microseconds, bytes) = Measure(Layered(size));
            figures.Add(new(Name($"a Dag of {size:n0} tasks: a state change"), microseconds, "us"));
            figures.Add(new(Name($"a Dag of {size:n0} tasks: memory of a task"), bytes, "bytes", 1024));
        }

        foreach (var dags in new[] { 2, 20, 200 })
        {
            progress($"{dags} Dags with 100 active runs each");
            var (microseconds, bytes) = MeasureRuns(dags);
            figures.Add(new(Name($"{dags} Dags of 100 runs: a state change"), microseconds, "us"));
            figures.Add(new(Name($"{dags} Dags of 100 runs: memory of a task"), bytes, "bytes", 1024));
        }

        foreach (var size in new[] { 100, 1_000, 10_000 })
        {
            progress($"{size} mapped instances");
            var (microseconds, bytes) = Measure(Mapped(size));
            figures.Add(new(Name($"{size:n0} mapped instances: a state change"), microseconds, "us"));
            figures.Add(new(Name($"{size:n0} mapped instances: memory of one"), bytes, "bytes", 1024));
        }

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

    /// <summary>Many runs at once, each of the average: ten tasks.</summary>
    private static (double Microseconds, double Bytes) MeasureRuns(int dags)
    {
        const int Runs = 100;
        const int Tasks = 10;
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
        var all = dags * Runs * Tasks;
        var bytes = (Memory() - before) / (double)all;
        var cpu = Environment.CpuUsage.TotalTime;
        engine.AddWorker();
        engine.RunUntilEnded(all);
        return ((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / (all * ChangesPerTask), bytes);
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
