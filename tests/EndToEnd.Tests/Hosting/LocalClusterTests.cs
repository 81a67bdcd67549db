using Sluice.Cli.Hosting;
using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Hosting;

/// <summary>All roles in one process, on SQLite.</summary>
public sealed class LocalClusterTests : IDisposable
{
    private const string Password = "a-p4ssw0rd-to-find";

    private readonly string _home = Directory.CreateTempSubdirectory("sluice-e2e-local-").FullName;

    public void Dispose() => TemporaryFolder.Delete(_home);

    [Fact]
    public async Task An_example_runs_secrets_are_sealed_and_all_is_there_after_a_restart()
    {
        var dags = Directory.CreateDirectory(Path.Combine(_home, "dags")).FullName;
        File.Copy(Path.Combine(Repository.Root, "examples", "dags", "dynamic_dag_example.cs"), Path.Combine(dags, "dynamic_dag_example.cs"));
        var options = new LocalClusterOptions { Home = Path.Combine(_home, "home"), DagFolder = dags };
        await using (var cluster = await LocalCluster.StartAsync(options, CancellationToken.None))
        using (var api = new ClusterApi(cluster.ApiUrl, cluster.ApiToken))
        {
            await Until.TrueAsync(async () => await ClusterApi.TryAsync(() => api.AtOnce.ListDagsAsync()) is { Count: 1 }, "the example is there");
            await api.TriggerAsync("dynamic_dag_example");
            var run = await api.SucceededAsync("dynamic_dag_example");
            Assert.Equal(12, run.Tasks.Count);
            Assert.Contains(run.Tasks, task => task.TaskId == "group_5.task_5_2");

            await api.SetConnectionAsync("prod", $"mysql://me:{Password}@db.example.com/prod");
            await api.SetVariableAsync("api_token", Password);
            await api.SetVariableAsync("group_count", "2");
            await AssertSecretsAsync(api);
            await Until.TrueAsync(
                async () => (await api.CallAsync<DagName, DagDetails>(Operations.ShowDag, new("dynamic_dag_example"))).Tasks.Count == 6, "the variable defines the Dag anew");
        }

        foreach (var file in Directory.EnumerateFiles(options.Home, "*", SearchOption.AllDirectories))
        {
            Assert.True(!(await File.ReadAllBytesAsync(file)).AsSpan().ContainsText(Password), $"{file} holds the password");
        }

        await using (var cluster = await LocalCluster.StartAsync(options, CancellationToken.None))
        using (var api = new ClusterApi(cluster.ApiUrl, cluster.ApiToken))
        {
            await Until.TrueAsync(async () => await ClusterApi.TryAsync(() => api.AtOnce.ListDagsAsync()) is { Count: 1 }, "the example is there again");
            await AssertSecretsAsync(api);
            Assert.Equal(12, (await api.SucceededAsync("dynamic_dag_example")).Tasks.Count);
            await api.TriggerAsync("dynamic_dag_example", "smaller");
            Assert.Equal(6, (await api.SucceededAsync("dynamic_dag_example", "smaller")).Tasks.Count);
        }
    }

    private static async Task AssertSecretsAsync(ClusterApi api)
    {
        Assert.Equal(
            "mysql://me:***@db.example.com/prod", Assert.Single(await api.CallAsync<Nothing, IReadOnlyList<SecretValue>>(Operations.ListConnections, new())).Value);
        var variables = await api.CallAsync<Nothing, IReadOnlyList<SecretValue>>(Operations.ListVariables, new());
        Assert.Equal("***", variables.Single(variable => variable.Id == "api_token").Value);
        Assert.Equal("2", variables.Single(variable => variable.Id == "group_count").Value);
    }
}

internal static class Contents
{
    public static bool ContainsText(this Span<byte> content, string text) => content.IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
}
