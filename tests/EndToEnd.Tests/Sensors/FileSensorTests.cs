using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.Sensors;

/// <summary>A worker with one slot tells what waiting costs.</summary>
public sealed class FileSensorTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync(slots: 1);

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Only_a_poking_sensor_holds_the_slot_and_each_mode_sees_the_file()
    {
        var file = Path.Combine(_cluster.Folder, "ready");
        await _cluster.AddDagAsync("other", """Dag.Define("other", dag => dag.Add("task", new ShellOperator { Script = "true" }));""");
        foreach (var mode in new[] { "Reschedule", "Async", "Poke" })
        {
            await _cluster.AddDagAsync(
                mode,
                $$"""
                Dag.Define("{{mode}}", dag => dag.Add("wait", new FileSensor
                {
                    Path = "{{file}}.{{mode}}", Mode = SensorMode.{{mode}}, PokeInterval = TimeSpan.FromMilliseconds(500), Timeout = TimeSpan.FromMinutes(5),
                }).Then(dag.Add("use", new EmptyOperator())));
                """);
        }

        await _cluster.Api.TriggerAsync("Reschedule");
        await _cluster.Api.TriggerAsync("Async");
        await StateAsync("Reschedule", "up_for_reschedule");
        await StateAsync("Async", "running", "deferred");
        await _cluster.Api.TriggerAsync("other");
        await _cluster.Api.SucceededAsync("other");
        await StateAsync("Reschedule", "up_for_reschedule");

        await _cluster.Api.TriggerAsync("Poke");
        await Until.TrueAsync(async () => (await _cluster.Api.ActorsAsync()).Any(tree => tree.Actors.Any(actor => actor.State.Contains("Poke/run/wait for", StringComparison.Ordinal))), "the slot is the poking sensor's");
        await _cluster.Api.TriggerAsync("other", "second");
        await File.WriteAllTextAsync($"{file}.Async", "");
        await StateAsync("Async", "success");
        await File.WriteAllTextAsync($"{file}.Reschedule", "");
        Assert.Equal("running", (await _cluster.Api.ShowAsync("Reschedule")).Run.State);
        Assert.Equal("running", (await _cluster.Api.ShowAsync("other", "second")).Run.State);

        await File.WriteAllTextAsync($"{file}.Poke", "");
        await _cluster.Api.SucceededAsync("Poke");
        await _cluster.Api.SucceededAsync("Reschedule");
        await _cluster.Api.SucceededAsync("Async");
        await _cluster.Api.SucceededAsync("other", "second");
        Assert.Equal(1, (await _cluster.Api.TaskAsync("Reschedule", "wait")).TryNumber);
    }

    private Task StateAsync(string dag, params string[] states) => Until.TrueAsync(
        async () => (await _cluster.Api.TaskStateAsync(dag, "wait")).State is var state && states.Contains(state), $"the sensor of {dag} is {string.Join(" or ", states)}", () => _cluster.Logs);
}
