namespace Sluice.Actors.Tests.Supervision;

public sealed class SupervisionTests
{
    private readonly SimulationDispatcher _simulation = new(7);
    private readonly ActorSystem _system;

    public SupervisionTests() => _system = Probe.System(_simulation);

    [Fact]
    public void A_failed_actor_restarts_with_a_new_instance_keeps_its_mailbox_and_drops_the_message()
    {
        var instances = 0;
        var seen = new List<string>();
        var actor = _system.Spawn(
            Props.Create(() =>
            {
                var instance = ++instances;
                return new FuncActor((_, message) =>
                {
                    if (message is "bad")
                        throw new FormatException("bad luck");
                    seen.Add($"{instance}: {message}");
                    return ValueTask.CompletedTask;
                });
            }),
            "fragile");

        foreach (var message in (string[])["a", "bad", "b", "c"])
            actor.Tell(message);
        _simulation.RunUntilIdle();
        Assert.Equal(["1: a"], seen);
        Assert.Equal("waits to restart", Look("/fragile").State);
        Assert.Equal(2, Look("/fragile").MailboxDepth);
        _simulation.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.Equal(["1: a", "2: b", "2: c"], seen);
        var look = Look("/fragile");
        Assert.Equal(1, look.Restarts);
        Assert.Equal("FormatException: bad luck", look.LastError);
        Assert.Equal(0, look.MailboxDepth);
        Assert.Equal(4, look.Processed);
    }

