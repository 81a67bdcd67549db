using System.Text.Json;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.TaskInstances;

namespace Sluice.Worker.Tests.Runners;

/// <summary>XComs beyond what stays in the database.</summary>
public sealed class LargeXComTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-xcoms-").FullName;

    private Uri Store => new($"file://{_folder}/xcoms");

    [Fact]
    public async Task A_large_value_goes_to_the_store_without_the_secrets_that_the_attempt_saw_and_comes_back_whole()
    {
        await using var runners = await RunnerFixture.StartAsync(
            """
            dag.Run("large", async ctx =>
            {
                var secret = (await ctx.ConnectionAsync("db")).Password;
                ctx.Push("small", 7);
                ctx.Push("../odd key", Enumerable.Range(0, 3).ToDictionary(i => $"k{i}", i => new string('x', 40_000)));
                return Enumerable.Range(0, 30_000).Select(i => i == 5 ? "안녕 " + secret : $"row {i}").ToList();
            });
            dag.Run("reads", async ctx => (await ctx.PullAsync<List<string>>("large"))![5] + "|" + (await ctx.PullAsync<List<int>>("mapped"))!.Sum());
            """,
            options => options.XComStore = Store);
        runners.Leader.Connections["db"] = "postgres://etl:hunter2@db/dwh";

        var outcome = await runners.RunAsync("large");

        Assert.Equal(OutcomeKind.Success, outcome.Kind);
        Assert.Equal([("small", true, null), ("../odd key", false, 3), ("return_value", false, (int?)30_000)], outcome.XComs!.Select(xcom => (xcom.Key, xcom.Object is null, xcom.Object?.Length)));
        Assert.Equal("7", outcome.XComs![0].Value);
        Assert.All(outcome.XComs!.Skip(1), xcom => Assert.Equal("", xcom.Value));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "xcoms"), "*", SearchOption.AllDirectories).Length);
        var stored = JsonSerializer.Deserialize<List<string>>(await File.ReadAllTextAsync(new Uri(outcome.XComs![2].Object!.Uri).LocalPath))!;
        Assert.Equal("안녕 ***", stored[5]);

        runners.Leader.Parts["large"] = new(IsList: false, [new(null, outcome.XComs![2].Object!.Uri)]);
        var number = Path.Combine(_folder, "number.json");
        await File.WriteAllTextAsync(number, "40");
        runners.Leader.Parts["mapped"] = new(IsList: true, [new("2", null), new(null, new Uri(number).AbsoluteUri)]);
        var read = await runners.RunAsync("reads");
        Assert.Equal("\"안녕 ***|42\"", read.XComs![0].Value);
    }

    [Fact]
    public async Task Attempts_of_one_task_do_not_touch_what_another_wrote()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Run(\"large\", ctx => new string('x', 70_000));", options => options.XComStore = Store);

        var (first, second) = (await runners.RunAsync("large"), await runners.RunAsync("large"));

        Assert.NotEqual(first.XComs![0].Object!.Uri, second.XComs![0].Object!.Uri);
    }

    [Theory]
    [InlineData(LargeXComs.LongestInline - 2, false)] // the quotes of JSON count
    [InlineData(LargeXComs.LongestInline - 1, true)]
    public async Task The_limit_is_exact(int characters, bool moves)
    {
        await using var runners = await RunnerFixture.StartAsync($"dag.Run(\"large\", ctx => new string('x', {characters}));", options => options.XComStore = Store);

        Assert.Equal(moves, (await runners.RunAsync("large")).XComs![0].Object is not null);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_or_read_fails_the_attempt_with_one_sentence_and_may_be_tried_again()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "xcoms"), "a file where the folder should be");
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"large\", ctx => new string('x', 70_000)); dag.Run(\"reads\", ctx => ctx.PullAsync<string>(\"up\"));", options => options.XComStore = Store);
        runners.Leader.Parts["up"] = new(IsList: false, [new(null, $"file://{_folder}/gone.json")]);

        var write = await runners.RunAsync("large");
        var read = await runners.RunAsync("reads");

        Assert.Equal(OutcomeKind.Failed, write.Kind);
        Assert.StartsWith($"XCom 'return_value' (70002 characters) could not be written to {Store}/d/1/large/", write.Error, StringComparison.Ordinal);
        Assert.Null(write.XComs);
        Assert.Equal(OutcomeKind.Failed, read.Kind);
        Assert.Contains("gone.json could not be read", read.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_not_there_is_named()
    {
        await using var runners = await RunnerFixture.StartAsync(
            "dag.Run(\"large\", ctx => new string('x', 70_000));", options => (options.XComStore, options.XComStoreConnection) = (new("s3://bucket/xcoms"), "nowhere"));

        Assert.Contains("there is no connection 'nowhere', which the worker's xcom_store_connection names", (await runners.RunAsync("large")).Error, StringComparison.Ordinal);
    }

    public void Dispose() => TemporaryFolder.Delete(_folder);
}
