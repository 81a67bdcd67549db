using System.Globalization;

namespace Sluice.Runner.Attempts;

/// <summary>Settings of the runtime that a worker gives its runners.</summary>
internal static class RunnerEnvironment
{
    private const string HeapLimit = "DOTNET_GCHeapHardLimit";
    private const string Diagnostics = "DOTNET_EnableDiagnostics";
    private const string Spinning = "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit";

    public static IReadOnlyList<string> Settings { get; } = [HeapLimit, Diagnostics, Spinning];

    public static void Set(IDictionary<string, string?> environment, long heapLimit)
    {
        environment[HeapLimit] = "0x" + heapLimit.ToString("X", CultureInfo.InvariantCulture);
        environment[Diagnostics] = "0"; // one socket and thread fewer at the start
        environment[Spinning] = "0"; // idle threads sleep: many runners share few cores
    }
}
