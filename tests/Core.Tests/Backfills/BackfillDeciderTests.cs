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
    private static readonly BackfillWord Ann = new("ann", Noon, "why not");
    private static readonly Timetable Daily = Timetable.Create(Schedule.Daily, "UTC", null, null, CatchupMode.Latest);

    [Fact]
    public void It_starts_the_first_runs_up_to_its_limit()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 5, maxActive: 2), Next(0, 5));

        Assert.Equal([Run(0), Run(1)], Assert.IsType<BackfillRunsStarted>(Assert.Single(events)).Runs);
        Assert.Equal((Day(1), 0, 5), (state.Cursor, state.Room, state.Total));
    }

    [Fact]
    public void It_is_done_when_the_last_run_has_ended()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 2, maxActive: 5), Next(0, 2), End(1), Next(2, 2));
        Assert.Null(state.EndedAt);
        Assert.Empty(events);

        (state, events) = Do(state, End(0), Next(2, 2));

        Assert.Equal(new BackfillEnded(BackfillPhase.Success, Noon), Assert.Single(events));
        Assert.Equal((BackfillPhase.Success, 2, 0, Noon), (state.Phase, state.Succeeded, state.Failed, state.EndedAt));
    }

    [Fact]
    public void A_failed_run_does_not_stop_the_others_but_shows_in_the_end()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 2, maxActive: 1), Next(0, 2), End(0, BackfillRunEnd.Failed), Next(1, 2));
        Assert.IsType<BackfillRunsStarted>(Assert.Single(events));

        (state, _) = Do(state, End(1), Next(2, 2));

        Assert.Equal((BackfillPhase.Failed, 1, 1), (state.Phase, state.Succeeded, state.Failed));
    }

    [Fact]
    public void What_someone_else_did_first_is_neither_good_nor_bad()
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 3, maxActive: 1), Next(0, 3), End(0, BackfillRunEnd.Skipped));
        Assert.Equal((2, 0), (state.Total, state.Pace.Ended));

        (state, _) = Do(state, Next(1, 2), End(1), Next(2, 2)); // and the third has a run by now

        Assert.Equal((BackfillPhase.Success, 1, 0, 1), (state.Phase, state.Succeeded, state.Failed, state.Total));
    }

    [Fact]
    public void Paused_it_starts_nothing_until_it_is_resumed()
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 3, maxActive: 1), Next(0, 3), new PauseBackfill(Ann));
        Assert.Equal(new BackfillPaused(Ann), Assert.Single(events));
        Assert.Equal((BackfillPhase.Paused, Ann), (state.Phase, state.Changed));

        (state, events) = Do(state, End(0), Next(1, 3));
        Assert.Empty(events);

        var later = Ann with { At = Noon.AddHours(3) };
        (state, events) = Do(state, new ResumeBackfill(later), Next(1, 3));
        Assert.IsType<BackfillRunsStarted>(Assert.Single(events));
        Assert.Equal(new BackfillPace(later.At, 0), state.Pace); // the pause is not held against it
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cancelled_it_starts_nothing_more_and_ends_with_its_active_runs(bool running)
    {
        var (state, events) = Do(BackfillState.Empty, Create(runs: 5, maxActive: 2), Next(0, 5), new CancelBackfill(Ann, running));
        Assert.Equal([new BackfillCancelled(Ann, running)], events);
        Assert.Equal((BackfillPhase.Cancelled, 3, running), (state.Phase, state.Cancelled, state.StopsRuns));

        (state, events) = Do(state, End(0));
        Assert.Equal([new BackfillRunEnded(Day(0), BackfillRunEnd.Success, Noon)], events);
        Assert.Null(state.EndedAt);
        Assert.Empty(BackfillDecider.Decide(state, Next(2, 5)).Events);

        (state, events) = Do(state, End(1, BackfillRunEnd.Failed));
        Assert.Equal(new BackfillEnded(BackfillPhase.Cancelled, Noon), events[^1]);
        Assert.Equal((BackfillPhase.Cancelled, Noon), (state.Phase, state.EndedAt));
    }

    [Fact]
    public void Whoever_cancelled_what_was_to_come_may_still_cancel_what_runs()
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 5, maxActive: 2), Next(0, 5), new PauseBackfill(Ann), new CancelBackfill(Ann, false));
        Assert.Empty(BackfillDecider.Decide(state, new CancelBackfill(Ann, false)).Events);

        (state, _) = Do(state, new CancelBackfill(Ann, true));

        Assert.True(state.StopsRuns);
        Assert.Empty(BackfillDecider.Decide(state, new CancelBackfill(Ann, true)).Events);
    }

    /// <summary>Rows: what it went through; then what becomes of pause, resume and cancel: done, nothing (it is so already) or refused.</summary>
    [Theory]
    [InlineData("", "done", "nothing", "done")]
    [InlineData("pause", "nothing", "done", "done")]
    [InlineData("pause resume", "done", "nothing", "done")]
    [InlineData("cancel", "refused", "refused", "nothing")]
    [InlineData("cancel end", "refused", "refused", "nothing")]
    [InlineData("end", "refused", "refused", "refused")]
    [InlineData("pause end", "refused", "refused", "refused")]
    public void Changes_are_done_once_and_refused_when_it_is_over(string went, string pause, string resume, string cancel)
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 1, maxActive: 1), Next(0, 1));
        foreach (var step in went.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            (state, _) = step switch
            {
                "pause" => Do(state, new PauseBackfill(Ann)),
                "resume" => Do(state, new ResumeBackfill(Ann)),
                "cancel" => Do(state, new CancelBackfill(Ann, false)),
                _ => Do(state, End(0), Next(1, 1)),
            };
        }

        Assert.Equal([pause, resume, cancel], new BackfillCommand[] { new PauseBackfill(Ann), new ResumeBackfill(Ann), new CancelBackfill(Ann, false) }.Select(command =>
            BackfillDecider.Decide(state, command) is var decided && decided.Refusal is { } refusal
                ? refusal.StartsWith("Backfill 'backfill-1' ", StringComparison.Ordinal) ? "refused" : refusal
                : decided.Events.Count > 0 ? "done" : "nothing"));
    }

    [Fact]
    public void What_comes_again_or_too_late_changes_nothing()
    {
        foreach (var command in new BackfillCommand[] { new CancelBackfill(Ann, true), End(0), Next(0, 1), new PauseBackfill(Ann) })
        {
            Assert.Empty(BackfillDecider.Decide(BackfillState.Empty, command).Events);
        }

        var (state, _) = Do(BackfillState.Empty, Create(runs: 3, maxActive: 1), Next(0, 3), End(0), Next(1, 3));
        foreach (var command in new BackfillCommand[] { Create(runs: 3, maxActive: 1), End(0), End(2), End(77), Next(2, 3) })
        {
            Assert.Empty(BackfillDecider.Decide(state, command).Events);
        }

        var (done, _) = Do(state, End(1), Next(2, 3), End(2), Next(3, 3));
        Assert.NotNull(done.EndedAt);
        Assert.Empty(BackfillDecider.Decide(done, Next(3, 3)).Events);
    }

    [Fact]
    public void A_plan_without_anything_to_do_or_a_limit_of_none_is_not_begun()
    {
        var empty = new BackfillPlan(Daily, new(Noon, Noon), new(), Noon);

        Assert.Throws<ArgumentException>(() => BackfillDecider.Decide(BackfillState.Empty, new CreateBackfill("b", new("d"), "v", empty, new(), Ann)));
        Assert.Throws<ArgumentOutOfRangeException>(() => BackfillDecider.Decide(BackfillState.Empty, Create(runs: 1, maxActive: 0)));
    }

    [Fact]
    public void Whatever_the_order_each_run_is_started_once_and_the_limit_holds() =>
        Check.One(Properties.Of(300), Prop.ForAll(Arb.From(Games()), game =>
        {
            var (state, events) = Do(BackfillState.Empty, Create(game.Runs, game.MaxActive), Next(0, game.Runs));
            var started = Started(events).ToList();
            foreach (var move in game.Moves.Concat(Enumerable.Repeat(0, game.Runs)))
            {
                if (state.Active.Length == 0)
                {
                    break;
                }

                var ending = (int)(state.Active[move % state.Active.Length].Start - Day(0)).TotalDays;
                (state, _) = Do(state, End(ending, move % 3 != 0 ? BackfillRunEnd.Success : BackfillRunEnd.Failed));
                (state, events) = Do(state, Next(started.Count, game.Runs));
                started.AddRange(Started(events));
                Assert.True(state.Active.Length == Math.Min(game.MaxActive, game.Runs - state.Succeeded - state.Failed));
                Assert.Equal(game.Runs, state.Total);
            }

            Assert.Equal(Enumerable.Range(0, game.Runs).Select(Run), started);
            Assert.Equal(game.Runs, state.Succeeded + state.Failed);
            Assert.Equal(state.Failed > 0 ? BackfillPhase.Failed : BackfillPhase.Success, state.Phase);
        }));

    [Fact]
    public void The_latest_ends_tell_the_pace()
    {
        var (state, _) = Do(BackfillState.Empty, Create(runs: 100, maxActive: 1), Next(0, 100));
        for (var i = 0; i < 90; i++)
        {
            Assert.Equal(i < 32 ? new BackfillPace(Noon, i) : new BackfillPace(Noon.AddMinutes(i - 31), 31), state.Pace);
            (state, _) = Do(state, End(i) with { At = Noon.AddMinutes(i + 1) }, Next(i + 1, 100));
        }

        Assert.Equal(1 / 60.0, state.Pace.RateAt(Noon.AddMinutes(90))!.Value, 6);
    }

    /// <summary>What is kept and journaled of a backfill does not grow with its range.</summary>
    [Fact]
    public void A_long_range_is_as_small_as_a_short_one()
    {
        var sizes = new[] { 100, 10_000 }.Select(runs =>
        {
            var state = BackfillState.Empty;
            var created = Step(ref state, Create(runs, maxActive: 4)).Sum(happened => BackfillJson.Serialize(happened).Length);
            Step(ref state, Next(0, 4, all: false));
            for (var i = 0; i < 90; i++)
            {
                Step(ref state, End(i));
                Step(ref state, Next(i + 4, i + 5, all: false));
            }

            return (Created: created, Snapshot: BackfillJson.Serialize(state).Length);
        }).ToList();

        Assert.InRange(sizes[1].Created, sizes[0].Created, sizes[0].Created + 20);
        Assert.InRange(sizes[1].Snapshot, 0, Math.Min(sizes[0].Snapshot + 20, 4096));
    }

    [Fact]
    public void Events_and_state_survive_json()
    {
        var state = BackfillState.Empty;
        BackfillCommand[] commands =
        [
            Create(runs: 4, maxActive: 2), Next(0, 4), End(0, BackfillRunEnd.Failed), Next(2, 4), new PauseBackfill(Ann), new ResumeBackfill(Ann),
            new CancelBackfill(Ann, true), End(1), End(2),
        ];
        foreach (var happened in commands.SelectMany(command => Step(ref state, command)))
        {
            var json = BackfillJson.Serialize(happened);
            var back = BackfillJson.DeserializeEvent(json);

            Assert.Equal(happened.GetType(), back.GetType());
            Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(BackfillJson.Serialize(back)));
            var restored = BackfillJson.DeserializeState(BackfillJson.Serialize(state));
            Assert.Equal(state with { Active = [], Ends = [] }, restored with { Active = [], Ends = [] });
            Assert.Equal(state.Active.AsEnumerable(), restored.Active);
            Assert.Equal(state.Ends.AsEnumerable(), restored.Ends);
        }

        Assert.Equal("""{"$":"e","d":"2024-01-03T00:00:00+00:00","s":"Success","a":"2024-06-01T12:00:00+00:00"}""",
            Encoding.UTF8.GetString(BackfillJson.Serialize(new BackfillRunEnded(Day(2), BackfillRunEnd.Success, Noon))));
    }

    private static IReadOnlyList<BackfillEvent> Step(ref BackfillState state, BackfillCommand command)
    {
        var events = BackfillDecider.Decide(state, command).Events;
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

    private static CreateBackfill Create(int runs, int maxActive)
    {
        var options = new BackfillOptions { MaxActiveRuns = maxActive };
        var plan = new BackfillPlan(Daily, new(Day(0), Day(runs)), options, Noon.AddYears(100));
        foreach (var interval in plan.Walk.After(null))
        {
            plan.Add(new(interval, BackfillAction.Create));
        }

        return new("backfill-1", new DagId("weather"), "v1", plan, options, Ann);
    }

    /// <summary>Those from one to before another are next.</summary>
    private static StartBackfillRuns Next(int from, int before, bool all = true) =>
        new([.. Enumerable.Range(from, Math.Max(0, before - from)).Select(Run)], all, Noon);

    private static EndBackfillRun End(int run, BackfillRunEnd end = BackfillRunEnd.Success) => new(Day(run), end, Noon);

    private static IEnumerable<DataInterval> Started(IReadOnlyList<BackfillEvent> events) => events.OfType<BackfillRunsStarted>().SelectMany(e => e.Runs);

    private static DataInterval Run(int run) => new(Day(run), Day(run + 1));

    private static DateTimeOffset Day(int run) => new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(run);

    private static Gen<Game> Games() =>
        from runs in Gen.Choose(1, 40)
        from maxActive in Gen.Choose(1, 8)
        from moves in Gen.Choose(0, 1000).ArrayOf(60)
        select new Game(runs, maxActive, moves);

    private sealed record Game(int Runs, int MaxActive, int[] Moves);
}
