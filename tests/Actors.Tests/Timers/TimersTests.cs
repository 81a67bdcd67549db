namespace Sluice.Actors.Tests.Timers;

public sealed class TimersTests
{
    private readonly SimulationDispatcher _simulation = new(3);
    private readonly List<string> _seen = [];
    private readonly DateTimeOffset _begin;
    private readonly ActorSystem _system;

    public TimersTests()
    {
        _begin = _simulation.Now;
        _system = Probe.System(_simulation);
    }

    [Fact]
    public void A_single_timer_fires_once_at_its_time()
    {
        Run(context => context.Timers.StartSingle("key", TimeSpan.FromSeconds(5), "tick"), TimeSpan.FromMinutes(1));

        Assert.Equal(["5 tick"], _seen);
    }

    [Fact]
    public void A_timer_may_take_a_year()
    {
        Run(context => context.Timers.StartSingle("key", TimeSpan.FromDays(365), "tick"), TimeSpan.FromDays(400));

        Assert.Equal([$"{365 * 86400} tick"], _seen);
    }

    [Fact]
    public void A_periodic_timer_fires_until_it_is_cancelled()
    {
        Run(
            context => context.Timers.StartPeriodic("key", TimeSpan.FromSeconds(10), "tick"),
            TimeSpan.FromMinutes(5),
            (context, _) =>
            {
                if (_seen.Count == 3)
                    context.Timers.Cancel("key");
            });

        Assert.Equal(["10 tick", "20 tick", "30 tick"], _seen);
    }

    [Fact]
    public void Starting_a_key_again_replaces_its_timer()
    {
        Run(
            context =>
            {
                context.Timers.StartSingle("key", TimeSpan.FromSeconds(5), "old");
                context.Timers.StartSingle("key", TimeSpan.FromSeconds(9), "new");
                Assert.True(context.Timers.IsActive("key"));
                Assert.False(context.Timers.IsActive("other"));
            },
            TimeSpan.FromMinutes(1));

        Assert.Equal(["9 new"], _seen);
    }

    [Fact]
    public void A_tick_that_waits_in_the_mailbox_when_its_timer_is_cancelled_is_not_delivered()
    {
        // The handler awaits past the due time, so that the tick is queued behind it, and cancels then.
        var actor = _system.Spawn(
            Probe.OfAsync(async (context, message) =>
            {
                _seen.Add($"{message}");
                if (message is not "go")
                    return;
                context.Timers.StartSingle("a", TimeSpan.FromSeconds(1), "cancelled");
                context.Timers.StartSingle("b", TimeSpan.FromSeconds(1), "replaced");
                context.Timers.StartSingle("c", TimeSpan.FromSeconds(1), "kept");
                await Task.Delay(TimeSpan.FromSeconds(5), context.Time);
                context.Timers.Cancel("a");
                context.Timers.StartSingle("b", TimeSpan.FromSeconds(1), "replacement");
            }),
            "late");

        actor.Tell("go");
        _simulation.RunFor(TimeSpan.FromMinutes(1));

        Assert.Equal(["go", "kept", "replacement"], _seen);
    }

    [Fact]
    public void Ticks_of_a_busy_actor_do_not_pile_up()
    {
        var actor = _system.Spawn(
            Probe.OfAsync(async (context, message) =>
            {
                _seen.Add($"{message}");
                if (message is not "go")
                    return;
                context.Timers.StartPeriodic("a", TimeSpan.FromSeconds(1), "tick");
                await Task.Delay(TimeSpan.FromSeconds(10.5), context.Time);
            }),
            "busy");

        actor.Tell("go");
        _simulation.RunFor(TimeSpan.FromSeconds(12.2));

        Assert.Equal(["go", "tick", "tick", "tick"], _seen); // one that waited, then those of 11 s and 12 s
    }

    [Fact]
    public async Task Timers_run_on_the_real_clock_too()
    {
        await using var system = Probe.System();
        var done = new TaskCompletionSource();
        var ticks = 0;
        system.Spawn(
            Probe.Of(
                (_, _) =>
                {
                    if (++ticks == 5)
                        done.SetResult();
                },
                context => context.Timers.StartPeriodic("key", TimeSpan.FromMilliseconds(2), "tick")),
            "ticker");

        await done.Task.WaitAsync(TimeSpan.FromSeconds(120));
    }

    private void Run(Action<ActorContext> start, TimeSpan duration, Action<ActorContext, object>? receive = null)
    {
        _system.Spawn(
            Probe.Of(
                (context, message) =>
                {
                    _seen.Add($"{(_simulation.Now - _begin).TotalSeconds:0} {message}");
                    receive?.Invoke(context, message);
                },
                start),
            "timed");
        _simulation.RunFor(duration);
    }
}
