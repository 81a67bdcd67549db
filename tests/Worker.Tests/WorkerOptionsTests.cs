using Sluice.Cluster.Worker;

namespace Sluice.Worker.Tests;

public sealed class WorkerOptionsTests
{
    [Fact]
    public void The_defaults_are_valid_but_for_the_home()
    {
        Assert.Contains("Worker:Home is ''", Assert.Throws<ArgumentException>(new WorkerOptions().Validate).Message, StringComparison.Ordinal);
        new WorkerOptions { Home = "x" }.Validate();
    }

    [Fact]
    public void Nonsense_is_named_with_its_key_and_value()
    {
        Assert.Contains("Worker:Slots is '0'", Refusal(o => o.Slots = 0), StringComparison.Ordinal);
        Assert.Contains("Worker:Queues is '[]'", Refusal(o => o.Queues = []), StringComparison.Ordinal);
        Assert.Contains("Worker:WarmRunners is '9'", Refusal(o => o.WarmRunners = 9), StringComparison.Ordinal);
        Assert.Contains("Worker:KillGrace is '-00:00:01'", Refusal(o => o.KillGrace = TimeSpan.FromSeconds(-1)), StringComparison.Ordinal);
        Assert.Contains("Worker:RunnerPath is '/none'", Refusal(o => o.RunnerPath = "/none"), StringComparison.Ordinal);
    }

    private static string Refusal(Action<WorkerOptions> change)
    {
        var options = new WorkerOptions { Home = "x" };
        change(options);
        return Assert.Throws<ArgumentException>(options.Validate).Message;
    }
}
