namespace Sluice.Cluster.Worker.Runners;

/// <summary>What the pool reads of <see cref="WorkerOptions"/>.</summary>
/// <param name="Warm">Kept ready.</param>
/// <param name="Most">At once.</param>
internal sealed record RunnerLimits(int Warm, int Most, int TasksPerRunner, TimeSpan Idle, long Memory, TimeSpan KillGrace, TimeSpan ScaleUp)
{
    // Pokes of slotless sensors go on while every slot is held by a long task.
    private const int ForSlotless = 2;

    public static RunnerLimits From(WorkerOptions options) => new(
        options.WarmRunners, options.Slots + ForSlotless, options.TasksPerRunner, options.RunnerIdle, options.RunnerMemory, options.KillGrace, options.RunnerScaleUp);
}
