using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sluice.Cli.Backfills;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Hosting;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Demo;

/// <summary><c>sluice demo</c>: a month of real data, backfilled from a production database to a warehouse, all in one process.</summary>
internal sealed class DemoCommand
{
    private const string Dag = "weather_to_warehouse";
    private const string Start = "2012-01-01";
    private const string End = "2012-02-01";
    private const string KeptFolder = "./sluice-demo";

    // Compiling the first Dag takes long on a small machine that is busy.
    private static readonly TimeSpan LongestImport = TimeSpan.FromMinutes(3);

    private static readonly Option<bool> Keep = new("--keep") { Description = $"Keep the home: {KeptFolder}, or --home, which is kept anyway. A second run goes over the same." };

    private readonly Invocation _invocation;
    private readonly DemoHome _home;

    private DemoCommand(Invocation invocation, DemoHome home) => (_invocation, _home) = (invocation, home);

    public static Command Create(CommandFactory factory) => factory.Local(
        new(
            "demo",
            "Watch a month of real data being backfilled, from a production database to a warehouse.",
            "sluice demo",
            "sluice demo --keep") { UsesHome = true },
        RunAsync,
        Keep);

    private CancellationToken Cancel => _invocation.Cancel;

    private static async Task<int> RunAsync(Invocation invocation)
    {
        using var home = DemoHome.Open(invocation.Home ?? (invocation.Find(Keep) ? KeptFolder : null));
        return await new DemoCommand(invocation, home).RunAsync();
    }

    private async Task<int> RunAsync()
    {
        var days = WeatherData.Read();
        Say($"1. Filling a \"production\" database with {days.Count} days of Seattle's weather.");
        DemoDatabases.FillProduction(_home.Production, days);
        await File.WriteAllTextAsync(Path.Combine(_home.Dags, WeatherData.DagFile), WeatherData.Text(WeatherData.DagFile), Cancel);

        Say("2. Starting Sluice: seed, scheduler and worker in this process.");
        BackfillSummary ended;
        await using (var cluster = await LocalCluster.StartAsync(new() { Home = _home.Sluice, DagFolder = _home.Dags }, Cancel))
        {
            using var api = new ApiClient(cluster.ApiUrl, cluster.ApiToken);
            await SetAsync(api, Operations.SetConnection, "weather_source", SqliteUri(_home.Production));
            await SetAsync(api, Operations.SetConnection, "warehouse", SqliteUri(_home.Warehouse));
            await SetAsync(api, Operations.SetVariable, "object_store", new Uri(_home.Objects).AbsoluteUri);
            await ImportAsync(api);

            Say($"3. Backfilling {Dag}: a run for each day of January 2012.");
            var request = new BackfillRequest(Dag, Start, End, MaxActiveRuns: 4, Reprocess: "completed");
            var backfill = await AskAsync(() => api.CreateBackfillAsync(request, Cancel));
            ended = await BackfillProgress.WatchAsync(_invocation, api, backfill);
            if (ended.State != "success")
            {
                await ExplainAsync(api, ended);
            }
        }

        return Compare(ended);
    }

    private Task<Changed> SetAsync(ApiClient api, string operation, string name, string value) =>
        AskAsync(() => api.AskAsync<SecretValue, Changed>(operation, new(name, value), Cancel));

    // In the first moments the scheduler does not lead yet.
    private Task<T> AskAsync<T>(Func<Task<T>> ask) =>
        Waiting.ForAsync(ask, _ => true, TimeSpan.FromMilliseconds(100), _invocation.Terminal.Time, Cancel);

