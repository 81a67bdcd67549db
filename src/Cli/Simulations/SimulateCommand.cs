using System.CommandLine;
using System.Globalization;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Dags;
using Sluice.Cli.Output;
using Sluice.Core.Dags;
using Sluice.Core.Queues;
using Sluice.Core.Schedules;

namespace Sluice.Cli.Simulations;

/// <summary><c>sluice simulate</c>: what the scheduler would do with a folder of Dags, in virtual time and without running a task.</summary>
internal static class SimulateCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3700);

    private static readonly Option<string?> From = new("--from") { Description = "First moment, UTC. Required.", HelpName = "DATE" };
    private static readonly Option<string?> To = new("--to") { Description = "Last moment, not included, UTC. Required.", HelpName = "DATE" };
    private static readonly Option<string?> Folder = new("--dag-folder") { Description = "Folder, or one file. Else SLUICE_DAG_FOLDER, else ./dags, else here.", HelpName = "DIR" };
    private static readonly Option<string?> Fail = new("--fail") { Description = "Share of attempts that fail: 5%. Default: none.", HelpName = "PERCENT" };

    private static readonly Option<string?> Durations = new("--durations")
    {
        Description = $"JSON file: {{\"dag/task\": \"5m\", \"dag\": \"30s\", \"*\": \"10s\"}}. What it does not say takes {TaskDurations.Rule}.",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> Pools = new("--pool")
    {
        Description = "Size of a pool; -1 is without limit, as pools are that are not given. Again for more.",
        HelpName = "NAME=SLOTS",
    };

    private static readonly Option<int> Slots = new("--slots") { Description = "Slots of all workers together.", HelpName = "N", DefaultValueFactory = _ => 32 };
    private static readonly Option<int> Seed = new("--seed") { Description = "Chooses lengths and failures; the same seed gives the same month.", HelpName = "N", DefaultValueFactory = _ => 1 };

    public static Command Create(CommandFactory factory) => factory.Local(
        new(
            "simulate",
            "Let the real scheduler go through a stretch of time in seconds, without running tasks: what runs when, what waits, what misses its deadline.",
            "sluice simulate --from 2026-10-01 --to 2026-11-01",
            "sluice simulate --from 2026-10-01 --to 2026-11-01 --fail 5% \\\n    --durations durations.json --slots 16 --pool warehouse=2 --json"),
        RunAsync,
        From, To, Folder, Fail, Durations, Slots, Pools, Seed);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        var given = PoolsOf(invocation.Find(Pools) ?? []);
        var settings = SettingsOf(invocation);
        var place = invocation.Find(Folder) ?? invocation.Terminal.Environment("SLUICE_DAG_FOLDER") ?? (Directory.Exists("dags") ? "dags" : ".");
        var dags = await DagSpecs.ReadAsync(invocation, place);
        if (dags.Count == 0)
        {
            throw new FailureException($"There is no Dag in '{place}'; name a folder or file by --dag-folder.");
        }

        settings = settings with { Pools = PoolsFor(invocation, dags, given) };
        var simulation = new DagSimulation(dags, settings);

        // The simulation wants a thread without a context of its own.
        await Task.Run(() => simulation.Run(invocation.Cancel), invocation.Cancel);
        var report = new SimulationReport(simulation, settings);
        if (invocation.Json)
        {
            invocation.Terminal.Line(report.ToJson().ToJsonString());
        }
        else
        {
            report.WriteTo(invocation.Terminal);
        }

        return ExitCodes.Ok;
    }

    private static SimulationSettings SettingsOf(Invocation invocation)
    {
        var from = ScheduleDates.Parse(invocation.Find(From) ?? throw new UsageException("Option '--from' is required."), "UTC");
        var to = ScheduleDates.Parse(invocation.Find(To) ?? throw new UsageException("Option '--to' is required."), "UTC");
        var slots = invocation.Find(Slots);
        return to <= from ? throw new UsageException($"--to is {invocation.Find(To)}; it must be after --from, {invocation.Find(From)}.")
            : to - from > Longest ? throw new UsageException("--from and --to are more than ten years apart.")
            : from.Year is < 1900 or > 2900 ? throw new UsageException($"--from is {invocation.Find(From)}; it must lie between the years 1900 and 2900.")
            : slots is < 1 or > 100_000 ? throw new UsageException($"--slots is {slots}; it must be from 1 to 100000.")
            : new()
            {
                From = from,
                To = to,
                Slots = slots,
                Fail = FailOf(invocation.Find(Fail)),
                Durations = invocation.Find(Durations) is { } file ? TaskDurations.Read(file) : TaskDurations.Default,
                Seed = invocation.Find(Seed),
                Pools = new Dictionary<string, int>(),
            };
    }

    private static Dictionary<string, int> PoolsOf(IReadOnlyList<string> texts)
    {
        var pools = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var at = text.LastIndexOf('=');
            if (at < 1 || !int.TryParse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var slots) || slots < -1)
            {
                throw new UsageException($"--pool is '{text}'; it must be NAME=SLOTS, like warehouse=2, with 0 slots or more, or -1 for no limit.");
            }

            if (!pools.TryAdd(text[..at], slots))
            {
                throw new UsageException($"--pool gives '{text[..at]}' twice.");
            }
        }

        return pools;
    }

    /// <summary>A size for every pool that is named. Those that are not given are without limit, and people are told.</summary>
    private static Dictionary<string, int> PoolsFor(Invocation invocation, IReadOnlyList<DagSpec> dags, Dictionary<string, int> given)
    {
        var pools = new Dictionary<string, int>(given, StringComparer.Ordinal);
        pools.TryAdd(DispatchQueue.DefaultPool, DispatchQueue.DefaultPoolSlots);
        var named = dags.SelectMany(dag => dag.Tasks).Select(task => task.Pool).Distinct().Order(StringComparer.Ordinal).ToList();
        var unknown = named.Where(pool => pools.TryAdd(pool, -1)).ToList();
        if (unknown.Count > 0)
        {
            invocation.Terminal.Error.WriteLine(Terminal.Clean(
                $"Pools without a size here count as without limit: {string.Join(", ", unknown)}. Give them by --pool {unknown[0]}=SLOTS; a deployment would let their tasks wait until they are made."));
        }

        var idle = given.Keys.Except(named).Where(pool => pool != DispatchQueue.DefaultPool).Order(StringComparer.Ordinal).ToList();
        if (idle.Count > 0)
        {
            invocation.Terminal.Error.WriteLine(Terminal.Clean($"No task names these pools: {string.Join(", ", idle)}."));
        }

        return pools;
    }

    private static double FailOf(string? text)
    {
        if (text is null)
        {
            return 0;
        }

        var number = text.TrimEnd('%');
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 100
            ? share / 100
            : throw new UsageException($"--fail is '{text}'; it must be a percentage from 0 to 100, like 5%.");
    }
}
