using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Callbacks;

/// <summary>Callbacks with real processes: they run in runners, whatever became of the task.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class CallbackTests(SharedCluster shared)
{
    [Fact]
    public async Task A_task_killed_from_outside_and_its_run_are_told_of_once_each()
    {
        var (began, told) = (Path.Combine(shared.Cluster.Folder, "killed-began"), Path.Combine(shared.Cluster.Folder, "killed-told"));
        await shared.Cluster.AddDagAsync(
            "killed",
            $$"""
            Dag.Define("killed", dag =>
            {
                dag.Defaults.OnFailure(ctx => File.AppendAllText("{{told}}", $"{ctx.Event} {ctx.TaskId} {ctx.TryNumber} {ctx.State}: {ctx.Why}\n"));
                dag.OnFailure(async ctx => await File.AppendAllTextAsync("{{told}}", $"run {ctx.Event} {ctx.DagId} {ctx.State}: {ctx.Why}\n"));
                dag.Run("dies", async ctx => { File.WriteAllText("{{began}}.part", $"{Environment.ProcessId}"); File.Move("{{began}}.part", "{{began}}"); await Task.Delay(-1, ctx.CancellationToken); });
            });
            """);
        await shared.Api.TriggerAsync("killed");
        await Until.TrueAsync(() => File.Exists(began), "the task has begun");

        using (var runner = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(began), System.Globalization.CultureInfo.InvariantCulture)))
        {
            runner.Kill();
        }

        var run = await CalledBackAsync("killed", 2);
        Assert.Equal("failed", run.Run.State);
        Assert.All(run.Callbacks, callback => Assert.Equal(("success", 1, (string?)null), (callback.State, callback.HandedOut, callback.Error)));
        var lines = (await File.ReadAllLinesAsync(told)).Order().ToList();
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("on_failure dies 1 failed: The runner process was killed from outside (exit code 137", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("run on_failure killed failed: task dies failed on try 1: The runner process was killed", lines[1], StringComparison.Ordinal);
        Assert.Equal(["dies"], (await shared.Api.TaskStateAsync("killed", "dies")).Callbacks.Select(callback => callback.TaskId));
    }

    [Fact]
    public async Task However_the_process_of_a_task_dies_its_retry_and_its_end_are_told_once_each()
    {
        var told = new Told(shared.Cluster.Folder, "dying-told");
        await shared.Cluster.AddDagAsync(
            "dying",
            $$"""
            Dag.Define("dying", dag =>
            {
                dag.Defaults.Retries = 1;
                dag.Defaults.RetryDelay = TimeSpan.Zero;
                dag.Defaults.OnRetry(ctx => { {{told.Statement("$\"{ctx.TaskId} {ctx.Event} {ctx.TryNumber}\"")}} });
                dag.Defaults.OnFailure(ctx => { {{told.Statement("$\"{ctx.TaskId} {ctx.Event} {ctx.TryNumber}\"")}} });
                dag.OnFailure(ctx => { {{told.Statement("\"the run\"")}} });
                dag.Run("killed", _ => System.Diagnostics.Process.GetCurrentProcess().Kill());
                dag.Run("fails_fast", _ => Environment.FailFast("enough"));
                dag.Run("exits", _ => Environment.Exit(3));
                // Beyond what a runner's heap may hold; nothing of it is ever touched.
                dag.Run("allocates", _ => { var held = new List<byte[]>(); while (true) { held.Add(GC.AllocateUninitializedArray<byte>(1 << 30)); } });
            });
            """);
        await shared.Api.TriggerAsync("dying");

        var run = await CalledBackAsync("dying", 9);
        Assert.All(run.Callbacks, callback => Assert.Equal(("success", 1), (callback.State, callback.HandedOut)));
        string[] tasks = ["allocates", "exits", "fails_fast", "killed"];
        Assert.Equal([.. tasks.SelectMany(task => (string[])[$"{task} on_failure 2", $"{task} on_retry 1"]), "the run"], told.Texts);
        Assert.Contains("OutOfMemoryException", run.Tasks.Single(task => task.TaskId == "allocates").Error, StringComparison.Ordinal);
        Assert.Contains("killed from outside", run.Tasks.Single(task => task.TaskId == "killed").Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_in_yaml_is_posted_to_and_a_callback_over_its_time_is_stopped_and_shown()
    {
        using var listener = new HttpListener();
        using var port = new ReservedPort();
        var url = $"http://127.0.0.1:{port.Number}/";
        listener.Prefixes.Add(url);
        listener.Start();
        await shared.Cluster.WriteDagFileAsync(
            "hooked.yaml",
            $$$"""
            dag_id: hooked
            on_success_callback:
              - notifier: WebhookNotifier
                url: {{{url}}}run
            tasks:
              - id: hello
                operator: ShellOperator
                script: echo hello
                on_success_callback:
                  - notifier: SlackNotifier
                    url: "{{{url}}}{{ callback.event }}"
                    text: "{{ task.task_id }} is {{ callback.state }}"
            """);
        await shared.Cluster.AddDagAsync(
            "slow",
            """
            Dag.Define("slow", dag =>
            {
                dag.CallbackTimeout = TimeSpan.FromSeconds(10);
                dag.Run("quick", _ => { }).OnSuccess(ctx => Thread.Sleep(-1)).OnSuccess(ctx => throw new InvalidOperationException("nobody home"));
            });
            """);
        await Until.TrueAsync(async () => (await shared.Api.DagsAsync()).Any(dag => dag.DagId == "hooked"), "the YAML Dag is there", () => shared.Cluster.Logs);
        await shared.Api.TriggerAsync("hooked");

        var bodies = new Dictionary<string, JsonNode>();
        while (bodies.Count < 2)
        {
            var request = await listener.GetContextAsync().WaitAsync(Until.Patience);
            using var reader = new StreamReader(request.Request.InputStream);
            bodies.Add(request.Request.Url!.AbsolutePath, JsonNode.Parse(await reader.ReadToEndAsync())!);
            Assert.NotEmpty(request.Request.Headers["X-Sluice-Event-Id"]!);
            request.Response.StatusCode = request.Request.Url.AbsolutePath == "/run" ? 503 : 200;
            request.Response.Close();
        }

        Assert.Equal("hello is success", (string?)bodies["/on_success"]["text"]);
        Assert.Equal(("hooked", "run", "on_success", "success"), ((string)bodies["/run"]["dag_id"]!, (string)bodies["/run"]["run_id"]!, (string)bodies["/run"]["event"]!, (string)bodies["/run"]["state"]!));
        var hooked = await CalledBackAsync("hooked", 2);
        Assert.Equal("success", hooked.Run.State);
        Assert.Equal([("hello", "success"), (null, "failed")], hooked.Callbacks.Select(callback => (callback.TaskId, callback.State)));
        Assert.Equal("127.0.0.1 answered the webhook with 503 Service Unavailable.", hooked.Callbacks[1].Error);

        await shared.Api.TriggerAsync("slow");
        var slow = await CalledBackAsync("slow", 2);
        Assert.Equal("success", slow.Run.State);
        Assert.Contains("Ran longer than its execution timeout of 00:00:10.", slow.Callbacks[0].Error, StringComparison.Ordinal);
        Assert.Contains("nobody home", slow.Callbacks[1].Error, StringComparison.Ordinal);
    }

    private Task<RunDetails> CalledBackAsync(string dag, int callbacks) => Until.ValueAsync(
        async () => await ClusterApi.TryAsync(() => shared.Api.AtOnce.ShowRunAsync(dag, "run")) is { } run && run.Callbacks.Count(callback => callback.EndedAt is not null) == callbacks ? run : null,
        $"{callbacks} callbacks of {dag} have ended",
        async () => string.Join('\n', (await shared.Api.ShowAsync(dag)).Callbacks) + shared.Cluster.Logs);
}
