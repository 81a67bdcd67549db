namespace Sluice.Cluster.Worker;

/// <summary>What a worker offers and how it holds its runners. Section <c>Worker</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>Attempts that run at once; async sensors come on top. Default: 8. More helps tasks that wait for others, and hurts those that compute.</summary>
    public int Slots { get; set; } = 8;

    /// <summary>Queues that it serves. Default: <c>default</c>.</summary>
    public IReadOnlyList<string> Queues { get; set; } = ["default"];

    /// <summary>Folder for logs and cached bundles, made when missing. No default.</summary>
    public string Home { get; set; } = "";

    /// <summary>Runner processes kept ready however idle it is. Default: 1. Each holds about 50 MB; with none the first task waits for a start (about 0.15 s).</summary>
    public int WarmRunners { get; set; } = 1;

    /// <summary>Tasks after which a runner is replaced by a fresh one. Default: 100,000. Lower forgives code that leaks what <see cref="RunnerMemory"/> does not see; each start costs 0.15 to 0.3 s of CPU: at 10,000 some 20 us a task.</summary>
    public int TasksPerRunner { get; set; } = 100_000;

    /// <summary>A runner beyond the warm ones ends after so long without a task. Default: 5 min.</summary>
    public TimeSpan RunnerIdle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of resident memory above which a runner is replaced once its task has ended. Default: 1 GiB.</summary>
    public long RunnerMemory { get; set; } = 1L << 30;

    /// <summary>Bytes that the managed heap of one runner may hold: more is an OutOfMemoryException inside the task. Default: 4 GiB.</summary>
    public long RunnerHeapLimit { get; set; } = 4L << 30;

    /// <summary>How long a cancelled task may go on before its runner is killed. Default: 10 s. Longer lets tasks clean up; it also delays retries.</summary>
    public TimeSpan KillGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a task waits for a busy runner before another is started. Default: 20 ms. Shorter starts processes for bursts of tiny tasks, longer makes short tasks queue.</summary>
    public TimeSpan RunnerScaleUp { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes of log kept of one attempt; the rest is cut, with a line that says so. Default: 100 MiB.</summary>
    public long LogLimit { get; set; } = 100L << 20;

    /// <summary>Where XComs of more than 64 Ki characters go: a prefix that all workers reach, <c>s3://bucket/xcoms</c> or <c>file:///shared/xcoms</c>. Default: none, they stay in the database.</summary>
    public Uri? XComStore { get; set; }

    /// <summary>Id of the connection that <see cref="XComStore"/> is opened with. Default: none; a folder needs none.</summary>
    public string? XComStoreConnection { get; set; }

    /// <summary>How long a stopping worker lets its attempts go on before they are killed and reported as lost. Default: 30 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The runner: <c>Sluice.Runner.dll</c> or its executable. Default: the one beside the program.</summary>
    public string RunnerPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "Sluice.Runner.dll");

    /// <summary>Refuses nonsense, with the key and the value.</summary>
    /// <exception cref="ArgumentException">A value makes no sense.</exception>
    public void Validate()
    {
        Require(Slots is >= 1 and <= 1024, nameof(Slots), Slots, "must be between 1 and 1024");
        Require(Queues.Count > 0 && Queues.All(q => !string.IsNullOrWhiteSpace(q)), nameof(Queues), $"[{string.Join(", ", Queues)}]", "must name at least one queue, and no blank one");
        Require(!string.IsNullOrWhiteSpace(Home), nameof(Home), Home, "must name a folder");
        Require(WarmRunners >= 0 && WarmRunners <= Slots, nameof(WarmRunners), WarmRunners, $"must be between 0 and {nameof(Slots)} ({Slots})");
        Require(TasksPerRunner >= 1, nameof(TasksPerRunner), TasksPerRunner, "must be at least 1");
        Require(RunnerIdle > TimeSpan.Zero, nameof(RunnerIdle), RunnerIdle, "must be longer than zero");
        Require(RunnerMemory >= 64L << 20, nameof(RunnerMemory), RunnerMemory, "must be at least 67108864 (64 MiB)");
        Require(RunnerHeapLimit >= 64L << 20, nameof(RunnerHeapLimit), RunnerHeapLimit, "must be at least 67108864 (64 MiB)");
        Require(KillGrace >= TimeSpan.Zero && KillGrace <= TimeSpan.FromHours(1), nameof(KillGrace), KillGrace, "must be between zero and one hour");
        Require(RunnerScaleUp >= TimeSpan.Zero, nameof(RunnerScaleUp), RunnerScaleUp, "must not be negative");
        Require(LogLimit >= 1024, nameof(LogLimit), LogLimit, "must be at least 1024 bytes");
        Require(DrainTimeout >= TimeSpan.Zero, nameof(DrainTimeout), DrainTimeout, "must not be negative");
        Require(File.Exists(RunnerPath), nameof(RunnerPath), RunnerPath, "does not exist; it is built by the project src/Runner and lies beside the worker");
    }

    private static void Require(bool holds, string key, object value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"Worker:{key} is '{value}': it {rule}.", key);
        }
    }
}
