using FsCheck;
using FsCheck.Fluent;

namespace Sluice.Actors.Tests.Mailboxes;

public sealed class MailboxTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Messages_of_one_sender_arrive_in_order_and_none_is_lost_with_many_producers()
    {
        const int producers = 8;
        const int each = 50_000;
        await using var system = Probe.System();
        var next = new int[producers];
        var disorder = 0;
        var count = 0;
        var done = new TaskCompletionSource();
        var actor = system.Spawn(
            Probe.Of((_, message) =>
            {
                var (producer, number) = ((int, int))message;
                if (next[producer]++ != number)
                    disorder++;
                if (++count == producers * each)
                    done.SetResult();
            }),
            "sink");

        await Task.WhenAll(Enumerable.Range(0, producers).Select(producer => Task.Run(() =>
        {
            for (var number = 0; number < each; number++)
                actor.Tell((producer, number));
        })));
        await done.Task.WaitAsync(Soon);

        Assert.Equal(0, disorder);
        Assert.Equal(producers * each, count);
    }

    [Fact]
    public async Task No_message_is_handled_while_a_handler_awaits()
    {
        await using var system = Probe.System();
        var inside = 0;
        var overlaps = 0;
        var count = 0;
        var done = new TaskCompletionSource();
        var actor = system.Spawn(
            Probe.OfAsync(async (_, message) =>
            {
                if (Interlocked.Increment(ref inside) != 1)
                    overlaps++;
                if ((int)message % 3 == 0)
                    await Task.Yield();
                Interlocked.Decrement(ref inside);
                if (++count == 20_000)
                    done.SetResult();
            }),
            "slow");

        Parallel.For(0, 20_000, number => actor.Tell(number));
        await done.Task.WaitAsync(Soon);

        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task A_ring_of_actors_passes_a_message_around_on_the_thread_pool()
    {
        await using var system = Probe.System();
        var done = new TaskCompletionSource();
        var ring = new List<ActorRef>();
        for (var index = 0; index < 100; index++)
        {
            var mine = index;
            ring.Add(system.Spawn(
                Probe.Of((_, message) =>
                {
                    var left = (int)message;
                    if (left == 0)
                        done.SetResult();
                    else
                        ring[(mine + 1) % 100].Tell(left - 1);
                }),
                $"ring-{index}"));
        }

        ring[0].Tell(20_000);

        await done.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task An_actor_answers_an_ask()
    {
        await using var system = Probe.System();
        var actor = system.Spawn(Probe.Of((context, message) => context.Sender?.Tell((int)message * 2)), "double");

        Assert.Equal(42, await actor.AskAsync<int>(21, Soon));
    }

    [Fact]
    public void An_ask_without_an_answer_times_out_by_the_clock_of_the_system()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var actor = system.Spawn(Probe.Of((_, _) => { }), "silent");

        var asked = actor.AskAsync<int>("hello", TimeSpan.FromMinutes(5));
        simulation.RunFor(TimeSpan.FromMinutes(4));
        Assert.False(asked.IsCompleted);
        simulation.RunFor(TimeSpan.FromMinutes(1));

        var failure = Assert.IsType<AskTimeoutException>(asked.Exception!.InnerException);
        Assert.Equal("/silent did not answer String within 300 s.", failure.Message);
    }

    [Fact]
    public void An_ask_of_a_stopped_actor_fails_at_once()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var actor = system.Spawn(Probe.Of((_, _) => { }), "gone");
        system.Stop(actor);
        simulation.RunUntilIdle();

        var asked = actor.AskAsync<int>("hello", TimeSpan.FromMinutes(5));

        Assert.IsType<ActorStoppedException>(asked.Exception!.InnerException);
    }

    [Fact]
    public void An_exception_as_answer_is_thrown_and_a_wrong_type_is_named()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var actor = system.Spawn(
            Probe.Of((context, message) => context.Sender?.Tell(message is "fail" ? new FormatException("no") : "text")), "answers");

        var failed = actor.AskAsync<int>("fail", TimeSpan.FromMinutes(5));
        var wrong = actor.AskAsync<int>("other", TimeSpan.FromMinutes(5));
        simulation.RunUntilIdle();

        Assert.IsType<FormatException>(failed.Exception!.InnerException);
        Assert.Equal("/answers answered String with String; Int32 was expected.", wrong.Exception!.InnerException!.Message);
    }

    [Fact]
    public void A_full_mailbox_makes_dead_letters()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var dead = new List<object>();
        system.Events.Subscribe<DeadLetter>(system.Spawn(Probe.Recorder(dead), "dead"));
        var seen = new List<object>();
        var actor = system.Spawn(Probe.Recorder(seen).WithMailboxCapacity(3), "bounded");
        simulation.RunUntilIdle();

        for (var number = 0; number < 5; number++)
            actor.Tell(number);
        simulation.RunUntilIdle();
        actor.Tell(5);
        simulation.RunUntilIdle();

        Assert.Equal([0, 1, 2, 5], seen);
        Assert.Equal([3, 4], dead.Cast<DeadLetter>().Select(letter => letter.Message));
    }

    [Fact]
    public void What_waits_when_an_actor_stops_becomes_dead_letters()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var dead = new List<object>();
        system.Events.Subscribe<DeadLetter>(system.Spawn(Probe.Recorder(dead), "dead"));
        var seen = new List<object>();
        var actor = system.Spawn(
            Probe.Of((context, message) =>
            {
                seen.Add(message);
                context.StopSelf();
            }),
            "once");

        actor.Tell(1);
        actor.Tell(2);
        simulation.RunUntilIdle();
        actor.Tell(3);
        simulation.RunUntilIdle();

        Assert.Equal([1], seen);
        Assert.Equal([2, 3], dead.Cast<DeadLetter>().Select(letter => letter.Message));
    }

    [Fact]
    public void A_behaviour_replaces_the_handler_until_unbecome()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var seen = new List<string>();
        var actor = system.Spawn(
            Probe.Of((context, message) =>
            {
                seen.Add($"plain {message}");
                context.Become(other =>
                {
                    seen.Add($"other {other}");
                    context.Unbecome();
                    return ValueTask.CompletedTask;
                });
            }),
            "moody");

        foreach (var number in Enumerable.Range(0, 4))
            actor.Tell(number);
        simulation.RunUntilIdle();

        Assert.Equal(["plain 0", "other 1", "plain 2", "other 3"], seen);
    }

    [Fact]
    public void Stashed_messages_come_back_in_order_ahead_of_the_mailbox()
    {
        // A list of true (open), false (a message): what was stashed before the gate opened comes first, nothing is lost or repeated.
        Check.One(Properties.Of(), Prop.ForAll<bool[], int>((opens, seed) =>
        {
            var simulation = new SimulationDispatcher(seed);
            var system = Probe.System(simulation);
            var seen = new List<int>();
            var open = false;
            var actor = system.Spawn(
                Probe.Of((context, message) =>
                {
                    switch (message)
                    {
                        case "open":
                            open = true;
                            context.UnstashAll();
                            break;
                        case int when !open:
                            context.Stash();
                            break;
                        case int number:
                            seen.Add(number);
                            break;
                    }
                }),
                "gate");
            var told = 0;
            foreach (var opening in opens)
                actor.Tell(opening ? "open" : told++);
            actor.Tell("open");
            simulation.RunUntilIdle();
            Assert.Equal(Enumerable.Range(0, told), seen);
            Assert.Equal(0, system.Inspect().Single(snapshot => snapshot.Path == "/gate").MailboxDepth);
        }));
    }

    [Fact]
    public void A_piped_task_comes_back_as_a_message_of_the_same_sender()
    {
        var simulation = new SimulationDispatcher(1);
        var system = Probe.System(simulation);
        var actor = system.Spawn(
            Probe.Of((context, message) =>
            {
                if (message is int number)
                    context.PipeToSelf(Later(number), result => $"got {result}", failure => $"failed {failure.Message}");
                else
                    context.Sender?.Tell(message);

                async Task<int> Later(int value)
                {
                    await Task.Delay(TimeSpan.FromHours(1), context.Time);
                    return value >= 0 ? value : throw new FormatException("below zero");
                }
            }),
            "piper");

        var good = actor.AskAsync<string>(7, TimeSpan.FromHours(2));
        var bad = actor.AskAsync<string>(-7, TimeSpan.FromHours(2));

        Assert.Equal("got 7", simulation.Await(good, TimeSpan.FromHours(2)));
        Assert.Equal("failed below zero", simulation.Await(bad, TimeSpan.FromHours(2)));
    }

    [Fact]
    public void Telling_allocates_one_envelope_and_handling_nothing()
    {
        var dispatcher = new OnThisThread();
        var system = new ActorSystem("test", dispatcher, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var count = 0;
        var actor = system.Spawn(Probe.Of((_, _) => count++), "sink");
        var message = new object();
        Burst();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Burst();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(20_000, count);
        Assert.Equal(40 * 10_000, allocated);

        void Burst()
        {
            for (var number = 0; number < 10_000; number++)
                actor.Tell(message);
            dispatcher.Run();
        }
    }

    /// <summary>Turns when asked for, so that what they allocate can be counted.</summary>
    private sealed class OnThisThread : IDispatcher
    {
        private readonly Queue<IThreadPoolWorkItem> _turns = new();

        public int MessagesPerTurn => 100;

        public void Schedule(IThreadPoolWorkItem turn, bool yielding) => _turns.Enqueue(turn);

        public Task WaitAsync(Task task) => task;

        public void Run()
        {
            while (_turns.TryDequeue(out var turn))
                turn.Execute();
        }
    }
}
