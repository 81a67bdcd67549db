namespace Sluice.Scheduler.DagProcessing;

/// <summary>How Dag files are processed.</summary>
public sealed record ProcessorOptions
{
    /// <summary>The processor's assembly. Default: Sluice.DagProcessor.dll beside this program.</summary>
    public string AssemblyPath { get; init; } = Path.Combine(AppContext.BaseDirectory, "Sluice.DagProcessor.dll");

    /// <summary>For the code of one file, from its first statement to its last definition; compiling does not count, on a busy machine it takes long. Default: 30 s. Longer lets a file that loops burn a core for longer.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that the processor may hold; three quarters of it may be its managed heap. Default: 512 MiB, of which the compiler takes about 150.</summary>
    public long MemoryLimitBytes { get; init; } = 512L << 20;

    /// <summary>Files that are processed at once at most, each by a process of its own. Default: two for each core: one beside each that is slow. One process is kept warm when all is done.</summary>
    public int Processes { get; init; } = 2 * Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>Files after which a processor that does well is replaced by a new one: what definitions leave behind goes with it. Default: 500.</summary>
    public int FilesPerProcess { get; init; } = 500;

    /// <summary>Whether a process warms its compiler up before its first file. Default: true. False where there are only YAML files: it saves most of a second.</summary>
    public bool WarmsUp { get; init; } = true;
}
