namespace Sluice.EndToEnd.Tests.Failures;

/// <summary>A Dag whose first task says in a file that it has started, and goes on when another file appears: the test decides how long it runs.</summary>
internal sealed class Marks(string folder, string dag)
{
    private readonly string _started = Path.Combine(folder, $"{dag}.started");
    private readonly string _go = Path.Combine(folder, $"{dag}.go");

    public string Dag => dag;

    /// <summary>Two tasks: <c>work</c>, then <c>after</c>.</summary>
    public string Text =>
        $$"""
        Dag.Define("{{dag}}", dag =>
        {
            var work = dag.Run("work", async ctx =>
            {
                var before = File.Exists("{{_started}}") ? File.ReadAllLines("{{_started}}") : [];
                var alive = before.Any(pid => pid != $"{Environment.ProcessId}" && Directory.Exists($"/proc/{pid}"));
                File.AppendAllText("{{_started}}", alive ? "twice at once\n" : $"{Environment.ProcessId}\n");
                while (!File.Exists("{{_go}}"))
                {
                    await Task.Delay(50, ctx.CancellationToken);
                }
            });
            work.Then(dag.Run("after", _ => { }));
        });
        """;

    /// <summary>One line a start: the runner's pid.</summary>
    public IReadOnlyList<string> Starts => File.Exists(_started) ? File.ReadAllLines(_started) : [];

    public Task StartedAsync(int times = 1, Func<string>? otherwise = null) => Nodes.Until.TrueAsync(() => Starts.Count >= times, $"{dag}'s task has started {times} times", otherwise);

    public void Go() => File.WriteAllText(_go, "");
}
