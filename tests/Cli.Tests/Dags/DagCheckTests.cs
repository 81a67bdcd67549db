using System.Text.Json;

namespace Sluice.Cli.Tests.Dags;

public sealed class DagCheckTests : IDisposable
{
    private const string Good = """
        Dag.Define("good", dag =>
        {
            var hello = dag.Run("hello", ctx => { ctx.Log("hello on " + ctx.LogicalDate.ToString("yyyy-MM-dd")); return Task.CompletedTask; });
            var end = dag.Add("end", new EmptyOperator());
            hello.Then(end);
        });
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-cli-").FullName;

    [Fact]
    public async Task A_good_file_has_no_problems()
    {
        Write("good.cs", Good);

        var run = await ToolRun.OfAsync("dags", "check", _folder);

        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal("1 Dag in 1 file: no problems.", run.Out.Trim());
    }

    [Fact]
    public async Task Every_problem_comes_with_its_file_and_line()
    {
        Write("bad.cs", "\nDag.Define(\"bad\", dag => dag.Nonsense());\n");
        Write("good.cs", Good);
        Write("twice.cs", Good);

        var run = await ToolRun.OfAsync("dags", "check", _folder);

        Assert.Equal(1, run.Code);
        Assert.Contains(run.Lines, line => line.StartsWith(Path.Combine(_folder, "bad.cs") + "(2): ", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.StartsWith(Path.Combine(_folder, "twice.cs") + "(", StringComparison.Ordinal) && line.Contains("good.cs"));
    }

    [Fact]
    public async Task Problems_are_json_for_programs()
    {
        Write("bad.cs", "Dag.Define(\"bad\", dag => dag.Nonsense());");

        var run = await ToolRun.OfAsync("dags", "check", Path.Combine(_folder, "bad.cs"), "--json");

        Assert.Equal(1, run.Code);
        var problem = JsonDocument.Parse(run.Out).RootElement.GetProperty("problems")[0];
        Assert.Equal(1, problem.GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task Dags_that_make_each_other_run_are_a_warning_that_names_them()
    {
        foreach (var (dag, waits, updates) in (IEnumerable<(string, string, string)>)[("a", "y", "x"), ("b", "x", "y")])
        {
            Write(dag + ".yaml", $"dag_id: {dag}\nschedule: {{assets: {waits}}}\ntasks:\n  - {{id: t, operator: EmptyOperator, outlets: [{updates}]}}\n");
        }

        var check = await ToolRun.OfAsync("dags", "check", _folder);
        Assert.True(check.Code == 0, check.ToString());
        Assert.Contains(check.Lines, line => line.StartsWith("Warning: Dags make each other run without end: a -> x -> b -> y -> a. ", StringComparison.Ordinal));
        var plan = await ToolRun.OfAsync("dags", "plan", _folder, "--against", _folder);
        Assert.True(plan.Code == 0, plan.ToString());
        Assert.Contains(plan.Lines, line => line.StartsWith("! Warning: Dags make each other run without end: a -> x -> b -> y -> a. ", StringComparison.Ordinal));
        Assert.Equal(1, JsonDocument.Parse((await ToolRun.OfAsync("dags", "check", _folder, "--json")).Out).RootElement.GetProperty("warnings").GetArrayLength());
        Assert.Equal(1, JsonDocument.Parse((await ToolRun.OfAsync("dags", "plan", _folder, "--against", _folder, "--json")).Out).RootElement.GetProperty("warnings").GetArrayLength());
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_exit_code_2() =>
        Assert.Equal(2, (await ToolRun.OfAsync("dags", "check", Path.Combine(_folder, "nosuch.cs"))).Code);

    [Fact]
    public async Task A_test_run_needs_no_deployment()
    {
        Write("good.cs", Good);

        var run = await ToolRun.OfAsync("dags", "test", "good", "2021-02-05", "--dag-folder", _folder);

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("hello on 2021-02-05", run.Out);
    }

    [Fact]
    public async Task A_test_run_that_fails_is_exit_code_1()
    {
        Write("fails.cs", """Dag.Define("fails", dag => dag.Run("boom", ctx => throw new InvalidOperationException("no such luck")));""");

        var run = await ToolRun.OfAsync("dags", "test", "fails", "--dag-folder", _folder, "--json");

        Assert.Equal(1, run.Code);
        Assert.Contains("no such luck", run.Error);
        Assert.Equal("failed", JsonDocument.Parse(run.Out).RootElement.GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("""{"limit":"two"}""", "Dag 'strict' cannot run with this conf: param \"limit\"")]
    [InlineData("[1]", "--conf must be a JSON object")]
    [InlineData("{", "--conf is not JSON")]
    public async Task A_conf_that_the_dag_cannot_take_is_one_sentence(string conf, string said)
    {
        Write("strict.cs", """Dag.Define("strict", dag => { dag.Params["limit"] = 1; dag.ParamSchema("limit", "{\"type\": \"integer\"}"); dag.Run("a", ctx => 1); });""");

        var run = await ToolRun.OfAsync("dags", "test", "strict", "--dag-folder", _folder, "--conf", conf);

        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Error);
        Assert.DoesNotContain("a: ", run.Out);
    }

    [Fact]
    public async Task A_dag_that_is_not_there_is_told_with_the_folder()
    {
        Write("good.cs", Good);

        var run = await ToolRun.OfAsync("dags", "test", "nosuch", "--dag-folder", _folder);

        Assert.Equal(1, run.Code);
        Assert.Contains(_folder, run.Error);
    }

    public void Dispose() => TemporaryFolder.Delete(_folder);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
