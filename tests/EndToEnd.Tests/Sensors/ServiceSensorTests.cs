using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Sensors;

/// <summary>The sensors for what other machines do, in each way of waiting. The worker has as many slots as a Dag has sensors.</summary>
public sealed class ServiceSensorTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync(slots: Awaited.Sensors.Count);

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Each_sensor_waits_in_each_mode_and_holds_a_slot_only_when_it_pokes()
    {
        await using var rescheduled = await Awaited.StartAsync("Reschedule", _cluster.Api);
        await using var slotless = await Awaited.StartAsync("Async", _cluster.Api);
        await using var poking = await Awaited.StartAsync("Poke", _cluster.Api);
        await _cluster.AddDagAsync("other", """Dag.Define("other", dag => dag.Add("task", new ShellOperator { Script = "true" }));""");
        foreach (var awaited in new[] { rescheduled, slotless, poking })
        {
            await _cluster.AddDagAsync(awaited.Mode, awaited.DagFile);
        }

        await _cluster.Api.TriggerAsync("Reschedule");
        await _cluster.Api.TriggerAsync("Async");
        await EachAsync(rescheduled, async sensor => await StateAsync(rescheduled, sensor) == "up_for_reschedule", "has given its slot back");
        await EachAsync(slotless, async sensor => await HasWaitedAsync(slotless, sensor), "has poked");

        await _cluster.Api.TriggerAsync("Poke");
        await EachAsync(poking, async sensor => await HasWaitedAsync(poking, sensor), "has poked");
        var all = Awaited.Sensors.Select(sensor => $"Poke/run/{sensor}").Order(StringComparer.Ordinal).ToList();
        await Until.TrueAsync(async () => all.SequenceEqual(await SlotsAsync()), "the poking sensors have all slots", () => _cluster.Logs);

        await _cluster.Api.TriggerAsync("other");
        await slotless.ComeAsync();
        await _cluster.Api.SucceededAsync("Async");
        await rescheduled.ComeAsync();
        Assert.Equal("running", (await _cluster.Api.ShowAsync("Reschedule")).Run.State);
        Assert.Equal("running", (await _cluster.Api.ShowAsync("other")).Run.State);
        Assert.Equal("running", (await _cluster.Api.ShowAsync("Poke")).Run.State);

        await poking.ComeAsync();
        foreach (var awaited in new[] { poking, rescheduled, slotless })
        {
            var run = await _cluster.Api.SucceededAsync(awaited.Mode);
            Assert.All(run.Tasks, task => Assert.Equal(1, task.TryNumber));
        }

        await _cluster.Api.SucceededAsync("other");
    }

    private static Task EachAsync(Awaited awaited, Func<string, Task<bool>> condition, string what) =>
        Task.WhenAll(Awaited.Sensors.Select(sensor => Until.TrueAsync(() => condition(sensor), $"{awaited.Mode}.{sensor} {what}")));

    private async Task<string> StateAsync(Awaited awaited, string sensor) => (await _cluster.Api.TaskStateAsync(awaited.Mode, sensor)).State;

    private async Task<bool> HasWaitedAsync(Awaited awaited, string sensor)
    {
        try
        {
            return await _cluster.Api.TaskAsync(awaited.Mode, sensor) is { State: "running" or "deferred", Worker: not null } attempt
                && (await _cluster.Api.LogAsync(awaited.Mode, sensor, attempt)).Contains("Not there yet", StringComparison.Ordinal);
        }
        catch (DeploymentException)
        {
            return false; // it has no log yet
        }
    }

    // Whose they are.
    private async Task<IReadOnlyList<string>> SlotsAsync() =>
    [
        .. (await _cluster.Api.ActorsAsync()).SelectMany(tree => tree.Actors).Where(actor => actor.Path.Contains("/slot-", StringComparison.Ordinal))
            .Select(actor => actor.State.Split(" for ")[0]).Order(StringComparer.Ordinal),
    ];
}
