using Sluice.Cli.Hosting;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>A whole Sluice in this process with a few Dags: what <c>sluice up</c> starts.</summary>
public sealed class LocalDeployment : IAsyncLifetime
{
    private const string Dags = """
        Dag.Define("greets", dag =>
        {
            dag.Schedule = Schedule.Daily;
            dag.StartDate = Date.Of(2021, 2, 1);
            dag.EndDate = Date.Of(2021, 2, 28);
            dag.Catchup = CatchupMode.None;
            var hello = dag.Run("hello", ctx => { ctx.Log("hello on " + ctx.LogicalDate.ToString("yyyy-MM-dd")); return Task.CompletedTask; });
            hello.Then(dag.Add("end", new EmptyOperator()));
        });
        Dag.Define("asks", dag => dag.Add("confirm", new ApprovalOperator { Subject = "Go on?", Body = "Only if it is Friday." })
            .Then(dag.Add("which", new HitlOperator { Subject = "How many?", Params = { ["n"] = 1 } })));
        Dag.Define("pushes", dag => dag.Run("push", ctx => { ctx.Push("rows", 7); ctx.Push("note", "안녕"); return new string('x', 70_000); }));
        Dag.Define("renders", dag =>
        {
            dag.Add("say", new ShellOperator { Script = "echo {{ ds }} {{ conn.dw.password }}", Env = { ["LONG"] = "{{ 'x' * 5000 }}" } });
            dag.Expand("each", new ShellOperator(), over => over.Over("script", ["echo a", "echo item {{ map_index }}"]));
            dag.Add("plain", new ShellOperator { Script = "true" });
            dag.Add("code", new Says { Text = "echo by code {{ ds }}" });
            dag.Add("bad", new ShellOperator { Script = "{{ nope }}" });
        });
        Dag.Define("fails", dag => dag.Run("boom", ctx => throw new TaskFailedException("no such luck")));

        public sealed class Says : Operator
        {
            [Templated]
            public string Text { get; set; } = "";

            public override ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken) => ValueTask.FromResult<object?>(Text);
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-cli-").FullName;
    private LocalCluster? _cluster;

    private string Home => Path.Combine(_folder, "home");

    /// <summary>Where its Dag files are.</summary>
    internal string DagFolder => Path.Combine(_folder, "dags");

    /// <summary>Runs a command against it, found by its home.</summary>
    internal Task<ToolRun> RunAsync(params string[] args) => ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_HOME"] = Home }, args);

    /// <summary>The same with a Dag folder at hand.</summary>
    internal Task<ToolRun> RunInAsync(string folder, params string[] args) =>
        ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_HOME"] = Home, ["SLUICE_DAG_FOLDER"] = folder }, args);

    public async Task InitializeAsync()
    {
        var dags = Directory.CreateDirectory(DagFolder).FullName;
        await File.WriteAllTextAsync(Path.Combine(dags, "dags.cs"), Dags);
        await File.WriteAllTextAsync(Path.Combine(dags, "broken.cs"), "Dag.Define(\"broken\", dag => dag.Nonsense());");
        _cluster = await LocalCluster.StartAsync(new() { Home = Home, DagFolder = dags, Slots = 2, LogLevel = "error" }, CancellationToken.None);
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (!((await RunAsync("dags", "list")).Out.Contains("greets") && (await RunAsync("dags", "list-import-errors")).Out.Contains("broken.cs")))
        {
            Assert.True(DateTime.UtcNow < deadline, (await RunAsync("dags", "list-import-errors")).ToString());
            await Task.Delay(100);
        }
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        TemporaryFolder.Delete(_folder);
    }
}
