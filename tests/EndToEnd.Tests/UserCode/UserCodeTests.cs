using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.UserCode;

/// <summary>Code of users goes wrong in every way that it can; nothing else does.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class UserCodeTests(SharedCluster shared)
{
    [Fact]
    public async Task Each_way_to_go_wrong_fails_one_task_alone_and_says_why()
    {
        await shared.Cluster.AddDagAsync(
            "goes_wrong",
            """
            static int Deeper(int n) => 1 + Deeper(n + 1) + n;

            Dag.Define("goes_wrong", dag =>
            {
                dag.Run("throws", _ => throw new InvalidOperationException("the table is on fire"));
                dag.Run("exits", _ => Environment.Exit(7));
                dag.Run("overflows", _ => { Deeper(0); });
                dag.Run("never_ends", _ => { while (true) { } }, task => task.ExecutionTimeout = TimeSpan.FromSeconds(2));
                dag.Run("waits_for_ever", ctx => Task.Delay(-1, ctx.CancellationToken), task => task.ExecutionTimeout = TimeSpan.FromSeconds(2));
                dag.Run("kills_itself", _ => System.Diagnostics.Process.GetCurrentProcess().Kill());
                dag.Run("good_spy", _ =>
                {
                    if (Environment.GetEnvironmentVariables().Keys.Cast<string>().FirstOrDefault(name => name.StartsWith("SLUICE_")) is { } secret)
                        throw new InvalidOperationException($"user code sees {secret}");
                });
                for (var i = 0; i < 10; i++)
                {
                    var n = i;
                    dag.Run($"good_{i}", async ctx => { await Task.Delay(500); return n; });
                }
            });
            """);
        await shared.Api.TriggerAsync("goes_wrong");

        var run = await shared.Api.EndedAsync("goes_wrong");

        Assert.Equal("failed", run.Run.State);
        Says("throws", "the table is on fire", "goes_wrong.cs");
        Says("exits", "exit", "7");
        Says("overflows", "stack");
        Says("never_ends", "execution timeout");
        Says("waits_for_ever", "execution timeout");
        Says("kills_itself", "killed");
        Assert.All(run.Tasks.Where(task => task.TaskId.StartsWith("good_", StringComparison.Ordinal)), task => Assert.Equal(("success", 1), (task.State, task.TryNumber)));

        void Says(string task, params string[] words)
        {
            var attempt = run.Tasks.Single(attempt => attempt.TaskId == task);
            Assert.Equal("failed", attempt.State);
            Assert.All(words, word => Assert.Contains(word, attempt.Error, StringComparison.OrdinalIgnoreCase));
            Assert.InRange(attempt.Error!.Split('\n').Length, 1, 8);
        }
    }
}
