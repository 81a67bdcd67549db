using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>What an operator does, against a real deployment.</summary>
public sealed class OperatorTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task A_run_is_triggered_watched_and_its_log_read()
    {
        var triggered = await deployment.RunAsync("runs", "trigger", "greets", "--run-id", "mine", "--wait");
        var log = await deployment.RunAsync("tasks", "log", "greets", "hello", "mine", "--follow");
        var state = await deployment.RunAsync("tasks", "state", "greets", "hello", "mine", "--json");

        Assert.True(triggered.Code == 0, triggered.ToString());
        Assert.Contains("hello: success", triggered.Out);
        Assert.True(log.Code == 0, log.ToString());
        Assert.Contains("hello on ", log.Out);
        Assert.Equal("success", JsonDocument.Parse(state.Out).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task The_address_of_the_web_pages_is_printed_when_its_token_opens_them()
    {
        var web = await deployment.RunAsync("web");
        var refused = await deployment.RunAsync("web", "--token", "wrong");

        Assert.Matches(@"^http://127\.0\.0\.1:\d+/#token=[0-9a-f]{64}$", web.Out.Trim());
        Assert.Equal(web.Out.Trim(), JsonDocument.Parse((await deployment.RunAsync("web", "--json")).Out).RootElement.GetProperty("address").GetString());
        Assert.True(refused.Code == 1 && refused.Out.Length == 0 && refused.Error.Contains("refuses the token", StringComparison.Ordinal), refused.ToString());
    }

    [Fact]
    public async Task A_run_that_fails_is_exit_code_1_and_says_why()
    {
        var run = await deployment.RunAsync("runs", "trigger", "fails", "--wait");

        Assert.Equal(1, run.Code);
        Assert.Contains("no such luck", run.Out);
    }

    [Fact]
    public async Task A_backfill_tells_its_progress_and_its_end()
    {
        var run = await deployment.RunAsync("backfill", "create", "greets", "--start", "2021-02-01", "--end", "2021-02-04", "--max-active-runs", "2", "--wait");
        var list = await deployment.RunAsync("backfill", "list", "greets", "--json");
        var id = JsonDocument.Parse(list.Out).RootElement[0].GetProperty("backfill_id").GetString()!;
        var show = await deployment.RunAsync("backfill", "show", id);

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("3/3 runs, 0 failed", run.Out);
        Assert.Contains("backfill__2021-02-03", show.Out);
    }

    [Fact]
    public async Task A_backfill_is_previewed_changed_and_shown()
    {
        string[] range = ["backfill", "create", "greets", "--start", "2021-02-10", "--end", "2021-02-14"];
        var preview = await deployment.RunAsync([.. range, "--dry-run", "--order", "newest"]);
        Assert.True(preview.Code == 0, preview.ToString());
        Assert.Equal(["2021-02-13           create", "4 to create, 0 to run again, 0 to be left alone. Nothing was done."], [preview.Lines.First(), preview.Lines.Last()]);
        var json = await deployment.RunAsync([.. range, "--dry-run", "--json"]);
        Assert.Equal("create", JsonDocument.Parse(Assert.Single(json.Lines)).RootElement.GetProperty("intervals")[3].GetProperty("action").GetString());

        await deployment.RunAsync("connections", "set", "source", "sqlite:///source.db");
        await deployment.RunAsync("connections", "set", "replica", "sqlite:///replica.db");
        var made = await deployment.RunAsync(
            [.. range, "--only-missing", "--param", "table=nps", "--conf", """{"n":1}""", "--connection", "source=replica", "--note", "for the audit", "--wait", "--json"]);
        Assert.True(made.Code == 0, made.ToString());
        var ended = JsonDocument.Parse(Assert.Single(made.Lines)).RootElement;
        Assert.Equal((4, "success"), (ended.GetProperty("succeeded").GetInt32(), ended.GetProperty("state").GetString()));
        var id = ended.GetProperty("backfill_id").GetString()!;
        var shown = await deployment.RunAsync("backfill", "show", id);
        foreach (var text in new[] { "for the audit", "source is replica", """{"n":1,"table":"nps"}""", "1, oldest first", "4, of which 4 succeeded" })
        {
            Assert.Contains(text, shown.Out, StringComparison.Ordinal);
        }

        Assert.All(shown.Lines, line => Assert.True(line.Length <= 80, line));
        foreach (var verb in new[] { "pause", "resume", "cancel" })
        {
            var refused = await deployment.RunAsync("backfill", verb, id, "--note", "too late");
            Assert.Equal(1, refused.Code);
            Assert.Equal($"sluice: Backfill '{id}' has ended as success; there is nothing to {verb}.", refused.Error.Trim());
        }
    }

    [Fact]
    public async Task What_a_task_pushed_is_shown_and_where_a_large_value_lies()
    {
        var run = await deployment.RunAsync("runs", "trigger", "pushes", "--run-id", "mine", "--wait");
        var shown = await deployment.RunAsync("tasks", "xcoms", "pushes", "push", "mine");
        var json = await deployment.RunAsync("tasks", "xcoms", "pushes", "push", "mine", "--json");
        var none = await deployment.RunAsync("tasks", "xcoms", "pushes", "nosuch", "mine");

        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains("안녕", shown.Out);
        var xcoms = JsonDocument.Parse(json.Out).RootElement.EnumerateArray().ToDictionary(xcom => xcom.GetProperty("key").GetString()!);
        Assert.Equal(["note", "return_value", "rows"], xcoms.Keys);
        Assert.Equal("7", xcoms["rows"].GetProperty("value").GetString());
        Assert.Equal(70_002, new FileInfo(new Uri(xcoms["return_value"].GetProperty("object").GetString()!).LocalPath).Length);
        Assert.Equal(1, none.Code);
        Assert.Contains("Dag 'pushes' has no task 'nosuch'", none.Error);
    }

    [Fact]
    public async Task A_pool_is_made_listed_and_deleted()
    {
        var set = await deployment.RunAsync("pools", "set", "replica", "4", "--description", "at most four readers", "--include-deferred");
        var list = await deployment.RunAsync("pools", "list");
        var json = await deployment.RunAsync("pools", "list", "--json");
        var nonsense = await deployment.RunAsync("pools", "set", "replica", "many");
        var negative = await deployment.RunAsync("pools", "set", "replica", "--", "-7");
        var deleted = await deployment.RunAsync("pools", "delete", "replica");
        var again = await deployment.RunAsync("pools", "delete", "replica");

        Assert.Equal("Pool 'replica' has 4 slots.", set.Out.Trim());
        Assert.Contains("at most four readers", list.Out);
        var pool = JsonDocument.Parse(json.Out).RootElement.EnumerateArray().Single(found => found.GetProperty("name").GetString() == "replica");
        Assert.Equal((4, true, 0), (pool.GetProperty("slots").GetInt32(), pool.GetProperty("include_deferred").GetBoolean(), pool.GetProperty("used").GetInt32()));
        Assert.NotEqual(0, nonsense.Code);
        Assert.Equal(1, negative.Code);
        Assert.Contains("A pool of -7 slots cannot be", negative.Error);
        Assert.Equal("Pool 'replica' is deleted.", deleted.Out.Trim());
        Assert.Equal("There was no pool 'replica'.", again.Out.Trim());
    }

    [Fact]
    public async Task What_a_task_asks_is_listed_shown_and_answered()
    {
        await deployment.RunAsync("runs", "trigger", "asks", "--run-id", "friday");
        Assert.Contains("Go on?", await WaitingAsync(), StringComparison.Ordinal);
        var state = await deployment.RunAsync("tasks", "state", "asks", "confirm", "friday");
        Assert.Contains("awaiting_input", state.Out, StringComparison.Ordinal);
        Assert.Contains("Only if it is Friday.", state.Out, StringComparison.Ordinal);
        Assert.Contains("asks a person", (await deployment.RunAsync("runs", "show", "asks", "friday")).Out, StringComparison.Ordinal);

        var approved = await deployment.RunAsync("tasks", "approve", "asks", "confirm", "friday", "--by", "ann", "--note", "it is");
        Assert.True(approved.Code == 0, approved.ToString());
        Assert.Equal("asks friday confirm: answered Approve, by ann.", approved.Lines.Single());
        Assert.Contains("it is", (await deployment.RunAsync("tasks", "state", "asks", "confirm", "friday")).Out, StringComparison.Ordinal);
        var again = await deployment.RunAsync("tasks", "reject", "asks", "confirm", "friday");
        Assert.Equal(1, again.Code);
        Assert.StartsWith("sluice: Task 'confirm' of run 'friday' was answered by ann at ", again.Error, StringComparison.Ordinal);

        Assert.Contains("How many?", await WaitingAsync(), StringComparison.Ordinal);
        var filled = await deployment.RunAsync("tasks", "answer", "asks", "which", "friday", "--option", "ok", "--param", "n=7", "--json");
        Assert.Equal("""{"n":7}""", JsonDocument.Parse(Assert.Single(filled.Lines)).RootElement.GetProperty("params_input").GetString());
        Assert.Equal("Nothing waits for a person.", (await deployment.RunAsync("tasks", "waiting", "asks")).Out.Trim());
    }

    private async Task<string> WaitingAsync()
    {
        var deadline = DateTime.UtcNow.AddMinutes(3);
        while (true)
        {
            var waiting = await deployment.RunAsync("tasks", "waiting", "asks");
            Assert.True(waiting.Code == 0 && DateTime.UtcNow < deadline, waiting.ToString());
            if (waiting.Out.Contains("See: sluice tasks", StringComparison.Ordinal))
            {
                return waiting.Out;
            }

            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task Json_is_one_line_and_one_document()
    {
        string[][] commands =
        [
            ["dags", "list"], ["dags", "show", "greets"], ["dags", "list-import-errors"], ["runs", "list"], ["backfill", "list"],
            ["connections", "list"], ["variables", "list"], ["cluster", "status"], ["actors"], ["pools", "list"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync([.. command, "--json"]);

            Assert.True(run.Code == 0, run.ToString());
            using var document = JsonDocument.Parse(Assert.Single(run.Lines));
        }
    }

    [Fact]
    public async Task Tables_fit_80_columns()
    {
        string[][] commands =
        [
            ["dags", "list"], ["dags", "show", "greets"], ["dags", "list-import-errors"], ["runs", "list"], ["runs", "list", "greets"],
            ["backfill", "list"], ["cluster", "status"], ["actors"], ["pools", "list"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync(command);

            Assert.True(run.Code == 0, run.ToString());
            Assert.All(run.Lines, line => Assert.True(line.Length <= 80, line));
        }
    }

    [Fact]
    public async Task Passwords_are_never_shown()
    {
        await deployment.RunAsync("connections", "set", "store", "postgres://etl:hunter2@db/dwh");
        await deployment.RunAsync("variables", "set", "api_token", "hunter2");
        await deployment.RunAsync("variables", "set", "greeting", "hi");

        Assert.Equal("hi", (await deployment.RunAsync("variables", "get", "greeting")).Out.Trim());
        foreach (var command in new[] { "connections list", "connections get store", "variables list", "variables get api_token", "variables list --json" })
        {
            var run = await deployment.RunAsync(command.Split(' '));

            Assert.True(run.Code == 0, run.ToString());
            Assert.Contains("***", run.Out);
            Assert.DoesNotContain("hunter2", run.Out);
        }
    }

    [Fact]
    public async Task What_the_deployment_refuses_is_one_sentence_and_exit_code_1()
    {
        string[][] commands =
        [
            ["runs", "trigger", "nosuch"], ["runs", "show", "greets", "nosuch"], ["tasks", "log", "greets", "nosuch", "2021-02-01"],
            ["backfill", "show", "nosuch"], ["backfill", "pause", "nosuch"], ["backfill", "create", "greets", "--start", "2021-02-03", "--end", "2021-02-01"],
            ["backfill", "create", "greets", "--start", "2021-02-03", "--end", "2021-02-04", "--dry-run", "--connection", "no=such"],
            ["backfill", "create", "fails", "--start", "2021-02-01", "--end", "2021-02-03"], ["variables", "get", "nosuch"], ["connections", "get", "nosuch"],
            ["connections", "set", "x", "no uri"], ["dags", "list", "--token", "wrong"], ["runs", "trigger", "greets", "--conf", "{"],
        ];
        foreach (var command in commands)
        {
            var run = await deployment.RunAsync(command);

            Assert.True(run.Code == 1, $"{string.Join(' ', command)}: {run}");
            Assert.Single(run.Error.TrimEnd().Split('\n'));
        }
    }
}
