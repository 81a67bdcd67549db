namespace Sluice.Actors.Tests.Inspection;

public sealed class InspectionTests
{
    [Fact]
    public void A_snapshot_tells_what_an_actor_does()
    {
        var simulation = new SimulationDispatcher(5);
        var system = Probe.System(simulation);
        var actor = system.Spawn(
            Probe.OfAsync((context, _) => Task.Delay(TimeSpan.FromMinutes(10), context.Time)), "busy");
        for (var number = 0; number < 4; number++)
            actor.Tell(number);
        simulation.RunFor(TimeSpan.FromMinutes(15));

        var look = Assert.Single(system.Inspect());

        Assert.Equal(
            new ActorSnapshot("/busy", null, "FuncActor", 2, 1, 0, null, null, TimeSpan.FromMinutes(15), true, "made of a function"), look);
    }

    [Fact]
    public async Task Looking_at_busy_actors_disturbs_nothing()
    {
        await using var system = Probe.System();
        var count = 0;
        var done = new TaskCompletionSource();
        var actor = system.Spawn(
            Probe.Of((_, _) =>
            {
                if (++count == 200_000)
                    done.SetResult();
            }),
            "busy");
        var telling = Task.Run(() =>
        {
            for (var number = 0; number < 200_000; number++)
                actor.Tell("x");
        });

        while (!done.Task.IsCompleted && !telling.IsFaulted)
            Assert.InRange(Assert.Single(system.Inspect()).MailboxDepth, 0, 200_000);

        await telling;
        await done.Task.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Equal("made of a function", Assert.Single(system.Inspect()).State);
    }

    [Fact]
    public void An_actor_is_found_by_its_path_while_it_lives()
    {
        var simulation = new SimulationDispatcher(5);
        var system = Probe.System(simulation);
        var actor = system.Spawn(Probe.Of((_, _) => { }, context => context.Spawn(Probe.Of((_, _) => { }), "child")), "parent");
        simulation.RunUntilIdle();

        Assert.Same(actor, system.Find("/parent"));
        Assert.Equal("/parent/child", system.Find("/parent/child")?.Path);
        system.Stop(actor);
        simulation.RunUntilIdle();
        Assert.Null(system.Find("/parent/child"));
    }
}
