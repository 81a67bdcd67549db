using System.Text.Json;
using Sluice.Cluster.Wire;
using Sluice.Core.TaskInstances;
using Xunit.Abstractions;

namespace Sluice.Worker.Tests.Runners;

/// <summary>What instances of mapped tasks fetch of the lists that they are mapped over.</summary>
public sealed class MappedItemTests(ITestOutputHelper output) : IDisposable
{
    private const string Tasks =
        """
        var list = dag.Run("list", ctx => new List<string>());
        dag.Map("each", list.Items(), (ctx, item) => item);
        dag.Map("cross", list.Items().Cross(MapItems.Of("x", "y", "z")), (ctx, item) => item.First + item.Second);
        dag.Expand("says", new Says(), over => over.Over("text", list, map: "item|upper"));
        dag.Run("lazy", async ctx =>
        {
            var (count, last) = (0, "");
            await foreach (var item in ctx.PullMappedAsync<string>("list"))
            {
                (count, last) = (count + 1, item);
            }

            return $"{count} {last}";
        });
        """;

    private const string Types =
        """
        public sealed class Says : Operator
        {
            [Templated]
            public string Text { get; set; } = "";

            public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(Text);
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-items-").FullName;

    [Fact]
    public async Task An_instance_fetches_its_own_item_however_long_the_list_is()
    {
        await using var runners = await RunnerFixture.StartAsync(Tasks, types: Types);
        await EachAsync(runners, "each", 0, 10); // The runner comes up, and fetches its code.

        var (ten, tenThousand) = (await CostAsync(runners, 10), await CostAsync(runners, 10_000));

        output.WriteLine($"{ten} characters an instance of 10, {tenThousand} an instance of 10,000");
        Assert.True(tenThousand < ten + 100, $"{ten}, {tenThousand} characters");
        Assert.DoesNotContain(Methods.GetXCom, runners.Leader.Asked);
    }

    [Fact]
    public async Task A_product_asks_each_source_for_one_element()
    {
        await using var runners = await RunnerFixture.StartAsync(Tasks, types: Types);
        runners.Leader.XComs[("list", "return_value")] = List(5);

        Assert.Equal(["\"item 0x\"", "\"item 0z\"", "\"item 1x\"", "\"item 4z\""], new[]
        {
            await EachAsync(runners, "cross", 0, 15), await EachAsync(runners, "cross", 2, 15), await EachAsync(runners, "cross", 3, 15), await EachAsync(runners, "cross", 14, 15),
        });
        Assert.Equal(4, runners.Leader.Asked.Count(asked => asked == Methods.GetXComItems));
    }

    [Fact]
    public async Task A_list_in_an_object_is_read_once_by_a_worker()
    {
        await using var runners = await RunnerFixture.StartAsync(Tasks, types: Types);
        var file = Path.Combine(_folder, "list.json");
        await File.WriteAllTextAsync(file, List(10_000));
        runners.Leader.Objects["list"] = new Uri(file).AbsoluteUri;

        Assert.Equal("\"item 9999\"", await EachAsync(runners, "each", 9_999, 10_000));
        File.Delete(file);

        Assert.Equal("\"item 7\"", await EachAsync(runners, "each", 7, 10_000));
        var says = await runners.RunAsync(runners.Work("says", mapIndex: 5, mapLength: 10_000));
        Assert.Equal(("\"ITEM 5\"", "{\"text\":\"ITEM 5\"}"), (says.XComs![0].Value, says.Rendered));
    }

    [Fact]
    public async Task A_lazy_list_comes_in_pages()
    {
        await using var runners = await RunnerFixture.StartAsync(Tasks, types: Types);
        runners.Leader.XComs[("list", "return_value")] = List(2_500);

        Assert.Equal("\"2500 item 2499\"", (await runners.RunAsync("lazy")).XComs![0].Value);
        Assert.Equal(3, runners.Leader.Asked.Count(asked => asked == Methods.GetXComItems));
        runners.Leader.XComs.TryRemove(("list", "return_value"), out _);
        Assert.Equal("\"0 \"", (await runners.RunAsync("lazy")).XComs![0].Value);
    }

    [Fact]
    public async Task What_templates_came_to_leaves_the_worker_without_the_secrets_that_they_hold()
    {
        await using var runners = await RunnerFixture.StartAsync("dag.Add(\"says\", new Says { Text = \"{{ conn.db.password }} on {{ ds }}\" });", types: Types);
        runners.Leader.Connections["db"] = "postgres://etl:hunter2@db/dwh";

        var outcome = await runners.RunAsync("says");

        Assert.Equal((OutcomeKind.Success, """{"text":"*** on 2021-02-05"}"""), (outcome.Kind, outcome.Rendered));
    }

    public void Dispose() => TemporaryFolder.Delete(_folder);

    private static string List(int count) => JsonSerializer.Serialize(Enumerable.Range(0, count).Select(index => $"item {index}"));

    private static async Task<string> EachAsync(RunnerFixture runners, string task, int index, int length)
    {
        if (runners.Leader.Objects.Count + runners.Leader.XComs.Count == 0)
        {
            runners.Leader.XComs[("list", "return_value")] = List(length);
        }

        var outcome = await runners.RunAsync(runners.Work(task, mapIndex: index, mapLength: length));
        return outcome.XComs?[0].Value ?? outcome.Error ?? "";
    }

    private static async Task<long> CostAsync(RunnerFixture runners, int length)
    {
        runners.Leader.XComs[("list", "return_value")] = List(length);
        var before = runners.Leader.Characters;
        for (var index = 0; index < 10; index++)
        {
            Assert.Equal($"\"item {index * length / 10}\"", await EachAsync(runners, "each", index * length / 10, length));
        }

        return (runners.Leader.Characters - before) / 10;
    }
}
