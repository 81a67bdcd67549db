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

    public static TaskSpec Task(string id, params int[] upstream) => new() { Id = new(id), Operator = "ShellOperator", Upstream = upstream };

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

    /// <summary>A random Dag: each task hangs on up to three earlier ones, with any rule; some are empty, setups, teardowns or mapped.</summary>
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
                DependsOnPast = random.Next(12) == 0,
            };
            tasks[i] = random.Next(12) switch
            {
                0 or 1 => tasks[i] with { Operator = DagRunDecider.EmptyOperator, Sensor = null },
                2 => tasks[i] with { Kind = TaskKind.Setup },
                3 when i > 0 => AsTeardown(tasks, i, random),
                4 or 5 => tasks[i] with { Map = RandomMap(tasks, i, random) },
                6 when i > 0 && tasks[i - 1].Map is { } map => InGroup(tasks, i, map),
                _ => tasks[i],
            };
        }

        return new(new() { Id = new("dag"), Tasks = tasks, FailFast = random.Next(10) == 0, MaxMapLength = 20 });
    }

    private static TaskSpec AsTeardown(TaskSpec[] tasks, int task, Random random)
    {
        var setup = random.Next(task);
        if (tasks[setup].Map is not null)
        {
            return tasks[task];
        }

        tasks[setup] = tasks[setup] with { Kind = TaskKind.Setup };
        return tasks[task] with
        {
            Kind = TaskKind.Teardown,
            TriggerRule = TriggerRule.AllDoneSetupSuccess,
            Upstream = [.. tasks[task].Upstream.Append(setup).Distinct().Order()],
            OnFailureFailDagRun = random.Next(3) == 0,
        };
    }

    private static MapSpec RandomMap(TaskSpec[] tasks, int task, Random random)
    {
        var producers = tasks[task].Upstream.Where(up => tasks[up].Operator != DagRunDecider.EmptyOperator).ToList();
        var literal = new MapSource { Argument = "a", Values = $"[{string.Join(',', Enumerable.Range(0, random.Next(5)))}]" };
        List<MapSource> sources = producers.Count > 0 && random.Next(3) > 0
            ? [new() { Argument = "b", Task = producers[random.Next(producers.Count)] }]
            : [literal];
        if (random.Next(3) == 0)
        {
            sources.Add(literal with { Argument = "c" });
        }

        return new() { Mode = (MapMode)random.Next(2), Fill = random.Next(2) == 0 ? "0" : null, Sources = sources };
    }

    /// <summary>This task and the one before it become a mapped group.</summary>
    private static TaskSpec InGroup(TaskSpec[] tasks, int task, MapSpec map)
    {
        var before = task - 1;
        map = map.Group is null ? map with { Group = $"g{before}" } : map;
        tasks[before] = tasks[before] with { Map = map };
        return tasks[task] with { Map = map, Upstream = [.. tasks[task].Upstream.Append(before).Concat(map.Sources.Select(s => s.Task ?? before)).Distinct().Order()] };
    }
}