    private async Task ImportAsync(ApiClient api)
    {
        var started = _invocation.Terminal.Time.GetTimestamp();
        await AskAsync(async () =>
        {
            while (!(await api.ListDagsAsync(Cancel)).Any(dag => dag.DagId == Dag && dag.Active))
            {
                var errors = await api.ListImportErrorsAsync(Cancel);
                if (errors.Count > 0)
                {
                    throw new FailureException($"The demo's Dag is not accepted: {errors[0].Message}");
                }

                if (_invocation.Terminal.Time.GetElapsedTime(started) > LongestImport)
                {
                    throw new FailureException($"The demo's Dag was not there after {LongestImport.TotalMinutes:0} minutes.");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
            }

            return true;
        });
    }

    private async Task ExplainAsync(ApiClient api, BackfillSummary backfill)
    {
        var runs = await api.ListRunsAsync(new(Dag, "failed", backfill.BackfillId, 1), Cancel);
        if (runs is [var run, ..])
        {
            var details = await api.ShowRunAsync(Dag, run.RunId, Cancel);
            foreach (var task in details.Tasks.Where(task => task.Error is not null))
            {
                await _invocation.Terminal.Error.WriteLineAsync(Terminal.Clean($"{run.RunId}, {task.TaskId}: {task.Error}"));
            }
        }
    }

    private int Compare(BackfillSummary backfill)
    {
        var source = DemoDatabases.InProduction(_home.Production, Start, End);
        var warehouse = File.Exists(_home.Warehouse) ? DemoDatabases.InWarehouse(_home.Warehouse, Start, End) : [];
        var agree = backfill.State == "success" && source.SequenceEqual(warehouse);
        if (_invocation.Json)
        {
            _invocation.Terminal.Line(new JsonObject
            {
                ["agree"] = agree,
                ["source_rows"] = source.Count,
                ["warehouse_rows"] = warehouse.Count,
                ["runs"] = backfill.Total,
                ["succeeded"] = backfill.Succeeded,
                ["failed"] = backfill.Failed,
                ["home"] = _home.IsKept ? _home.Folder : null,
            }.ToJsonString());
        }
        else
        {
            Say(string.Create(CultureInfo.InvariantCulture, $"4. Compared: {source.Count} rows in the source, {warehouse.Count} in the warehouse, {(agree ? "all equal." : "and they DIFFER.")}"));
            if (agree)
            {
                Report(backfill);
            }
            else if (_home.IsKept)
            {
                Say($"The logs of the tasks are in {Path.Combine(_home.Sluice, "logs")}.");
            }
        }

        return agree ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private void Report(BackfillSummary backfill)
    {
        Say("");
        Say($"What happened: {backfill.Total} runs in {Wording.Took(backfill.CreatedAt, backfill.EndedAt)}. Each one took the rows of its own day");
        Say("from the source by a template ({{ ds }}), wrote them to an object store as CSV,");
        Say("upserted them into the warehouse, checked the counts and wrote a report.");
        Say("");
        if (!_home.IsKept)
        {
            Say("The files were in a temporary home, which is removed now. To keep them:");
            Say("  ./sluice demo --keep");
            return;
        }

        Say($"The files are in {_home.Folder}:");
        Say("  dags/weather_to_warehouse.cs   the Dag: read it, change it");
        Say("  production.db, warehouse.db    the two databases (SQLite)");
        Say("  objects/weather, .../reports   a CSV file and a report for each day");
        Say("  sluice/                        Sluice's own database and the tasks' logs");
        Say("");
        Say("Go on with it (in two terminals):");
        Say($"  ./sluice up --home {_home.Sluice} \\");
        Say($"    --dag-folder {_home.Dags}");
        Say($"  export SLUICE_HOME={_home.Sluice}");
        Say($"  ./sluice runs list {Dag}");
        Say($"  ./sluice backfill create {Dag} --start 2012-02-01 \\");
        Say("    --end 2012-03-01 --max-active-runs 4 --wait");
    }

    private static string SqliteUri(string path) => $"sqlite://{new Uri(path).AbsolutePath}";

    private void Say(string line)
    {
        if (!_invocation.Json)
        {
            _invocation.Terminal.Line(line);
        }
    }
}
