using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.DagRuns;

/// <summary>Small Dags for tests.</summary>
internal static class Graphs
{
    public static readonly DateTimeOffset Noon = new(2021, 2, 6, 12, 0, 0, TimeSpan.Zero);

    public static DagGraph Of(params TaskSpec[] tasks) => new(new() { Id = new("dag"), Tasks = tasks });

    public static TaskSpec Task(string id, params int[] upstream) => new() { Id = new(id), Operator = "EmptyOperator", Upstream = upstream };

    public static DagRunState NewRun(DagGraph graph) => new(graph, Created);

    public static RunCreated Created { get; } = new(
        new()
        {
            Key = 7,
            Dag = new("dag"),
            Id = new("manual__1"),
            Type = RunType.Manual,
            Interval = new DataInterval(Noon, Noon),
            Version = "v",
        },
        0);

    /// <summary>A random Dag: each task hangs on up to three earlier ones, with any rule.</summary>
    public static DagGraph Random(Random random, int size)
    {
        var rules = Enum.GetValues<TriggerRule>();
        var tasks = new TaskSpec[size];
        for (var i = 0; i < size; i++)
        {
            var upstream = Enumerable.Range(0, random.Next(0, 4)).Select(_ => random.Next(0, Math.Max(1, i))).Where(up => up < i).Distinct().Order();
            tasks[i] = Task($"t{i}", [.. upstream]) with
            {
                TriggerRule = random.Next(3) > 0 ? TriggerRule.AllSuccess : rules[random.Next(rules.Length)],
                Retries = random.Next(0, 3),
                RetryDelay = TimeSpan.FromSeconds(random.Next(0, 100)),
                RetryExponentialBackoff = random.Next(2) == 0,
                Sensor = random.Next(5) == 0 ? new() { Mode = SensorMode.Reschedule } : null,
            };
        }

        return Of(tasks);
    }
}
