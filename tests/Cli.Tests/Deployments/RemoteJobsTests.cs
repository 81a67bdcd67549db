using System.Text.Json;

namespace Sluice.Cli.Tests.Deployments;

/// <summary>What tasks have started in a service, shown and stopped in a whole Sluice, by an operator of a Dag file.</summary>
public sealed class RemoteJobsTests(LocalDeployment deployment) : IClassFixture<LocalDeployment>
{
    [Fact]
    public async Task What_a_failed_or_killed_attempt_left_in_a_service_is_shown_and_stopped_when_the_service_is_back()
    {
        var service = Directory.CreateDirectory(Path.Combine(deployment.DagFolder, "..", "service")).FullName;
        await File.WriteAllTextAsync(Path.Combine(deployment.DagFolder, "leaves.cs"), $$"""
            Dag.Define("leaves", dag =>
            {
                dag.Add("fails", new Starts { Service = "{{service}}" });
                dag.Add("dies", new Starts { Service = "{{service}}", Dies = true });
                dag.Run("cannot", async ctx => await ctx.KeepRemoteJobAsync(new RemoteJob("emr", "j-0")));
            });

            public sealed class Starts : Operator, IStopsRemoteJob
            {
                public string Service { get; set; } = "";
                public bool Dies { get; set; }

                public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancel)
                {
                    await context.KeepRemoteJobAsync(new RemoteJob("emr", "j-" + context.Task.Id) { Name = "cluster", ConnectionId = "aws" }, cancel);
                    if (Dies) { System.Diagnostics.Process.GetCurrentProcess().Kill(); }
                    throw new TaskFailedException("no luck");
                }

                public ValueTask StopRemoteJobAsync(RemoteJob job, TaskContext context, CancellationToken cancel)
                {
                    if (!File.Exists(Path.Combine(Service, "up"))) { throw new TaskErrorException("emr is down"); }
                    File.AppendAllText(Path.Combine(Service, job.Id), "stopped");
                    return ValueTask.CompletedTask;
                }
            }
            """);
        await UntilAsync(async () => (await deployment.RunAsync("dags", "list")).Out.Contains("leaves", StringComparison.Ordinal), "the Dag is there");
        Assert.Equal(1, (await deployment.RunAsync("runs", "trigger", "leaves", "--run-id", "r", "--wait")).Code);
        await UntilAsync(async () => (await CallbacksAsync()).Count(stop => Text(stop, "error") == "emr is down") == 2, "each stop has been tried");
        foreach (var task in (string[])["fails", "dies"])
        {
            var shown = (await deployment.RunAsync("tasks", "state", "leaves", task, "r")).Lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToList();
            Assert.Contains("In services:", shown);
            Assert.Contains(shown, line => line.StartsWith($"1 emr j-{task} cluster aws 20", StringComparison.Ordinal));
            Assert.Contains(shown, line => line.Contains("stop_remote_job", StringComparison.Ordinal));
            Assert.Contains(shown, line => line.Contains($"j-{task}:", StringComparison.Ordinal)); // what to stop by hand, if need be
            Assert.Single(await CallbacksAsync(), stop => Text(stop, "why") == $"emr cluster j-{task}: its attempt ended without it");
        }

        var cannot = (await deployment.RunAsync("tasks", "state", "leaves", "cannot", "r")).Out;
        Assert.Contains("IStopsRemoteJob", string.Join("", cannot.Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("In services:", cannot, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(service, "up"), "");
        await UntilAsync(async () => (await CallbacksAsync()).All(stop => Text(stop, "state") == "success"), "all is stopped");

        Assert.Equal(["stopped", "stopped"], new[] { "j-fails", "j-dies" }.Select(job => File.ReadAllText(Path.Combine(service, job))));
        Assert.Equal(2, (await CallbacksAsync()).Count);
    }

    private async Task<List<JsonElement>> CallbacksAsync() =>
        [.. JsonDocument.Parse((await deployment.RunAsync("callbacks", "list", "leaves", "r", "--json")).Out).RootElement.EnumerateArray()];

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        var deadline = DateTime.UtcNow.AddMinutes(4);
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, $"It never came that {what}.");
            await Task.Delay(200);
        }
    }
}
