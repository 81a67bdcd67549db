namespace Sluice.Cli.Tests.Deployments;

public sealed class DeploymentTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("sluice-cli-").FullName;
    private readonly ReservedPort _port = new(); // nobody listens

    [Fact]
    public async Task Without_a_deployment_one_sentence_says_what_to_do()
    {
        var run = await ToolRun.OfAsync("dags", "list", "--home", _home);

        Assert.Equal(1, run.Code);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Contains("sluice up", run.Error);
    }

    [Fact]
    public async Task A_deployment_that_does_not_answer_is_named_in_one_sentence()
    {
        var url = $"http://127.0.0.1:{_port.Number}";
        var run = await ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_API"] = url }, "runs", "list", "--home", _home);

        Assert.Equal(1, run.Code);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
        Assert.Contains(url, run.Error);
        Assert.Contains("sluice up", run.Error);
    }

    [Fact]
    public async Task What_sluice_up_left_in_its_home_is_found()
    {
        var url = $"http://127.0.0.1:{_port.Number}";
        await File.WriteAllTextAsync(Path.Combine(_home, "api.json"), $$"""{"url": "{{url}}", "token": "t"}""");

        Assert.Contains(url, (await ToolRun.OfAsync(new Dictionary<string, string> { ["SLUICE_HOME"] = _home }, "dags", "list")).Error);
    }

    [Theory]
    [InlineData("dags list AT")]
    [InlineData("dags AT list")]
    [InlineData("AT dags list")]
    [InlineData("--json AT runs list some_dag")]
    [InlineData("AT runs --json list some_dag")]
    public async Task Where_to_ask_may_stand_before_the_command_and_after_it(string line)
    {
        var url = $"http://127.0.0.1:{_port.Number}";

        foreach (var at in (string[])[$"--api {url}", $"--api={url} --token t", $"--home {_home} --api {url}"])
        {
            var run = await ToolRun.OfAsync(line.Replace("AT", at, StringComparison.Ordinal).Split(' '));

            Assert.True(run.Code == 1 && run.Error.Contains($"Sluice at {url} does not answer", StringComparison.Ordinal), run.ToString());
        }
    }

    [Fact]
    public async Task A_broken_file_in_the_home_is_one_sentence()
    {
        await File.WriteAllTextAsync(Path.Combine(_home, "api.json"), "{");

        var run = await ToolRun.OfAsync("dags", "list", "--home", _home);

        Assert.Equal(1, run.Code);
        Assert.Contains("api.json", run.Error);
    }

    [Fact]
    public async Task A_url_that_is_none_is_exit_code_2() => Assert.Equal(2, (await ToolRun.OfAsync("dags", "list", "--api", "ftp://x", "--home", _home)).Code);

    public void Dispose()
    {
        _port.Dispose();
        TemporaryFolder.Delete(_home);
    }
}
