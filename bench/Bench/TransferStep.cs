using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Providers.All;

namespace Sluice.Bench;

/// <summary>Runs one operator in a process of its own, as a worker does, and tells what it took.</summary>
/// <remarks>A runner lives for many tasks, so a step may be run on other rows before its clock starts, until the compiler has no more to do: what it does then it does not do for each task.</remarks>
internal static class TransferStep
{
    public const string Verb = "transfer-step";

    private const int MostWarmUps = 8;
    private const int FewMethods = 20;

    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300); // it begins when nothing new was called for 100

    /// <summary>Arguments: class of the operator, its arguments as JSON, connections as JSON (id to URI); then, to warm up with before the clock starts, other arguments of it.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var providers = BuiltInProviders.Catalog();
        var services = new Services(JsonSerializer.Deserialize<Dictionary<string, string>>(arguments[2])!);
        if (arguments.Count > 3)
        {
            await WarmUpAsync(() => Prepare(arguments[3])());
        }

        var step = Prepare(arguments[1]);
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var result = await step();
        Console.WriteLine(JsonSerializer.Serialize(new StepResult(
            clock.Elapsed.TotalSeconds,
            (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds,
            PeakMegabytes("self"),
            JsonSerializer.Serialize(result, result!.GetType()))));
        return 0;

        Func<ValueTask<object?>> Prepare(string json)
        {
            var operation = new OperatorFactory(providers).Create(arguments[0], json);
            var task = new TaskSpec { Id = new("step"), Operator = arguments[0] };
            var dag = new DagSpec { Id = new("bench"), Tasks = [task] };
            var start = new DateTimeOffset(2021, 2, 5, 0, 0, 0, default);
            var run = new RunFacts { Key = 1, Dag = dag.Id, Id = new("manual__1"), Type = RunType.Manual, Interval = new(start, start.AddDays(1)), Version = "v" };
            var context = new TaskContext(run, dag, task, 1, services, providers) { Attempt = new(1, 0, (int)DateTimeOffset.UtcNow.ToUnixTimeSeconds()) };
            return () => operation.ExecuteAsync(context, CancellationToken.None);
        }
    }

    // What is called often is compiled a second time, behind the work: in a runner that happens once for all its tasks.
    private static async Task WarmUpAsync(Func<ValueTask<object?>> step)
    {
        for (var (time, known) = (0, -1L); time < MostWarmUps && JitInfo.GetCompiledMethodCount() is var compiled && compiled > known + FewMethods; time++)
        {
            known = compiled;
            await step();
            await SettleAsync();
        }
    }

    private static async Task SettleAsync()
    {
        for (var known = -1L; JitInfo.GetCompiledMethodCount() is var compiled && compiled != known;)
        {
            known = compiled;
            await Task.Delay(CompilerPause);
        }
    }

    /// <param name="process">Id of a process, or <c>self</c>.</param>
    public static double PeakMegabytes(string process) => double.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;

    private sealed class Services(Dictionary<string, string> connections) : ITaskServices
    {
        public ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken = default) =>
            new(connections.TryGetValue(id, out var uri) ? ConnectionUri.Parse(id, uri) : null);

        public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken = default) => new((string?)null);

        public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) => new((string?)null);

        public void WriteLog(LogLevel level, string line) => Console.Error.WriteLine($"    {line}");
    }
}

/// <summary>What a step took.</summary>
/// <param name="Seconds">From the operator's start to its end.</param>
/// <param name="Cpu">CPU seconds of its process in that time.</param>
/// <param name="PeakMegabytes">Most resident memory of the process since it began, the warming up included.</param>
/// <param name="Result">What the operator returned, as JSON.</param>
internal sealed record StepResult(double Seconds, double Cpu, double PeakMegabytes, string Result);
