using Sluice.Authoring.Bundles;
using Sluice.Core.Connections;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Processing;
using Sluice.Core.DagRuns;

namespace Sluice.Authoring.Tests.Testing;

/// <summary>The demo's Dag, compiled and run against real SQLite files.</summary>
public sealed class WeatherExampleTests
{
    [Fact]
    public async Task A_day_of_weather_reaches_the_warehouse_once_however_often_it_runs()
    {
        await using var folder = new DagFolder();
        var providers = ProviderDiscovery.Load();
        var connections = new[] { "weather_source", "warehouse" }.ToDictionary(
            id => id, id => ConnectionUri.Parse(id, $"sqlite://{folder.Path}/{id}.db"));
        await using (var source = providers.OpenSql(connections["weather_source"]))
        {
            await source.ExecuteAsync(
                """
                CREATE TABLE daily_weather (date TEXT PRIMARY KEY, precipitation REAL, temp_max REAL, temp_min REAL, wind REAL, weather TEXT);
                INSERT INTO daily_weather VALUES ('2012-01-01', 0.0, 12.8, 5.0, 4.7, 'drizzle'), ('2012-01-02', 10.9, 10.6, 2.8, NULL, 'rain, "heavy"');
                """,
                null,
                CancellationToken.None);
        }

        var file = await folder.ProcessAsync("weather.cs", await File.ReadAllTextAsync(Path.Combine(ExampleDagTests.Folder, "weather_to_warehouse.cs")));
        Assert.Empty(file.Problems);
        var dag = Assert.Single(BundleAssembly.Load(file.Bundle!, new Dictionary<string, string>(), providers));
        var output = new StringWriter();
        var options = new TestRunOptions
        {
            Interval = TestInterval.Of(dag.Spec, Date.Of(2012, 1, 2), DateTimeOffset.UnixEpoch),
            FindConnection = (id, _) => ValueTask.FromResult(connections.GetValueOrDefault(id)),
            FindVariable = (name, _) => ValueTask.FromResult(name == "object_store" ? $"file://{folder.Path}/store" : null),
            Output = output,
        };

        for (var run = 0; run < 2; run++)
        {
            var result = await new DagTestRun(dag, providers, options).RunAsync(CancellationToken.None);
            Assert.True(result.State == RunState.Success, output.ToString());
        }

        await using var warehouse = providers.OpenSql(connections["warehouse"]);
        var row = Assert.Single(await warehouse.QueryAsync("SELECT date, wind, weather FROM weather", null, 10, CancellationToken.None));
        Assert.Equal(["2012-01-02", null, "rain, \"heavy\""], row);
        Assert.StartsWith("2012-01-02: 1 rows agree", await File.ReadAllTextAsync($"{folder.Path}/store/reports/2012-01-02.txt"), StringComparison.Ordinal);
    }
}
