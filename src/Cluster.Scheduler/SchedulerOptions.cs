using Sluice.Core.Assets;

namespace Sluice.Scheduler;

/// <summary>How a scheduler node works. Section <c>scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    /// <summary>Folder that holds the Dag files. Required.</summary>
    public string DagFolder { get; set; } = "";

    /// <summary>Life of the leader lease without renewal. Default: 15 s. Shorter takes over sooner; longer forgives a slow database.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Gap between a worker's heartbeats. Default: 2 s.</summary>
    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A worker that has heard no leader for so long stops its own tasks. Default: 30 s. Must be longer than a takeover takes: <see cref="LeaseDuration"/> and a sixth of it.</summary>
    public TimeSpan FenceAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A worker that was silent for so long is lost with its attempts. Default: 40 s. Must exceed <see cref="FenceAfter"/>.</summary>
    public TimeSpan LostAfter { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>
    /// Gap between two looks at the Dag folder that nothing asked for. Default: 30 s. Changes are found within 0.1 s by the operating system's notices;
    /// shorten it where there are none to be had, such as on network file systems.
    /// </summary>
    public TimeSpan ScanEvery { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time that one Dag file may take to compile and define its Dags. Default: 30 s.</summary>
    public TimeSpan ImportTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory that one Dag file may take while it defines its Dags, in MiB. Default: 512.</summary>
    public int ImportMemoryMiB { get; set; } = 512;

    /// <summary>
    /// Events of each asset that are kept to be looked at; the latest of each Dag that updates it stays besides. Default: 1,000. At least as many as a
    /// Dag queues of an asset, so that none is deleted before those who wait for it have it.
    /// </summary>
    public int AssetEventsKept { get; set; } = 1_000;

    /// <summary>Runs of each task of which is kept what its templates came to. Default: 30. Older ones are deleted every hour.</summary>
    public int RenderedFieldsKept { get; set; } = 30;

    /// <summary>The longest that no one leads when a leader is lost: its lease must end, and a standby looks six times in the life of a lease.</summary>
    private TimeSpan Takeover => LeaseDuration * 7 / 6;

    /// <summary>Names what is wrong, key and value; empty when nothing is.</summary>
    public IEnumerable<string> Validate()
    {
        if (DagFolder.Length == 0)
        {
            yield return "scheduler.dag_folder is not set; name the folder that holds the Dag files.";
        }
        else if (!Directory.Exists(DagFolder))
        {
            yield return $"scheduler.dag_folder '{DagFolder}' does not exist.";
        }

        if (LeaseDuration < TimeSpan.FromSeconds(1))
        {
            yield return $"scheduler.lease_duration is {LeaseDuration.TotalSeconds:0.###} s; it must be at least 1 s.";
        }

        if (HeartbeatEvery <= TimeSpan.Zero || HeartbeatEvery * 2 > FenceAfter)
        {
            yield return $"scheduler.heartbeat_every is {HeartbeatEvery.TotalSeconds:0.###} s; it must be more than 0 and at most half of fence_after ({FenceAfter.TotalSeconds:0.###} s).";
        }

        if (FenceAfter <= Takeover)
        {
            yield return $"scheduler.fence_after is {FenceAfter.TotalSeconds:0.###} s; it must be longer than lease_duration ({LeaseDuration.TotalSeconds:0.###} s) and a sixth of it, or workers would stop their tasks before a standby can take over.";
        }

        if (LostAfter <= FenceAfter)
        {
            yield return $"scheduler.lost_after is {LostAfter.TotalSeconds:0.###} s; it must be longer than fence_after ({FenceAfter.TotalSeconds:0.###} s), or an attempt could run twice at once.";
        }

        if (ScanEvery < TimeSpan.FromMilliseconds(100))
        {
            yield return $"scheduler.scan_every is {ScanEvery.TotalMilliseconds:0} ms; it must be at least 100 ms.";
        }

        if (ImportTimeout < TimeSpan.FromSeconds(1))
        {
            yield return $"scheduler.import_timeout is {ImportTimeout.TotalSeconds:0.###} s; it must be at least 1 s.";
        }

        if (ImportMemoryMiB < 128)
        {
            yield return $"scheduler.import_memory_mib is {ImportMemoryMiB}; the compiler alone needs 128.";
        }

        if (RenderedFieldsKept < 1)
        {
            yield return $"scheduler.rendered_fields_kept is {RenderedFieldsKept}; it must be at least 1.";
        }

        if (AssetEventsKept < AssetQueue.Depth)
        {
            yield return $"scheduler.asset_events_kept is {AssetEventsKept}; it must be at least {AssetQueue.Depth}, as many as Dags that wait for an asset queue of it.";
        }
    }
}
