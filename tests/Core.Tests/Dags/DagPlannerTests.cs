using Sluice.Core.Dags;
using Sluice.Core.Dags.Plans;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Dags;

public sealed class DagPlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private static readonly DagSpec Base = new()
    {
        Id = new("sales"),
        Schedule = Schedule.Daily,
        StartDate = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Params = """{"region": "seoul", "limit": 5}""",
        Tasks =
        [
            Task("extract", "SqlToS3Operator", """{"query": "SELECT 1", "key": "a"}"""),
            Task("load", "S3ToRedshiftOperator", """{"table": "nps"}""", 0),
            Task("report", "Code", "{}", 1),
        ],
    };

    [Fact]
    public void The_same_dags_change_nothing()
    {
        var change = Assert.Single(Plan(Base, Base with { Location = new("moved.cs", 7), Params = """{"limit": 5, "region": "seoul"}""" }).Dags);

        Assert.Equal(ChangeKind.Unchanged, change.Kind);
        Assert.Equal(change.VersionBefore, change.VersionAfter);
        Assert.Empty(change.Fields);
        Assert.Empty(change.Tasks);
        Assert.Equal(change.FiringsBefore, change.FiringsAfter);
    }

    [Fact]
    public void Each_field_that_changes_is_told_with_both_values()
    {
        var rows = new (DagSpec After, string Field, string? Before, string? Now)[]
        {
            (Base with { Schedule = Schedule.Hourly }, "schedule.expression", "\"@daily\"", "\"@hourly\""),
            (Base with { Schedule = Schedule.Every(TimeSpan.FromHours(2)) }, "schedule.length", null, "\"02:00:00\""),
            (Base with { TimeZone = "Asia/Seoul" }, "timeZone", "\"UTC\"", "\"Asia/Seoul\""),
            (Base with { Params = """{"region": "busan", "limit": 5}""" }, "params.region", "\"seoul\"", "\"busan\""),
            (Base with { Params = """{"region": "seoul"}""" }, "params.limit", "5", null),
            (Base with { Description = "매출" }, "description", null, "\"매출\""),
            (Base with { MaxActiveRuns = 1 }, "maxActiveRuns", "16", "1"),
            (Base with { Tags = ["a", "b"] }, "tags", "[]", """["a","b"]"""),
        };
        foreach (var (after, field, before, now) in rows)
        {
            var change = Assert.Single(Plan(Base, after).Dags);

            Assert.Equal(ChangeKind.Changed, change.Kind);
            Assert.Contains(new FieldChange(field, before, now), change.Fields);
            Assert.Empty(change.Tasks);
        }
    }

    [Fact]
    public void Each_change_of_tasks_is_told()
    {
        var rows = new (IReadOnlyList<TaskSpec> After, string[] Told)[]
        {
            ([.. Base.Tasks, Task("mail", "ShellOperator", "{}", 2)], ["Added mail"]),
            ([.. Base.Tasks.Take(2)], ["Removed report"]),
            (Replace(0, Task("extract", "SqlToS3Operator", """{"query": "SELECT 2", "key": "a"}""")), ["Changed extract arguments.query: \"SELECT 1\" -> \"SELECT 2\""]),
            (Replace(2, Base.Tasks[2] with { Upstream = [0, 1] }), ["Changed report upstream: [\"load\"] -> [\"extract\",\"load\"]"]),
            (Replace(2, Base.Tasks[2] with { Retries = 3 }), ["Changed report retries: 0 -> 3"]),
            // Those that wait for it have not changed.
            (Replace(0, Base.Tasks[0] with { Id = new("extract_orders") }), ["Renamed extract_orders from extract"]),
            (Replace(2, Base.Tasks[2] with { Id = new("report_daily") }), ["Renamed report_daily from report"]),
            (Replace(1, Base.Tasks[1] with { Id = new("load_v2"), PoolSlots = 2 }), ["Renamed load_v2 from load poolSlots: 1 -> 2"]),
            (Replace(2, Task("tidy", "ShellOperator", """{"script": "rm x"}""", 1)), ["Added tidy", "Removed report"]),
            // Only the order of definition differs.
            ([Base.Tasks[0], Base.Tasks[1] with { Upstream = [0] }, Base.Tasks[2]], []),
        };
        foreach (var (after, told) in rows)
        {
            var change = Assert.Single(Plan(Base, Base with { Tasks = after }).Dags);

            Assert.Equal(told, change.Tasks.Select(Text));
        }

        static List<TaskSpec> Replace(int index, TaskSpec task) => [.. Base.Tasks.Select((old, i) => i == index ? task : old)];
    }

    [Fact]
    public void Dags_are_added_removed_and_renamed()
    {
        var other = new DagSpec { Id = new("other"), Tasks = [Task("x", "ShellOperator", "{}")] };
        var plan = DagPlanner.Compare(
            [new(Base, "sales.cs", ActiveRuns: 2), new(other, "other.cs", ActiveRuns: 1)],
            [new(Base with { Id = new("sales_daily") }, "sales.cs"), new(other with { Id = new("brand_new"), Tasks = [Task("y", "SqlOperator", "{}")] }, "new.cs")],
            Now);

        Assert.Equal(
            [("brand_new", ChangeKind.Added, null, 0), ("other", ChangeKind.Removed, null, 1), ("sales_daily", ChangeKind.Renamed, "sales", 2)],
            plan.Dags.Select(change => (change.Id.Value, change.Kind, change.Before?.Value, change.ActiveRuns)));
        Assert.Empty(plan.Dags[2].Tasks);
    }

    [Fact]
    public void What_a_file_says_of_a_former_name_is_certain_and_the_rest_is_a_guess()
    {
        var (left, right) = (Base with { Id = new("left") }, Base with { Id = new("right"), Tasks = [Task("x", "ShellOperator", "{}")] });
        DagPlan To(params DagSpec[] dags) => DagPlanner.Compare([new(left, "l.cs"), new(right, "r.cs")], [.. dags.Select(dag => new ProposedDag(dag, "new.cs"))], Now);
        IEnumerable<string> Shown(DagPlan plan) => plan.Dags.Select(change => $"{change.Id} {change.Kind} {change.Before} {change.KeepsHistory}");

        // It looks like left, and was right.
        Assert.Equal(["left Removed  False", "left2 Renamed right True"], Shown(To(left with { Id = new("left2"), RenamedFrom = right.Id })));
        Assert.Equal(["left2 Renamed left False", "right Removed  False"], Shown(To(left with { Id = new("left2") })));
        Assert.Equal(["left Unchanged  False", "new Added  False", "right Removed  False"], Shown(To(left, right with { Id = new("new"), Tasks = [Task("q", "SqlOperator", "{}")], RenamedFrom = left.Id })));

        // Once it has happened, it says nothing.
        var change = Assert.Single(DagPlanner.Compare([new(left with { RenamedFrom = new("former") }, "l.cs")], [new(left, "l.cs")], Now).Dags);
        Assert.Equal((ChangeKind.Unchanged, 0), (change.Kind, change.Fields.Count));
    }

    [Fact]
    public void What_a_task_says_of_its_former_name_is_certain_too()
    {
        var before = Base with { Tasks = [Task("fetch", "ShellOperator", """{"script": "fetch"}"""), Task("other", "SqlOperator", "{}")] };
        DagSpec To(TaskSpec first) => before with { Tasks = [first, Task("fetch2", "ShellOperator", """{"script": "fetch"}""")] };
        IEnumerable<string> Shown(DagSpec after) => Assert.Single(Plan(before, after).Dags).Tasks.Select(change => $"{change.Kind} {change.Id} {change.Before} {change.KeepsHistory}");

        // fetch2 looks like fetch, and got like the other one; what it says counts.
        var got = Task("got", "SqlOperator", "{}");
        Assert.Equal(["Renamed got fetch True", "Added fetch2  False", "Removed other  False"], Shown(To(got with { RenamedFrom = new("fetch") })));
        Assert.Equal(["Renamed got other False", "Renamed fetch2 fetch False"], Shown(To(got)));
        Assert.Equal(["Renamed got other False", "Renamed fetch2 fetch False"], Shown(To(got with { RenamedFrom = new("long_ago") })));

        // Once it has happened, it says nothing.
        Assert.Empty(Assert.Single(Plan(before, before with { Tasks = [before.Tasks[0] with { RenamedFrom = new("get") }, before.Tasks[1]] }).Dags).Tasks);
    }

    [Fact]
    public void The_next_firings_are_told_before_and_after()
    {
        var change = Assert.Single(Plan(Base, Base with { Schedule = Schedule.Hourly }).Dags);
        Assert.Equal([11, 12, 13], change.FiringsBefore.Select(firing => firing.RunAfter.Day));
        Assert.Equal([13, 14, 15], change.FiringsAfter.Select(firing => firing.RunAfter.Hour));

        var paused = Assert.Single(DagPlanner.Compare([new(Base, "a.cs", Paused: true)], [new(Base with { Owner = "ann" }, "a.cs")], Now).Dags);
        Assert.Empty(paused.FiringsBefore);
        Assert.Empty(paused.FiringsAfter);
    }

    [Fact]
    public void Thousands_of_tasks_are_compared_in_no_time()
    {
        var many = Base with { Tasks = [.. Enumerable.Range(0, 5_000).Select(i => Task($"t{i}", "ShellOperator", $$"""{"script": "echo {{i}}"}""", i == 0 ? [] : [i - 1]))] };

        var change = Assert.Single(Plan(many, many with { Tasks = [.. many.Tasks.Select(task => task with { Id = new("new_" + task.Id.Value) })] }).Dags);

        Assert.Equal(10_000, change.Tasks.Count); // too many to look for pairs
    }

    private static DagPlan Plan(DagSpec before, DagSpec after) => DagPlanner.Compare([new(before, "sales.cs")], [new(after, "sales.cs")], Now);

    private static string Text(TaskChange change) => $"{change.Kind} {change.Id}{(change.Before is { } old ? $" from {old}" : "")}"
        + string.Concat(change.Fields.Select(field => $" {field.Field}: {field.Before} -> {field.After}"));

    private static TaskSpec Task(string id, string op, string arguments, params int[] upstream) =>
        new() { Id = new(id), Operator = op, Arguments = arguments, Upstream = upstream };
}
