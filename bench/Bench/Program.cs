using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Bench;
using Sluice.Services;

// ./bench.sh [--json] [--only embedded|cluster|slow-disk] [--measure all|tasks|idle|engine|simulate|transfer] [--slots N] [--repeats N] [--rows N]
if (args is [TransferStep.Verb, .. var step])
{
    return await TransferStep.RunAsync(step);
}

var json = args.Contains("--json");
var measure = Option("--measure") ?? "all";
var only = Option("--only");
var slots = int.Parse(Option("--slots") ?? "8", CultureInfo.InvariantCulture);
var repeats = int.Parse(Option("--repeats") ?? "5", CultureInfo.InvariantCulture);
var dags = Path.Combine(Repository.Root, "bench", "dags");
var report = new JsonArray();
var missed = 0;

if (measure is "transfer")
{
    var rows = long.Parse(Option("--rows") ?? "5000000", CultureInfo.InvariantCulture);
    Report($"{rows:N0} rows, MariaDB to S3 to PostgreSQL", await new TransferMeasurements(rows, Math.Min(repeats, 3), Progress).AllAsync(), "each step in a process of its own, warmed up; best of the repeats");
}
else if (measure is "engine")
{
    Report("scheduler in process, SQLite in memory, no workers", new EngineMeasurements(Progress).All(), "one thread, virtual time, CPU time of the process");
}
else if (measure is "simulate")
{
    Report("sluice simulate, no deployment", await new SimulateMeasurements(Math.Min(repeats, 3), Progress).AllAsync(), "a process of its own, from its start to its end, best of the repeats");
}
else if (only is null or "embedded")
{
    await using var deployment = await Deployment.EmbeddedAsync(dags, slots);
    Report(deployment.Name, await MeasureAsync(new(deployment, true, repeats)));
}

if (measure is not ("engine" or "simulate" or "transfer") && (only is null or "cluster"))
{
    await using var deployment = await Deployment.ClusterAsync(dags, slots, slowDisk: false);
    Report(deployment.Name, await MeasureAsync(new(deployment, false, repeats)));
}

if ((measure is not ("engine" or "simulate" or "transfer") && only is "slow-disk") || (only is null && measure is "all"))
{
    await using var deployment = await Deployment.ClusterAsync(dags, slots, slowDisk: true);
    Report(deployment.Name, await new Measurements(deployment, false, repeats).ChainsAsync(Progress));
}

if (json)
{
    Console.WriteLine(report.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
}

return missed == 0 ? 0 : 1;

Task<IReadOnlyList<Figure>> MeasureAsync(Measurements measurements) => measure switch
{
    "all" => measurements.AllAsync(Progress),
    "tasks" => measurements.TasksAsync(Progress),
    "idle" => measurements.IdleAsync(Progress),
    _ => throw new ArgumentException($"--measure is '{measure}'; give all, tasks, idle, engine, simulate or transfer."),
};

string? Option(string name)
{
    var index = Array.IndexOf(args, name);
    return index < 0 ? null : index + 1 < args.Length ? args[index + 1] : throw new ArgumentException($"{name} needs a value.");
}

void Progress(string what) => Console.Error.WriteLine($"  {what} ...");

void Report(string deployment, IReadOnlyList<Figure> figures, string isolation = "user code in warm runner processes; every step durable")
{
    var rows = new JsonArray();
    if (!json)
    {
        Console.WriteLine(measure is "engine" or "simulate" or "transfer" ? $"\n{deployment}; {isolation}" : $"\n{deployment}; {slots} slots; {isolation}");
    }

    foreach (var figure in figures)
    {
        missed += figure.Reached == false ? 1 : 0;
        rows.Add(new JsonObject
        {
            ["name"] = figure.Name, ["value"] = Math.Round(figure.Value, 4), ["unit"] = figure.Unit, ["goal"] = figure.Goal, ["reached"] = figure.Reached,
            ["parts"] = figure.Parts is { } parts ? JsonSerializer.SerializeToNode(parts) : null,
        });
        if (!json)
        {
            var goal = figure.Goal is { } value ? $"goal {(figure.HigherIsBetter ? ">=" : "<=")} {value}" : "";
            var mark = figure.Reached switch { true => "ok", false => "MISSED", null => "" };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {figure.Name,-42} {figure.Value,10:0.###} {figure.Unit,-12} {goal,-14} {mark}"));
            foreach (var (part, share) in figure.Parts ?? new Dictionary<string, double>())
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    of it {part,-36} {share,8:0.##}"));
            }
        }
    }

    report.Add(new JsonObject { ["deployment"] = deployment, ["slots"] = slots, ["isolation"] = isolation, ["figures"] = rows });
}