    [Fact]
    public void Pauses_double_up_to_the_longest_and_start_again_after_a_long_good_run()
    {
        var starts = new List<TimeSpan>();
        var begin = _simulation.Now;
        var actor = _system.Spawn(
            Probe.Of((_, _) => throw new FormatException("always"), _ => starts.Add(_simulation.Now - begin)), "unlucky");

        for (var failure = 0; failure < 12; failure++)
        {
            actor.Tell("go");
            _simulation.RunUntil(() => starts.Count == failure + 2, TimeSpan.FromMinutes(2));
        }

        var pauses = starts.Zip(starts.Skip(1), (a, b) => (b - a).TotalSeconds);
        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30], pauses);

        _simulation.RunFor(TimeSpan.FromMinutes(1));
        var before = _simulation.Now;
        actor.Tell("go");
        _simulation.RunUntil(() => starts.Count == 14, TimeSpan.FromMinutes(2));
        Assert.Equal(0.1, (_simulation.Now - before).TotalSeconds);
    }

    [Fact]
    public void Too_many_restarts_within_the_window_fail_the_parent()
    {
        var parents = 0;
        var children = 0;
        var strategy = SupervisionStrategy.Restart(
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), maxRestarts: 3, window: TimeSpan.FromMinutes(1));
        _system.Spawn(
            Props.Create(() => new FuncActor(
                (_, _) => ValueTask.CompletedTask,
                context =>
                {
                    parents++;
                    context.Spawn(Probe.Of((_, _) => { }, _ =>
                    {
                        if (++children <= 4)
                            throw new FormatException("cannot start");
                    }), "child");
                    return ValueTask.CompletedTask;
                })).WithSupervision(strategy),
            "parent");

        _simulation.RunFor(TimeSpan.FromMinutes(1));

        Assert.Equal(2, parents);
        Assert.Equal(5, children);
        Assert.Equal("made of a function", Look("/parent/child").State);
        Assert.Equal(1, Look("/parent").Restarts);
    }

    [Fact]
    public void The_directive_depends_on_the_exception()
    {
        var ends = new List<object>();
        var strategy = SupervisionStrategy.Default.Deciding(
            failure => failure is FormatException ? SupervisionDirective.Stop : SupervisionDirective.Restart);
        _system.Spawn(
            Probe.Of(
                (_, message) => ends.Add(message),
                context =>
                {
                    foreach (var name in (string[])["stops", "restarts"])
                    {
                        var child = context.Spawn(
                            Probe.Of((_, _) => throw (name == "stops" ? new FormatException() : new InvalidOperationException())), name);
                        context.Watch(child);
                        child.Tell("go");
                    }
                }).WithSupervision(strategy),
            "parent");

        _simulation.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal("/parent/stops", Assert.IsType<Terminated>(Assert.Single(ends)).Actor.Path);
        Assert.Equal(1, Look("/parent/restarts").Restarts);
    }

    [Fact]
    public void A_restart_stops_the_children_and_the_timers_and_the_old_instance_first()
    {
        var log = new List<string>();
        var actor = _system.Spawn(
            Probe.Of(
                (context, message) =>
                {
                    log.Add($"{message}");
                    if (message is "bad")
                    {
                        context.Timers.StartSingle("t", TimeSpan.FromMilliseconds(10), "tick");
                        throw new FormatException();
                    }
                },
                context => context.Spawn(Probe.Of((_, _) => { }, _ => log.Add("child up"), () => log.Add("child down")), "child"),
                () => log.Add("down")),
            "parent");

        actor.Tell("bad");
        _simulation.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(["bad", "child up"], log.Take(2).Order());
        Assert.Equal(["child down", "down", "child up"], log.Skip(2));
    }

    [Fact]
    public void Children_stop_before_their_parent_and_all_of_a_system_before_it_is_disposed()
    {
        var log = new List<string>();
        _system.Spawn(
            Probe.Of(
                (_, _) => { },
                context => context.Spawn(
                    Probe.Of((_, _) => { }, inner => inner.Spawn(Probe.Of((_, _) => { }, null, () => log.Add("c")), "c"), () => log.Add("b")), "b"),
                () => log.Add("a")),
            "a");
        _simulation.RunUntilIdle();
        Assert.Equal(["/a", "/a/b", "/a/b/c"], _system.Inspect().Select(actor => actor.Path));

        Assert.True(_system.DisposeAsync().AsTask().IsCompletedSuccessfully);

        Assert.Equal(["c", "b", "a"], log);
        Assert.Empty(_system.Inspect());
    }

    [Fact]
    public void Terminated_comes_after_what_the_actor_told_and_its_name_is_free_then()
    {
        var seen = new List<string>();
        _system.Spawn(
            Probe.Of(
                (context, message) =>
                {
                    seen.Add(message is Terminated end ? $"end of {end.Actor.Name}" : $"{message}");
                    if (message is Terminated && seen.Count < 4)
                        Start(context);
                },
                Start),
            "parent");

        _simulation.RunUntilIdle();

        Assert.Equal(["last words", "end of child", "last words", "end of child"], seen);

        static void Start(ActorContext context)
        {
            var child = context.Spawn(
                Probe.Of((inner, _) =>
                {
                    inner.Parent!.Tell("last words");
                    inner.StopSelf();
                }),
                "child");
            context.Watch(child);
            child.Tell("go");
        }
    }

    [Fact]
    public void Watching_a_stopped_actor_answers_and_unwatching_keeps_silent()
    {
        var seen = new List<object>();
        var first = _system.Spawn(Probe.Of((_, _) => { }), "first");
        var second = _system.Spawn(Probe.Of((_, _) => { }), "second");
        _system.Stop(first);
        _simulation.RunUntilIdle();
        var watcher = _system.Spawn(
            Probe.Of((context, message) =>
            {
                seen.Add(message);
                if (message is not "watch")
                    return;
                context.Watch(first);
                context.Watch(second);
                context.System.Stop(second);
                context.Unwatch(second);
            }),
            "watcher");

        watcher.Tell("watch");
        _simulation.RunUntilIdle();

        Assert.Equal(["watch", new Terminated(first)], seen);
    }

    [Fact]
    public void A_name_is_taken_until_its_actor_has_stopped()
    {
        _system.Spawn(Probe.Of((_, _) => { }), "one");

        var refused = Assert.Throws<InvalidOperationException>(() => _system.Spawn(Probe.Of((_, _) => { }), "one"));

        Assert.StartsWith("/ has a child named 'one' already", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_lost_or_repeated_while_an_actor_stashes_and_restarts_under_load()
    {
        const int producers = 4;
        const int each = 20_000;
        await using var system = Probe.System();
        var seen = new int[producers * each];
        var failures = 0;
        var left = producers * each;
        var flushed = false; // from then on nothing is stashed, by any instance
        var done = new TaskCompletionSource();
        var parent = system.Spawn(
            Probe.Of(
                (context, message) => context.Child("child")!.Tell(message),
                context => context.Spawn(
                    Props.Create(() =>
                    {
                        var stashed = 0;
                        return new FuncActor(async (inner, message) =>
                        {
                            var number = (int)message;
                            if (number < 0)
                            {
                                flushed = true;
                                inner.UnstashAll();
                                return;
                            }

                            if (number % 7 == 0 && !flushed && stashed < 20)
                            {
                                stashed++;
                                inner.Stash();
                                return;
                            }

                            seen[number]++;
                            if (number % 5 == 0)
                                await Task.Yield();
                            if (stashed == 20)
                            {
                                stashed++;
                                inner.UnstashAll();
                            }

                            if (Interlocked.Decrement(ref left) == 0)
                                done.SetResult();
                            if (number % 997 == 0)
                            {
                                failures++;
                                throw new FormatException("on purpose");
                            }
                        });
                    }),
                    "child")).WithSupervision(SupervisionStrategy.Restart(TimeSpan.Zero, TimeSpan.Zero, int.MaxValue)),
            "parent");

        await Task.WhenAll(Enumerable.Range(0, producers).Select(producer => Task.Run(() =>
        {
            for (var number = producer * each; number < (producer + 1) * each; number++)
                parent.Tell(number);
        })));
        parent.Tell(-1);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(120));

        Assert.All(seen, count => Assert.Equal(1, count));
        Assert.InRange(failures, 20, 100);
        await Task.WhenAll(system.Inspect().Select(actor => system.StopAsync(system.Find(actor.Path)!))).WaitAsync(TimeSpan.FromSeconds(120));
    }

    private ActorSnapshot Look(string path) => _system.Inspect().Single(actor => actor.Path == path);
}
