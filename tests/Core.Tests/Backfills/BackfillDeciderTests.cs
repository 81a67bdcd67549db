using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Backfills;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Backfills;

public sealed class BackfillDeciderTests
{
    private static readonly DateTimeOffset Noon = new(2024, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Timetable Daily = Timetable.Create(Schedule.Daily, "UTC", null, null, CatchupMode.Latest);

    [Fact]
    public void It_starts_the_oldest_runs_up_to_its_limit()
    {
        var (_, events) = Do(BackfillState.Empty, Create(runs: 5, maxActive: 2));

        Assert.IsType<BackfillCreated>(events[0]);
        Assert.Equal(new BackfillRunsStarted(0, 2), Assert.Single(events.Skip(1)));
    }

    [Fact]
    public void An_ended_run_makes_room_for_the_next_one()
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 3, maxActive: 2));

        var (after, events) = Do(state, End(1));

        Assert.Equal([new BackfillRunEnded(1, true, Noon), new BackfillRunsStarted(2, 1)], events);
        Assert.Equal([0, 2], after.Active.AsEnumerable());
    }

    [Fact]
    public void It_is_done_when_the_last_run_has_ended()
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 2, maxActive: 5), End(1));
        Assert.Null(state.EndedAt);

        var (after, events) = Do(state, End(0));

        Assert.Equal([new BackfillRunEnded(0, true, Noon), new BackfillEnded(BackfillPhase.Success, Noon)], events);
        Assert.Equal((BackfillPhase.Success, 2, 0, Noon), (after.Phase, after.Succeeded, after.Failed, after.EndedAt));
    }

    [Fact]
    public void A_failed_run_does_not_stop_the_others_but_shows_in_the_end()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 2, maxActive: 1), End(0, success: false));
        Assert.Equal(new BackfillRunsStarted(1, 1), events[^1]);

        (state, _) = Do(state, End(1));

        Assert.Equal((BackfillPhase.Failed, 1, 1), (state.Phase, state.Succeeded, state.Failed));
    }

    [Fact]
    public void Cancelled_it_starts_nothing_more_and_ends_with_its_active_runs()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 5, maxActive: 2), new CancelBackfill(Noon));
        Assert.Equal([new BackfillCancelled(Noon)], events);
        Assert.Equal((BackfillPhase.Cancelled, 3), (state.Phase, state.Cancelled));

        (state, events) = Do(state, End(0));
        Assert.Equal([new BackfillRunEnded(0, true, Noon)], events);
        Assert.Null(state.EndedAt);

        (state, events) = Do(state, End(1, success: false));
        Assert.Equal([new BackfillRunEnded(1, false, Noon), new BackfillEnded(BackfillPhase.Cancelled, Noon)], events);
        Assert.Equal((BackfillPhase.Cancelled, Noon), (state.Phase, state.EndedAt));
    }

    [Fact]
    public void What_comes_again_or_too_late_changes_nothing()
    {
        Assert.Empty(BackfillDecider.Decide(BackfillState.Empty, new CancelBackfill(Noon)));
        Assert.Empty(BackfillDecider.Decide(BackfillState.Empty, End(0)));

        var (state, _) = Do(BackfillState.Empty, Create(runs: 3, maxActive: 1), End(0));
        Assert.Empty(BackfillDecider.Decide(state, Create(runs: 3, maxActive: 1)));
        Assert.Empty(BackfillDecider.Decide(state, End(0)));
        Assert.Empty(BackfillDecider.Decide(state, End(2)));
        Assert.Empty(BackfillDecider.Decide(state, End(77)));

        var (cancelled, _) = Do(state, new CancelBackfill(Noon), End(1));
        Assert.Empty(BackfillDecider.Decide(cancelled, new CancelBackfill(Noon)));
        Assert.Empty(BackfillDecider.Decide(cancelled, End(1)));

        var (done, _) = Do(state, End(1), End(2));
        Assert.Empty(BackfillDecider.Decide(done, new CancelBackfill(Noon)));
    }

    [Fact]
    public void A_refused_plan_or_a_limit_of_none_is_not_begun()
    {
        var refused = BackfillPlan.Create(Daily, Noon, Noon, Noon, new Dictionary<DateTimeOffset, Core.DagRuns.RunState>());

        Assert.Throws<ArgumentException>(() => BackfillDecider.Decide(BackfillState.Empty, new CreateBackfill("b", new("d"), refused, 1, Noon)));
        Assert.Throws<ArgumentOutOfRangeException>(() => BackfillDecider.Decide(BackfillState.Empty, Create(runs: 1, maxActive: 0)));
    }

    [Fact]
    public void Whatever_the_order_each_run_is_started_once_and_the_limit_holds() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(Arb.From(Games()), game =>
        {
            var (state, events) = Do(BackfillState.Empty, Create(game.Runs, game.MaxActive));
            var started = events.OfType<BackfillRunsStarted>().SelectMany(e => Enumerable.Range(e.First, e.Count)).ToList();
            foreach (var move in game.Moves.Concat(Enumerable.Repeat(0, game.Runs)))
            {
                if (state.Active.Length == 0)
                {
                    break;
                }

                (state, events) = Do(state, End(state.Active[move % state.Active.Length], success: move % 3 != 0));
                started.AddRange(events.OfType<BackfillRunsStarted>().SelectMany(e => Enumerable.Range(e.First, e.Count)));
                Assert.True(state.Active.Length <= game.MaxActive);
                Assert.True(state.Active.Length == Math.Min(game.MaxActive, state.Runs.Length - state.Succeeded - state.Failed));
            }

            Assert.Equal(Enumerable.Range(0, game.Runs), started);
            Assert.Equal(game.Runs, state.Succeeded + state.Failed);
            Assert.Equal(state.Failed > 0 ? BackfillPhase.Failed : BackfillPhase.Success, state.Phase);
        }));

    [Fact]
    public void Events_and_state_survive_json()
    {
        var state = BackfillState.Empty;
        BackfillCommand[] commands = [Create(runs: 4, maxActive: 2), End(0, success: false), new CancelBackfill(Noon), End(1), End(2)];
        foreach (var happened in commands.SelectMany(command => Step(ref state, command)))
        {
            var json = BackfillJson.Serialize(happened);
            var back = BackfillJson.DeserializeEvent(json);

            Assert.Equal(happened.GetType(), back.GetType());
            Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(BackfillJson.Serialize(back)));
        }

        var restored = BackfillJson.DeserializeState(BackfillJson.Serialize(state));
        Assert.Equal(state with { Runs = [], Active = [] }, restored with { Runs = [], Active = [] });
        Assert.Equal(state.Runs.AsEnumerable(), restored.Runs);
        Assert.Equal(state.Active.AsEnumerable(), restored.Active);
        Assert.Equal("""{"$":"s","f":2,"n":1}""", Encoding.UTF8.GetString(BackfillJson.Serialize(new BackfillRunsStarted(2, 1))));
    }

    private static IReadOnlyList<BackfillEvent> Step(ref BackfillState state, BackfillCommand command)
    {
        var events = BackfillDecider.Decide(state, command);
        state = events.Aggregate(state, BackfillDecider.Evolve);
        return events;
    }

    /// <summary>The state after all commands, and the events of the last one.</summary>
    private static (BackfillState State, IReadOnlyList<BackfillEvent> Events) Do(BackfillState state, params BackfillCommand[] commands)
    {
        IReadOnlyList<BackfillEvent> events = [];
        foreach (var command in commands)
        {
            events = Step(ref state, command);
        }

        return (state, events);
    }

    private static CreateBackfill Create(int runs, int maxActive) => new(
        "backfill-1",
        new DagId("weather"),
        BackfillPlan.Create(Daily, Day(0), Day(runs), Noon.AddYears(1), new Dictionary<DateTimeOffset, Core.DagRuns.RunState>()),
        maxActive,
        Noon);

    private static EndBackfillRun End(int ordinal, bool success = true) => new(Day(ordinal), success, Noon);

    private static DateTimeOffset Day(int ordinal) => new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(ordinal);

    private static Gen<Game> Games() =>
        from runs in Gen.Choose(1, 40)
        from maxActive in Gen.Choose(1, 8)
        from moves in Gen.Choose(0, 1000).ArrayOf(60)
        select new Game(runs, maxActive, moves);

    private sealed record Game(int Runs, int MaxActive, int[] Moves);
}
