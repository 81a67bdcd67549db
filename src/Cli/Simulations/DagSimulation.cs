using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Cluster.Nodes;
using Sluice.Cluster.Transport;
using Sluice.Cluster.Wire;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Scheduler;
using Sluice.Storage.Secrets;

namespace Sluice.Cli.Simulations;

/// <summary>What is simulated.</summary>
internal sealed record SimulationSettings
{
    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    public required int Slots { get; init; }

    /// <summary>Share of attempts that fail, from 0 to 1.</summary>
    public required double Fail { get; init; }

    public required TaskDurations Durations { get; init; }

    public required int Seed { get; init; }

    /// <summary>Slots of each pool that a task names; negative is without limit.</summary>
    public required IReadOnlyDictionary<string, int> Pools { get; init; }
}

/// <summary>The real scheduler in virtual time over Dags whose tasks are not run: a deployment that has been going before, from one moment to another.</summary>
internal sealed class DagSimulation(IReadOnlyList<DagSpec> dags, SimulationSettings settings)
{
    private const string SchedulerName = "scheduler";

    // Nobody dies here: silence is borne for longer than any simulation lasts, and costs no steps.
    private static readonly TimeSpan Forever = TimeSpan.FromDays(20_000);

    // For an election, and for Dags to be taken.
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(30);

    private readonly SimulationDispatcher _simulation = new(settings.Seed, settings.From - Lead);
    private readonly Dictionary<DagId, DagSpec> _specs = dags.ToDictionary(dag => dag.Id);

    public SimulationRecord Record { get; private set; } = null!;

    public SimulatedWorker Worker { get; private set; } = null!;

    public long Steps => _simulation.Steps;

    /// <exception cref="TimeoutException">The scheduler did not come up.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        Record = new(_simulation, _specs, settings.Pools);
        var network = new SimulatedNetwork(_simulation, new() { Serialize = false });
        var node = _simulation.CreateNode(SchedulerName);
        var system = new ActorSystem(SchedulerName, node, node.Time, NullLoggerFactory.Instance);
        var host = new NodeHost(
            system, network.CreateTransport(new(SchedulerName, NodeRole.Scheduler, SchedulerName + ":1", SchedulerName), node), [], NullLoggerFactory.Instance);
        var keys = Directory.CreateTempSubdirectory("sluice-simulate-");
        try
        {
            var options = new SchedulerOptions { DagFolder = "/", LeaseDuration = Forever, HeartbeatEvery = Forever / 4, FenceAfter = Forever, LostAfter = Forever };
            var scheduler = SchedulerNode.Attach(host, Record, new SecretBox(SecretKeys.LoadOrCreate(Path.Combine(keys.FullName, "key"))), options, watchFolder: false);
            host.StartAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            _simulation.RunFor(TimeSpan.FromSeconds(5));

            var queues = dags.SelectMany(dag => dag.Tasks).Select(task => task.Queue).Append("default").Distinct(StringComparer.Ordinal).ToList();
            Worker = new(network, _simulation.CreateNode("worker"), SchedulerName, settings.Slots, queues, Draw) { Began = Record.Began, Ended = Record.Ended };
            _simulation.RunFor(TimeSpan.FromSeconds(5));
            if (!Worker.IsRegistered)
            {
                throw new TimeoutException("The simulated scheduler did not take its worker; please report this.");
            }

            Record.Ask = (run, instance) => scheduler.WhyAsync(run.Facts.Dag, run.Facts.Key, run.Folded.NameOf(instance).Value);
            foreach (var (pool, size) in settings.Pools)
            {
                scheduler.SizePool(pool, size);
            }

            foreach (var dag in dags)
            {
                var going = GoingOn(dag);
                scheduler.Define(new()
                {
                    File = dag.Id.Value,
                    ContentHash = "",
                    Dags = [new(DagSpecJson.Serialize(going), DagVersion.Of(going))],
                });
            }

            while (_simulation.Now < settings.To)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var left = settings.To - _simulation.Now;
                _simulation.RunFor(left < TimeSpan.FromHours(6) ? left : TimeSpan.FromHours(6));
            }

            Record.CloseAt(settings.To);
        }
        finally
        {
            keys.Delete(recursive: true);
        }
    }

    /// <summary>The Dag as one that has done all that was due before: it goes on at the first tick from the beginning.</summary>
    private DagSpec GoingOn(DagSpec dag) => dag.Schedule.Clock switch
    {
        // There is nothing outside to be watched.
        ContinuousSchedule when dag.Tasks.Any(task => task.Sensor is { Watch: not null }) => dag with { Schedule = Schedule.None },
        OnceSchedule when dag.StartDate < settings.From => dag with { Schedule = Schedule.None },
        ContinuousSchedule => dag with { StartDate = dag.StartDate > settings.From ? dag.StartDate : settings.From },
        _ => dag with { Catchup = CatchupMode.None },
    };

    // By the attempt's place alone, so that a Dag more or less does not change what the others draw.
    private (TaskSpec Task, string Name, TimeSpan Length, bool Fails) Draw(RunFacts run, int task)
    {
        var seen = Record.Runs[run.Key];
        var spec = seen.Folded.SpecOf(task);
        var hash = Mix(((ulong)settings.Seed << 32) ^ (ulong)task ^ ((ulong)seen.Failures << 20));
        foreach (var c in run.Dag.Value)
        {
            hash = Mix(hash ^ c);
        }

        hash = Mix(hash ^ (ulong)run.LogicalDate.UtcTicks);
        return (spec, seen.Folded.NameOf(task).Value, settings.Durations.Of(run.Dag, spec, Share(hash)), Share(Mix(hash + 1)) < settings.Fail);
    }

    private static double Share(ulong hash) => (hash >> 11) * (1.0 / (1UL << 53));

    // SplitMix64's finalizer: neighbours come out far apart.
    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
