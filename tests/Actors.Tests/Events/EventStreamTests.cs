namespace Sluice.Actors.Tests.Events;

public sealed class EventStreamTests
{
    private abstract record News;

    private sealed record Weather(string Text) : News;

    private sealed record Sport : News;

    [Fact]
    public void Subscribers_get_what_is_of_their_type_once_until_they_unsubscribe_or_stop()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        List<object> all = [], weather = [];
        var reader = system.Spawn(Probe.Recorder(all), "all");
        var farmer = system.Spawn(Probe.Recorder(weather), "weather");
        system.Events.Subscribe<News>(reader);
        system.Events.Subscribe<Weather>(reader);
        system.Events.Subscribe<Weather>(farmer);
        system.Events.Subscribe<Weather>(farmer);

        system.Events.Publish(new Weather("rain"));
        system.Events.Publish(new Sport());
        simulation.RunUntilIdle();
        Assert.Equal([new Weather("rain"), new Sport()], all);
        Assert.Equal([new Weather("rain")], weather);

        system.Events.Unsubscribe<Weather>(farmer);
        system.Stop(reader);
        simulation.RunUntilIdle();
        var dead = new List<object>();
        system.Events.Subscribe<DeadLetter>(system.Spawn(Probe.Recorder(dead), "dead"));
        system.Events.Publish(new Weather("sun"));
        simulation.RunUntilIdle();

        Assert.Single(weather);
        Assert.Equal(2, all.Count);
        Assert.Empty(dead);
    }
}
