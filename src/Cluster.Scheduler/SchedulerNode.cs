using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.Api;
using Sluice.Scheduler.Bundles;
using Sluice.Scheduler.DagProcessing;
using Sluice.Scheduler.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Scheduler.Secrets;
using Sluice.Scheduler.XComs;
using Sluice.Storage;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler;

/// <summary>Makes a scheduler of a node: it stands for election, leads or stands by, and answers questions.</summary>
public sealed class SchedulerNode : IAsyncDisposable
{
    private readonly DagProcessorClient? _processor;

    private SchedulerNode(DagProcessorClient? processor, ActorRef elector) => (_processor, Elector) = (processor, elector);

    /// <summary>Takes <see cref="ToScheduler"/>.</summary>
    internal ActorRef Elector { get; }

    /// <param name="host">The node; not started yet.</param>
    /// <param name="store">Migrated.</param>
    /// <param name="box">Opens and seals connections and variables.</param>
    /// <param name="options">Valid.</param>
    /// <param name="watchFolder">False where Dags are defined by other means: in simulations.</param>
    public static SchedulerNode Attach(NodeHost host, IStore store, SecretBox box, SchedulerOptions options, bool watchFolder = true)
    {
        var vault = new Vault(store.Secrets, box);
        var bundles = new BundleShelf(store.Bundles, box);
        var lists = new XComLists(store.ReadModel);
        var processor = watchFolder
            ? new DagProcessorClient(new() { TimeLimit = options.ImportTimeout, MemoryLimitBytes = (long)options.ImportMemoryMiB << 20 })
            : null;
        var folder = processor is null
            ? null
            : Props.Create(() => new DagFolderActor(
                Path.GetFullPath(options.DagFolder), options.ScanEvery, FolderWatch.TryStart, processor, bundles,
                cancellationToken => vault.AllAsync(SecretKind.Variable, cancellationToken)));
        var silence = new Dispatch.Silence(options.HeartbeatEvery, options.FenceAfter, options.LostAfter);
        var elector = host.System.Spawn(
            Props.Create(() => new ElectorActor(
                store.Leases, host.Self.Id, host.Self.Address ?? "", options.LeaseDuration,
                epoch => Props.Create(() => new SchedulerActor(epoch, store, host, silence, lists, options, folder)).WithSupervision(SupervisionStrategy.Escalate)))
                .WithSupervision(SupervisionStrategy.Stop),
            "elector");
        host.System.Spawn(Props.Create(() => new ApiActor(host, store, vault, bundles, lists, elector)), "api");
        return new(processor, elector);
    }

    /// <summary>Takes a file's Dags as if its folder were watched: in simulations. Without effect while this node does not lead.</summary>
    public void Define(ProcessedFile file) => Elector.Tell(new ToScheduler(new FileProcessed(file)));

    /// <summary>Sizes a pool; -1 is without limit: in simulations. Without effect while this node does not lead.</summary>
    public void SizePool(string name, int slots) => Elector.Tell(new ToScheduler(new SetPool(name, slots, IncludeDeferred: false, Description: null)));

    /// <summary>Why a task that is not running waits, what weighs most first: in simulations.</summary>
    /// <param name="dag">The Dag.</param>
    /// <param name="run">Key of its run.</param>
    /// <param name="task">Id of the task, or name of the instance.</param>
    /// <exception cref="TimeoutException">No leader answered within a minute.</exception>
    public async Task<IReadOnlyList<TaskReason>> WhyAsync(DagId dag, long run, string task) =>
        (await Elector.AskAsync<TaskWhy>(new ToScheduler(new ToDag(dag, new WhyTask(run, task))), TimeSpan.FromMinutes(1))).Reasons;

    public async ValueTask DisposeAsync()
    {
        if (_processor is not null)
        {
            await _processor.DisposeAsync();
        }
    }
}
