using System.Diagnostics;
using Sluice.Client;
using Sluice.Cluster.Api;

namespace Sluice.Bench;

/// <summary>One figure with its goal.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The figure.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Goal">What is to be reached; null for none.</param>
/// <param name="HigherIsBetter">Which way the goal lies.</param>
/// <param name="Parts">What of it each part of the deployment has used, in the same unit; null where it is not CPU time of processes.</param>
internal sealed record Figure(
    string Name, double Value, string Unit, double? Goal = null, bool HigherIsBetter = false, IReadOnlyDictionary<string, double>? Parts = null)
{
    public bool? Reached => Goal is { } goal ? HigherIsBetter ? Value >= goal : Value <= goal : null;
}

/// <summary>The measurements. Times come from the engine's own records, never from the client's clock.</summary>
/// <param name="deployment">What is measured.</param>
/// <param name="embedded">Which goals count.</param>
/// <param name="repeats">Runs of each chain; the median is reported.</param>
internal sealed class Measurements(Deployment deployment, bool embedded, int repeats)
{
    private readonly ApiClient _api = deployment.Api;
    private int _run;

    public async Task<IReadOnlyList<Figure>> AllAsync(Action<string> progress)
    {
        var figures = new List<Figure>();
        progress("warming up");
        for (var i = 0; i < 3; i++)
        {
            await DurationAsync("s40");
            await DurationAsync("wide_1000");
        }

        progress("S40");
        figures.Add(new("S40: chain of 40 tasks, fib(10)", await MedianAsync("s40"), "s", embedded ? 0.08 : 0.12));
        progress("linear 1,000");
        figures.Add(new("linear 1,000: a step", await MedianAsync("linear_1000"), "ms", 1));
        progress("wide 1,000");
        figures.Add(new("wide 1,000", await MedianAsync("wide_1000"), "s", 0.25));
        progress("100 Dags of 10");
        figures.Add(await HundredDagsAsync());
        progress("trigger to first task, 200 triggers");
        figures.AddRange(await LatencyAsync());
        figures.AddRange(await TasksAsync(progress));
        figures.AddRange(await IdleAsync(progress));
        return figures;
    }

    /// <summary>20,000 independent tasks, several times. The median of CPU time is reported, which a busy machine moves less than any other.</summary>
    public async Task<IReadOnlyList<Figure>> TasksAsync(Action<string> progress)
    {
        progress("warming up with 20,000 independent tasks");
        await ThroughputAsync();
        var rounds = new List<IReadOnlyList<Figure>>();
        for (var i = 0; i < repeats; i++)
        {
            progress("20,000 independent tasks");
            rounds.Add(await ThroughputAsync());
        }

        return rounds.OrderBy(round => round.First(figure => figure.Parts is not null).Value).ElementAt(rounds.Count / 2);
    }

    /// <summary>The chain alone: for the slow disk.</summary>
    public async Task<IReadOnlyList<Figure>> ChainsAsync(Action<string> progress)
    {
        progress("warming up");
        await DurationAsync("s40");
        progress("S40");
        var s40 = await MedianAsync("s40");
        progress("linear 1,000");
        return [new("S40: chain of 40 tasks, fib(10)", s40, "s"), new("linear 1,000: a step", await MedianAsync("linear_1000"), "ms", 2)];
    }

    private static double Seconds(RunSummary run) => (run.EndedAt!.Value - run.StartedAt!.Value).TotalSeconds;

    private async Task<double> MedianAsync(string dag)
    {
        var times = new List<double>();
        for (var i = 0; i < repeats; i++)
        {
            times.Add(await DurationAsync(dag));
        }

        times.Sort();
        return times[times.Count / 2];
    }

    private async Task<double> DurationAsync(string dag) => Seconds(await RunAsync(dag));

    private async Task<RunSummary> RunAsync(string dag)
    {
        var run = await _api.TriggerRunAsync(new(dag, null, NextId(), null));
        return await EndOfAsync(dag, run.RunId);
    }

    private string NextId() => $"bench-{deployment.Name.Length}-{Environment.ProcessId}-{_run++}";

    private async Task<RunSummary> EndOfAsync(string dag, string runId)
    {
        var limit = Stopwatch.StartNew();
        while (true)
        {
            var run = (await _api.ListRunsAsync(new(dag, null, null, 50))).FirstOrDefault(run => run.RunId == runId);
            if (run is { State: "success" })
            {
                return run;
            }

            if (run is { State: "failed" } || limit.Elapsed > TimeSpan.FromMinutes(3))
            {
                throw new InvalidOperationException($"{dag} {runId} is {run?.State ?? "unknown"}: {run?.Reason}");
            }

            await Task.Delay(50);
        }
    }

