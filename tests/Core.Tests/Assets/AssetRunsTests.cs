using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.Assets;

public sealed class AssetRunsTests
{
    private static readonly DateTimeOffset Start = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);
    private static readonly Asset A = new("a");
    private static readonly Asset B = new("b");
    private static readonly Asset C = new("c");
    private static readonly AssetAlias Files = new("files");

    [Fact]
    public void A_run_is_due_when_the_expression_is_met()
    {
        (AssetExpression Expression, string Text, string Events, bool Due)[] rows =
        [
            (A, "a", "", false),
            (A, "a", "b", false),
            (A, "a", "a", true),
            (A.And(B), "a & b", "a", false),
            (A.And(B), "a & b", "a a a", false),
            (A & B & C, "a & b & c", "c a", false),
            (A & B & C, "a & b & c", "c a b", true),
            (A.Or(B), "a | b", "b", true),
            (A.And(B.Or(C)), "a & (b | c)", "a", false),
            (A.And(B.Or(C)), "a & (b | c)", "b c", false),
            (A.And(B.Or(C)), "a & (b | c)", "a c", true),
            (A.And(B).Or(C), "(a & b) | c", "c", true),
            (A & B | C, "(a & b) | c", "b", false),
            (new AllOfAssets([new AnyOfAssets([A])]), "a", "a", true),
            (Files, "alias files", "files", false),
            (Files, "alias files", "x:files", true),
            (Files & A, "alias files & a", "a:files", true),
            (Files & A, "alias files & a", "x:files", false),
        ];
        Assert.All(rows, row =>
        {
            var queue = AssetQueue.Empty.Add(EventsOf(row.Events));
            Assert.Equal(row.Text, row.Expression.ToString());
            var due = AssetRuns.Due(row.Expression, queue);
            Assert.True(row.Due == due is not null, $"{row.Text}: {row.Events}");
            Assert.Equal(row.Due ? queue.Events.Count : 0, due?.Count ?? 0);
        });
    }

    [Fact]
    public void Every_event_is_of_one_run_at_most_and_each_run_meets_the_expression()
    {
        AssetExpression[] expressions = [A, A & B, A | B, A & (B | C), (A & B) | C, A & B & C];
        var cases = from expression in Gen.Elements(expressions)
                    from names in Gen.Elements("a", "b", "c").ListOf()
                    from looks in Gen.Choose(1, 4)
                    select (expression, names: names.ToList(), looks);
        Check.One(Properties.Of(500), Prop.ForAll(Arb.From(cases), c =>
        {
            var used = new List<long>();
            var state = new DagState { AssetsThrough = 0 };
            var events = c.names.Select((name, i) => Event(i + 1, name)).ToList();
            for (var at = 0; at < events.Count; at += c.looks)
            {
                // A look that is repeated, as after a takeover, finds what is new only.
                var found = events.Skip(at).Take(c.looks).ToList();
                var queued = new AssetsQueued(found, found[^1].Id);
                state = state.Evolve(queued).Evolve(queued);
                if (AssetRuns.Due(c.expression, state.Assets) is { } due)
                {
                    Assert.True(c.expression.IsMetBy(due));
                    used.AddRange(due.Select(one => one.Id));
                    state = state.Evolve(new AssetsUsed(due[^1].Id));
                    Assert.False(c.expression.IsMetBy(state.Assets.Events));
                }

                state = DagJson.DeserializeState(DagJson.Serialize(state));
            }

            Assert.Equal(used.Distinct(), used);
            Assert.Equal(events.Select(one => one.Id), used.Concat(state.Assets.Events.Select(one => one.Id)));
        }));
    }

    [Fact]
    public void Of_a_busy_asset_only_the_latest_events_wait()
    {
        var queue = AssetQueue.Empty.Add([Event(1, "b"), .. Enumerable.Range(2, 500).Select(id => Event(id, "a"))]);

        Assert.Equal([1L, .. Enumerable.Range(452, AssetQueue.Depth).Select(id => (long)id)], queue.Events.Select(one => one.Id));
        Assert.Equal([1L], queue.Only([B]).Events.Select(one => one.Id));
        Assert.Equal([500L, 501L], queue.Without(499).Events.Select(one => one.Id));
    }

    [Fact]
    public void The_interval_spans_the_runs_that_the_events_came_from()
    {
        var day = new DataInterval(Start, Start.AddDays(1));
        var before = new DataInterval(Start.AddDays(-1), Start);
        AssetEvent inside = Event(1, "a") with { SourceInterval = day, At = Start.AddDays(3) }, outside = Event(2, "b") with { At = Start.AddDays(4) };

        Assert.Equal(day, AssetRuns.IntervalOf([inside]));
        Assert.Equal(new(before.Start, day.End), AssetRuns.IntervalOf([inside, inside with { SourceInterval = before }]));
        Assert.Equal(new(outside.At, outside.At), AssetRuns.IntervalOf([outside]));
        Assert.Equal(new(day.Start, outside.At), AssetRuns.IntervalOf([inside, outside]));
    }

    [Fact]
    public void A_success_updates_every_outlet_and_an_alias_stands_for_what_the_task_named()
    {
        var task = new TaskSpec { Id = new("t"), Operator = "Code", Outlets = [A, B, Files] };
        AssetUpdate a = new("a", null, """{"rows":1}"""), named = new("x", "files", "{}");

        Assert.Equal([new("a", null, "{}"), new("b", null, "{}")], AssetUpdates.Of(task, Outcome()));
        Assert.Equal([a, new("b", null, "{}"), named], AssetUpdates.Of(task, Outcome(named, a, new("y", "no_outlet", "{}"), new("z", null, "{}"))));
        Assert.Empty(AssetUpdates.Of(task with { Outlets = null }, Outcome(a)));
    }

    [Fact]
    public void What_is_wrong_with_assets_is_one_sentence_each()
    {
        (DagSpec Dag, string? Problem)[] rows =
        [
            (Dag(Schedule.Assets(A & Files), A, Files), null),
            (Dag(Schedule.Assets(A & B), A), null), // waits for another as well
            (Dag(Schedule.Assets(Files), Files), null), // may name none
            (Dag(Schedule.Assets(A), B), null),
            (Dag(Schedule.Assets(A), A), "Task \"t\" in Dag \"d\": it updates asset 'a', and the Dag runs whenever that is updated: each run would make the next; take the outlet away, or let the schedule wait for another asset as well."),
            (Dag(Schedule.Assets(A | B), B), "it updates asset 'b'"),
            (Dag(Schedule.Assets(A & B), A, B), "it updates asset 'a'"),
            (Dag(Schedule.AssetOrTime(Schedule.Daily, A), A) with { StartDate = Start }, "it updates asset 'a'"),
            (Dag(Schedule.None) with { Tasks = [new() { Id = new("t"), Operator = "Code", Inlets = [A, Files], Outlets = [A] }] }, null),
            (Dag(Schedule.None) with { Tasks = [new() { Id = new("t"), Operator = "Code", Inlets = [A, A] }] }, "asset 'a' is among its inlets twice; name it once."),
            (Dag(Schedule.Assets(Files)) with { Tasks = [new() { Id = new("t"), Operator = "Code", Inlets = [new Asset("files")] }] }, "'files' is an asset in one place of the Dag and an alias in another"),
            (Dag(Schedule.None, new Asset("")), "Task \"t\" in Dag \"d\": asset '' has no name; give it one of 1 to 250 characters."),
            (Dag(Schedule.None, new Asset(" a")), "with blanks at its ends"),
            (Dag(Schedule.None, new Asset(new string('x', 251))), "has a name of 251 characters"),
            (Dag(Schedule.None, A, A), "Task \"t\" in Dag \"d\": asset 'a' is among its outlets twice; name it once."),
            (Dag(Schedule.None, new Asset("a", "s3://x"), new Asset("a", "s3://y")), "asset 'a' is at s3://y here and at s3://x elsewhere"),
            (Dag(Schedule.Assets(new AssetAlias("a")), A), "'a' is an asset in one place of the Dag and an alias in another"),
            (Dag(Schedule.None, new Asset("a", extra: "[1]")), "the extra of asset 'a' is no JSON object"),
            (Dag(Schedule.Assets(new AnyOfAssets([]))), "Dag \"d\": its schedule has an empty group of assets"),
            (Dag(Schedule.Assets(Enumerable.Range(0, 20).Aggregate((AssetExpression)A, (inner, _) => new AllOfAssets([inner])))), "more than 16 levels deep"),
            (Dag(Schedule.AssetOrTime(Schedule.Daily, A)) with { StartDate = Start }, null),
            (Dag(Schedule.AssetOrTime(Schedule.Daily, A)), "has a schedule but no start date"),
            (Dag(Schedule.AssetOrTime(Schedule.Assets(B), A)), "has no rhythm"),
            (Dag(Schedule.AssetOrTime("61 * * * *", A)) with { StartDate = Start }, "61"),
        ];
        Assert.All(rows, row =>
        {
            var problems = DagValidator.Validate(row.Dag, new());
            if (row.Problem is null)
            {
                Assert.Empty(problems);
                Assert.Equal(DagVersion.Of(row.Dag), DagVersion.Of(DagSpecJson.Deserialize(DagSpecJson.Serialize(row.Dag))));
            }
            else
            {
                Assert.Contains(problems, problem => problem.Message.Contains(row.Problem, StringComparison.Ordinal));
            }
        });
    }

    private static DagSpec Dag(Schedule schedule, params NamedAsset[] outlets) => new()
    {
        Id = new("d"),
        Schedule = schedule,
        Tasks = [new() { Id = new("t"), Operator = "Code", Outlets = outlets.Length == 0 ? null : outlets }],
    };

    private static TaskOutcome Outcome(params AssetUpdate[] updates) => new() { Kind = OutcomeKind.Success, AssetUpdates = updates.Length == 0 ? null : updates };

    private static AssetEvent Event(long id, string asset) => new() { Id = id, Asset = asset, At = Start.AddMinutes(id) };

    private static List<AssetEvent> EventsOf(string text) =>
    [
        .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((name, i) =>
            name.Split(':') is [var asset, var alias] ? Event(i + 1, asset) with { Alias = alias } : Event(i + 1, name)),
    ];
}
