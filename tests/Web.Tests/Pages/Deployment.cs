using Microsoft.Data.Sqlite;
using Sluice.Cli.Hosting;
using Sluice.Cluster.Api;

namespace Sluice.Web.Tests.Pages;

/// <summary>A whole Sluice in this process, with a run whose load has been tried twice: a trigger of the target meddled with its rows at first.</summary>
public sealed class Deployment : IAsyncLifetime
{
    public const string Dag = "proves";

    public const string RunId = "manual__2021-02-05T00:00:00.5+00:00";

    /// <summary>What a careless page would take for markup.</summary>
    public const string Column = "score <img src=x onerror=alert(1)>";

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-web-").FullName;
    private LocalCluster? _cluster;

    internal ApiClient Api { get; private set; } = null!;

    internal Uri Url => Api.Url;

    /// <summary>While it is not there, the sensor of <c>waits</c> waits.</summary>
    internal string Flag => Path.Combine(_folder, "flag");

    public async Task InitializeAsync()
    {
        var dags = Directory.CreateDirectory(Path.Combine(_folder, "dags")).FullName;
        var (source, target) = (Path.Combine(_folder, "source.db"), Path.Combine(_folder, "target.db"));
        await SqlAsync(source, $"CREATE TABLE nps (id INTEGER PRIMARY KEY, \"{Column}\" NUMERIC, note TEXT); INSERT INTO nps VALUES (1, 7, 'a'), (2, 8, NULL), (3, 9, 'c')");
        await SqlAsync(target, $"""
            CREATE TABLE nps (id INTEGER PRIMARY KEY, "{Column}" NUMERIC, note TEXT);
            CREATE TRIGGER meddles AFTER INSERT ON nps WHEN new.id = 3 BEGIN UPDATE nps SET "{Column}" = 1, note = NULL WHERE id = 3; END
            """);
        await File.WriteAllTextAsync(Path.Combine(dags, "proves.yaml"), $$$"""
            dag_id: {{{Dag}}}
            tasks:
              - {id: extract, operator: SqlToS3Operator, table: nps, sql_connection_id: shop, uri: 'file://{{{_folder}}}/nps.csv', replace: true, reconcile: checksums}
              - {id: load, operator: S3ToRedshiftOperator, table: nps, uri: 'file://{{{_folder}}}/nps.csv', redshift_connection_id: warehouse, method: replace, reconcile: checksums, depends_on: extract}
              - {id: plain, operator: ShellOperator, script: 'echo plainly'}
            """);
        await SqlAsync(target, "CREATE TABLE lies (id INTEGER PRIMARY KEY); CREATE TRIGGER lies_more AFTER INSERT ON lies BEGIN INSERT INTO lies VALUES (new.id + 100); END");
        await File.WriteAllTextAsync(Path.Combine(dags, "lies.yaml"), $$$"""
            dag_id: lies
            tasks:
              - {id: extract, operator: SqlToS3Operator, query: SELECT id FROM nps, sql_connection_id: shop, uri: 'file://{{{_folder}}}/lies.csv', replace: true, reconcile: counts}
              - {id: load, operator: S3ToRedshiftOperator, table: lies, uri: 'file://{{{_folder}}}/lies.csv', redshift_connection_id: warehouse, method: replace, reconcile: counts, depends_on: extract}
            """);
        await File.WriteAllTextAsync(Path.Combine(dags, "waits.yaml"), $$"""
            dag_id: waits
            tasks:
              - {id: flag, operator: FileSensor, path: '{{Flag}}', poke_interval: 0.2s, mode: poke}
              - {id: after, operator: ShellOperator, script: 'echo it came', depends_on: flag}
            """);
        await File.WriteAllTextAsync(Path.Combine(dags, "lake.yaml"), """
            dag_id: lake
            tasks:
              - {id: query, operator: AthenaOperator, query: SELECT 1, aws_connection_id: aws, wait_for_completion: false}
            """);
        await File.WriteAllTextAsync(Path.Combine(dags, "broken.yaml"), "dag_id: broken\ntasks: 7\n");
        _cluster = await LocalCluster.StartAsync(new() { Home = Path.Combine(_folder, "home"), DagFolder = dags, Slots = 2, LogLevel = "error" }, CancellationToken.None);
        Api = new(_cluster.ApiUrl, _cluster.ApiToken);
        await Api.SetConnectionAsync("shop", $"sqlite://{source}");
        await Api.SetConnectionAsync("warehouse", $"sqlite://{target}");
        await UntilAsync(async () => (await Api.ListDagsAsync()).Count == 4 && (await Api.ListImportErrorsAsync()).Count == 1, "the Dags are there");
        await Api.TriggerRunAsync(new TriggerRequest(Dag, "2021-02-05", RunId, null));
        await UntilAsync(async () => (await Api.ShowRunAsync(Dag, RunId)).Run.State == "failed", "the first load failed");
        await SqlAsync(target, "DROP TRIGGER meddles");
        await Api.ClearTasksAsync(new ChangeRequest { DagId = Dag, RunId = RunId, Tasks = ["load"] });
        await UntilAsync(async () => (await Api.ShowRunAsync(Dag, RunId)).Run.State == "success", "the second load succeeded");
    }

    public async Task DisposeAsync()
    {
        Api?.Dispose();
        await StopAsync();
        TemporaryFolder.Delete(_folder);
    }

    internal async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _cluster, null) is { } cluster)
        {
            await cluster.DisposeAsync();
        }
    }

    internal static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"It never came that {what}.");
            await Task.Delay(100);
        }
    }

    private static async Task SqlAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
