using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Dags;

public sealed class DagValidatorTests
{
    private static readonly SourceLocation DagLine = new("dags/a.cs", 3);
    private static readonly SourceLocation TaskLine = new("dags/a.cs", 7);

    private static readonly TaskSpec Task = new() { Id = new("extract"), Operator = "ShellOperator", Location = TaskLine };

    private static readonly DagSpec Good = new()
    {
        Id = new("a"),
        Schedule = Schedule.Daily,
        StartDate = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero),
        TimeZone = "Asia/Seoul",
        Tasks = [Task, Task with { Id = new("group_1.load-2"), Upstream = [0] }],
        Location = DagLine,
    };

    public static TheoryData<DagSpec, string> WrongDags() => new()
    {
        { Good with { Id = new("") }, "Dag id \"\" is empty" },
        { Good with { Id = new("my dag") }, "Dag id \"my dag\" holds ' '; use only letters" },
        { Good with { Id = new("a/b") }, "holds '/'" },
        { Good with { Id = new("날씨") }, "holds '날'" },
        { Good with { Id = new("..") }, "Dag id \"..\" is nothing but dots" },
        { Good with { Id = new(new string('a', 251)) }, "is 251 characters long; use at most 250" },
        { Good with { Schedule = Schedule.Cron("0 25 * * *") }, "Dag \"a\": Cron expression \"0 25 * * *\": hour \"25\" is not in 0-23, at position 3." },
        { Good with { Schedule = Schedule.At("x") }, "Dag \"a\": Cron expression \"x\" has 1 field" },
        { Good with { Schedule = Schedule.Every(TimeSpan.Zero) }, "interval is 00:00:00; it must be at least one second" },
        { Good with { TimeZone = "Asia/Soul" }, "There is no time zone \"Asia/Soul\"" },
        { Good with { StartDate = null }, "Dag \"a\" has a schedule but no start date" },
        { Good with { StartDate = null, Schedule = Schedule.Once }, "has a schedule but no start date" },
        { Good with { EndDate = new DateTimeOffset(2023, 12, 31, 0, 0, 0, TimeSpan.Zero) }, "is before the start date" },
        { Good with { MaxActiveRuns = 0 }, "max active runs is 0; it must be at least 1" },
        { Good with { RenamedFrom = Good.Id }, "is the id that it has" },
        { Good with { RenamedFrom = new("a/b") }, "renamed_from \"a/b\" holds '/'" },
        { Good with { MaxActiveTasks = 0 }, "max active tasks is 0; it must be at least 1" },
        { Good with { Params = "[1]" }, "its params are an array, not a JSON object" },
        { Good with { Params = "null" }, "its params are null, not a JSON object" },
        { Good with { Params = "{\n  \"a\": }" }, "its params are not valid JSON (line 2, position 8)" },
        { Good with { Tasks = [] }, "Dag \"a\" has no tasks" },
    };

    public static TheoryData<TaskSpec, string> WrongTasks() => new()
    {
        { Task with { Id = new("über") }, "Task id \"über\" in Dag \"a\" holds 'ü'" },
        { Task with { Id = new("") }, "Task id \"\" in Dag \"a\" is empty" },
        { Task with { RenamedFrom = Task.Id }, "renamed_from \"extract\" is the id that it has" },
        { Task with { RenamedFrom = new("a/b") }, "renamed_from \"a/b\" holds '/'" },
        { Task with { RenamedFrom = new("other") }, "renamed_from \"other\" is a task of the Dag, too" },
        { Task with { Upstream = [2] }, "depends on a task that its Dag does not have" },
        { Task with { Upstream = [-1] }, "depends on a task that its Dag does not have" },
        { Task with { Upstream = [1, 1] }, "its upstream indices are not ascending without repeats" },
        { Task with { Operator = " " }, "has no operator" },
        { Task with { KeepsWatermark = true }, "keeps a watermark, and may run for two runs at once, which would read the same rows; set max_active_tis_per_dag or max_active_runs to 1, or depends_on_past." },
        { Task with { KeepsWatermark = true, MaxActive = 2 }, "keeps a watermark, and may run for two runs at once" },
        { Task with { Arguments = "[]" }, "its arguments are an array" },
        { Task with { Retries = -1 }, "retries is -1; it must not be negative" },
        { Task with { RetryDelay = TimeSpan.FromSeconds(-1) }, "retry delay is -00:00:01; it must not be negative" },
        { Task with { MaxRetryDelay = TimeSpan.FromSeconds(-1) }, "max retry delay is -00:00:01" },
        { Task with { ExecutionTimeout = TimeSpan.Zero }, "execution timeout is 00:00:00; it must be positive" },
        { Task with { Sensor = new() { SoftFail = true, NeverFail = true } }, "has both soft_fail and never_fail; never_fail skips whatever goes wrong, so leave out soft_fail" },
        { Task with { Sensor = new() { ExponentialBackoff = true, MaxWait = TimeSpan.Zero } }, "max wait is 00:00:00; it must be positive" },
        { Task with { Sensor = new() { MaxWait = TimeSpan.FromMinutes(1) } }, "has a max wait, but its gaps do not grow; set exponential_backoff, or leave out max_wait" },
        { Task with { Pool = "" }, "has no pool" },
        { Task with { PoolSlots = 0 }, "pool slots is 0; it must be at least 1" },
        { Task with { Queue = "" }, "has no queue" },
        { Task with { Sensor = new() { PokeInterval = TimeSpan.Zero } }, "poke interval is 00:00:00" },
        { Task with { Sensor = new() { Timeout = TimeSpan.FromSeconds(-1) } }, "sensor timeout is -00:00:01" },
    };

    [Fact]
    public void A_good_dag_has_no_problems()
    {
        Assert.Empty(DagValidator.Validate(Good, DagLimits.Default));
        Assert.Empty(DagValidator.Validate(Good with { Schedule = Schedule.None, StartDate = null }, DagLimits.Default));
    }

    [Theory]
    [MemberData(nameof(WrongDags), DisableDiscoveryEnumeration = true)]
    public void What_is_wrong_with_a_dag_is_told_once_and_where(DagSpec dag, string expected)
    {
        var problem = Assert.Single(DagValidator.Validate(dag, DagLimits.Default));

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Equal(DagLine, problem.Location);
    }

    [Theory]
    [MemberData(nameof(WrongTasks), DisableDiscoveryEnumeration = true)]
    public void What_is_wrong_with_a_task_is_told_once_and_where(TaskSpec task, string expected)
    {
        var problem = Assert.Single(DagValidator.Validate(Good with { Tasks = [task, Task with { Id = new("other") }] }, DagLimits.Default));

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Contains("in Dag \"a\"", problem.Message, StringComparison.Ordinal);
        Assert.Equal(TaskLine, problem.Location);
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        var dag = Good with { TimeZone = "x", Schedule = Schedule.Cron("y"), MaxActiveRuns = 0, Tasks = [Task with { Retries = -1, PoolSlots = 0 }] };

        Assert.Equal(5, DagValidator.Validate(dag, DagLimits.Default).Count);
    }

    [Fact]
    public void A_task_id_used_twice_names_the_first_place()
    {
        var problem = Assert.Single(DagValidator.Validate(Good with { Tasks = [Task, Task with { Location = new("dags/a.cs", 9) }] }, DagLimits.Default));

        Assert.Equal("Task \"extract\" is defined twice in Dag \"a\" (first at line 7); give one of them another id.", problem.Message);
        Assert.Equal(9, problem.Location!.Line);
    }

    [Fact]
    public void A_cycle_is_named_by_its_path_downstream()
    {
        // a -> b -> c -> a, and d hangs on it.
        var dag = Good with { Tasks = [Named("a", 2), Named("b", 0), Named("c", 1), Named("d", 2)] };

        var problem = Assert.Single(DagValidator.Validate(dag, DagLimits.Default));

        Assert.Equal("Dag \"a\" has a cycle: a -> b -> c -> a; take out one of these dependencies.", problem.Message);
        Assert.Equal(TaskLine, problem.Location);
    }

    [Fact]
    public void A_task_that_waits_for_itself_is_a_cycle()
    {
        var problem = Assert.Single(DagValidator.Validate(Good with { Tasks = [Named("a", 0)] }, DagLimits.Default));
        Assert.Contains("cycle: a -> a;", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_cycles_are_told_apart_and_a_tangle_is_cut_short()
    {
        var two = Good with { Tasks = [Named("a", 1), Named("b", 0), Named("c", 3), Named("d", 2)] };
        Assert.Equal(
            ["a -> b -> a", "c -> d -> c"],
            DagValidator.Validate(two, DagLimits.Default).Select(p => p.Message.Split("cycle: ")[1].Split(';')[0]));

        var everyone = Enumerable.Range(0, 40).ToArray();
        var tangle = Good with { Tasks = [.. everyone.Select(i => Named($"t{i}", everyone))] };
        Assert.Equal(10, DagValidator.Validate(tangle, DagLimits.Default).Count);
    }

    [Fact]
    public void A_diamond_is_no_cycle()
    {
        var dag = Good with { Tasks = [Named("a"), Named("b", 0), Named("c", 0), Named("d", 1, 2)] };
        Assert.Empty(DagValidator.Validate(dag, DagLimits.Default));
    }

    [Fact]
    public void The_longest_chain_is_checked_without_running_out_of_stack()
    {
        var chain = Enumerable.Range(0, 10_000).Select(i => i == 9_999 ? Named("t9999") : Named($"t{i}", i + 1)).ToList();
        Assert.Empty(DagValidator.Validate(Good with { Tasks = chain }, DagLimits.Default));

        chain[9_999] = Named("t9999", 0);
        Assert.StartsWith(
            "Dag \"a\" has a cycle: t0 -> t9999 -> t9998", Assert.Single(DagValidator.Validate(Good with { Tasks = chain }, DagLimits.Default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_tasks_are_told_in_one_line()
    {
        var dag = Good with { Tasks = [.. Enumerable.Range(0, 20_000).Select(_ => Task with { Retries = -1 })] };

        var problem = Assert.Single(DagValidator.Validate(dag, DagLimits.Default));

        Assert.Equal("Dag \"a\" has 20000 tasks, more than the limit of 10000; split it into several Dags.", problem.Message);
        Assert.Single(DagValidator.Validate(Good, new DagLimits { MaxTasks = 1 }));
    }

    private static TaskSpec Named(string id, params int[] upstream) => Task with { Id = new(id), Upstream = upstream };
}