    private async Task<Figure> HundredDagsAsync()
    {
        var id = NextId();
        var dags = Enumerable.Range(0, 100).Select(number => $"small_{number}").ToList();
        await Parallel.ForEachAsync(dags, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (dag, stop) => await _api.TriggerRunAsync(new(dag, null, id, null), stop));
        var runs = new List<RunSummary>();
        foreach (var dag in dags)
        {
            runs.Add(await EndOfAsync(dag, id));
        }

        return new("100 Dags of 10: first trigger to last end", (runs.Max(run => run.EndedAt!.Value) - runs.Min(run => run.QueuedAt!.Value)).TotalSeconds, "s");
    }

    private async Task<IReadOnlyList<Figure>> LatencyAsync()
    {
        var waits = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var run = await RunAsync("single");
            var task = (await _api.ShowRunAsync("single", run.RunId)).Tasks.Single();
            waits.Add((task.StartedAt!.Value - run.QueuedAt!.Value).TotalMilliseconds);
        }

        waits.Sort();
        return [new("trigger to first task, p50", waits[100], "ms", 5), new("trigger to first task, p99", waits[197], "ms", 20)];
    }

    private async Task<IReadOnlyList<Figure>> ThroughputAsync()
    {
        var wal = await deployment.WalBytesAsync();
        var busy = MachineCpu.Busy();
        var before = ProcessCpu.ByPart();
        var ids = Enumerable.Range(0, 4).Select(_ => NextId()).ToList();
        foreach (var id in ids)
        {
            await _api.TriggerRunAsync(new("independent_5000", null, id, null));
        }

        // The client asks rarely, so that its own cost is not what is measured.
        await Task.Delay(1500);
        var runs = new List<RunSummary>();
        foreach (var id in ids)
        {
            runs.Add(await EndOfAsync("independent_5000", id));
        }

        var cpu = MachineCpu.Busy() - busy;
        var parts = Parts(before, used => used.TotalMicroseconds / 20_000);
        var seconds = (runs.Max(run => run.EndedAt!.Value) - runs.Min(run => run.QueuedAt!.Value)).TotalSeconds;
        List<Figure> figures =
        [
            new("20,000 independent tasks", 20_000 / seconds, "tasks/s", 8000, HigherIsBetter: true),
            new("CPU of the whole machine a task", cpu.TotalMicroseconds / 20_000, "us"),
            new("CPU of all processes a task", parts.Values.Sum(), "us", 100, Parts: parts),
        ];
        if (wal is { } start)
        {
            figures.Add(new("write-ahead log a task", ((await deployment.WalBytesAsync())!.Value - start) / 20_000d, "bytes", 1000));
        }

        return figures;
    }

    /// <summary>What the deployment uses when there is nothing to do.</summary>
    public async Task<IReadOnlyList<Figure>> IdleAsync(Action<string> progress)
    {
        await DurationAsync("wide_1000");
        progress("idle");

        // PostgreSQL tidies up behind the tasks for a while, and runtimes go on compiling what the tasks used: both is told apart from rest.
        var after = await IdleAsync(TimeSpan.FromSeconds(20));
        var idle = await IdleAsync(TimeSpan.FromSeconds(40));
        after.Remove(ProcessCpu.PostgresMaintenance);
        idle.Remove(ProcessCpu.PostgresMaintenance, out var maintenance);
        return
        [
            new("20 s after a burst: CPU of all processes", after.Values.Sum(), "% of a core", Parts: after),
            new("idle: CPU of all processes", idle.Values.Sum(), "% of a core", 1, Parts: idle),
            new("idle: PostgreSQL's own work beside it", maintenance, "% of a core"),
        ];
    }

    /// <summary>Percent of a core by process, over half a minute, but for this program.</summary>
    private static async Task<Dictionary<string, double>> IdleAsync(TimeSpan wait)
    {
        await Task.Delay(wait);
        var (before, clock) = (ProcessCpu.ByPart(), Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(30));
        var parts = Parts(before, used => used / clock.Elapsed * 100);
        parts.Remove(ProcessCpu.Client);
        return parts;
    }

    private static Dictionary<string, double> Parts(IReadOnlyDictionary<string, TimeSpan> before, Func<TimeSpan, double> value) =>
        ProcessCpu.Since(before).ToDictionary(part => part.Key, part => Math.Round(value(part.Value), 3));
}
