using System.Text.Json;

namespace Sluice.Cli.Tests.TaskInstances;

public sealed class TaskRenderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-render-").FullName;

    public TaskRenderTests() => File.WriteAllText(
        Path.Combine(_folder, "render.yaml"),
        """
        dag_id: render
        schedule: "@daily"
        start_date: 2021-02-01
        params: {table: nps}
        tasks:
          - id: a
            operator: ShellOperator
            script: echo "{{ params.table }} {{ ds }} {{ prev_ds }} {{ conn.dw.password }}"
            env: {DAY: "{{ data_interval_end | ds_nodash }}"}
          - id: bad
            operator: ShellOperator
            script: "{{ dss }}"
        """);

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task Arguments_are_shown_rendered_and_masked()
    {
        var secrets = Path.Combine(_folder, "connections.json");
        await File.WriteAllTextAsync(secrets, """{"dw": "redshift://ann:s3cret@db/dev"}""");

        var people = await RenderAsync("a", "--connections", secrets);
        var json = await RenderAsync("a", "--connections", secrets, "--conf", "{\"table\": \"other\"}", "--json");

        Assert.True(people.Code == 0, people.ToString());
        Assert.Contains("# script\necho \"nps 2021-02-05 2021-02-04 ***\"\n", people.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        using var read = JsonDocument.Parse(json.Out);
        var fields = read.RootElement.GetProperty("fields");
        Assert.Equal("echo \"other 2021-02-05 2021-02-04 ***\"", fields.GetProperty("script").GetString());
        Assert.Equal("20210206", fields.GetProperty("env").GetProperty("DAY").GetString());
    }

    [Theory]
    [InlineData("bad", "sluice: Template of script: Line 1, column 4: There is nothing named 'dss'; perhaps 'ds' is meant.")]
    [InlineData("nope", "sluice: Dag 'render' has no task 'nope'; it has a, bad.")]
    public async Task What_cannot_be_rendered_is_one_sentence(string task, string expected)
    {
        var run = await RenderAsync(task);

        Assert.Equal((1, "", expected), (run.Code, run.Out, run.Error.TrimEnd()));
    }

    private Task<ToolRun> RenderAsync(string task, params string[] more) =>
        ToolRun.OfAsync(["tasks", "render", "render", task, "2021-02-05", "--dag-folder", _folder, .. more]);
}
