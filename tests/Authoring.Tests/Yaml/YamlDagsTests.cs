using Sluice.Authoring.Dags;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Yaml;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.Yaml;

public sealed class YamlDagsTests
{
    [Fact]
    public void How_a_sensor_waits_and_what_a_failure_means_is_read_and_kept()
    {
        var found = Load("""
            dag_id: waits
            tasks:
              - {id: plain, operator: DoorSensor, door: front}
              - id: patient
                operator: DoorSensor
                door: front
                poke_interval: 30s
                exponential_backoff: true
                max_wait: 10m
                never_fail: true
                silent_fail: true
                retries: 3
                retry_backoff_multiplier: 1.5
                retry_policy:
                  - {exception: IOException, action: retry, delay: 2m}
                  - {exception: TimeoutException, action: skip}
                  - {exception: "*", action: fail}
            """);

        Assert.Empty(found.Problems);
        var spec = Assert.Single(found.Dags).Spec;
        var read = DagSpecJson.Deserialize(DagSpecJson.Serialize(spec));
        Assert.Equal(new SensorSpec(), read.Tasks[0].Sensor);
        Assert.Equal(
            new SensorSpec { PokeInterval = TimeSpan.FromSeconds(30), ExponentialBackoff = true, MaxWait = TimeSpan.FromMinutes(10), NeverFail = true, SilentFail = true },
            read.Tasks[1].Sensor);
        Assert.Equal(
            [new("IOException", RetryAction.Retry, TimeSpan.FromMinutes(2)), new("TimeoutException", RetryAction.Skip), new("*", RetryAction.Fail)],
            read.Tasks[1].RetryPolicy!);
        Assert.Equal(1.5, read.Tasks[1].RetryBackoffMultiplier);

        // What nobody asks for leaves no trace, so that the versions of older Dags stay.
        Assert.DoesNotContain("never", DagSpecJson.Serialize(spec with { Tasks = [spec.Tasks[0]] }), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("soft_fail: true, never_fail: true", "has both soft_fail and never_fail")]
    [InlineData("max_wait: 10m", "has a max wait, but its gaps do not grow")]
    [InlineData("exponential_backoff: true, max_wait: 0s", "max wait is 00:00:00")]
    [InlineData("exponential_backoff: perhaps", "exponential_backoff")]
    [InlineData("exponential_backoff: true, max_wait: soon", "max_wait")]
    public void What_does_not_fit_a_sensor_is_told(string fields, string message) =>
        Assert.Contains(
            Load($"dag_id: d\ntasks:\n  - {{id: wait, operator: DoorSensor, door: front, {fields}}}\n").Problems,
            problem => problem.Message.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void A_dag_with_everything_is_read()
    {
        var found = Load("""
            dag_id: full
            renamed_from: half
            description: All there is
            schedule: {every: 1h30m}
            start_date: 2021-02-05T06:00
            end_date: 2021-03-01T00:00:00+09:00
            timezone: Asia/Seoul
            catchup: true
            max_active_runs: 2
            tags: [a, b]
            params: {table: nps, limit: 3, text: "3"}
            default_args: {retries: 2, retry_delay: 90s, owner: data}
            tasks:
              - id: first
                operator: CopyOperator
                query: select 1
                keys: [a, 2]
                env: {X: "1"}
                mode: full_refresh
              - group: g
                depends_on: first
                default_args: {queue: big}
                tasks:
                  - {id: a, operator: CopyOperator}
                  - {id: b, operator: CopyOperator, depends_on: a, retries: 0}
                  - {group: inner, depends_on: [b], tasks: [{id: c, operator: CopyOperator, depends_on: g.a}]}
              - id: wait
                operator: DoorSensor
                door: front
                mode: reschedule
                poke_interval: 5s
                timeout: 1h
                soft_fail: true
                depends_on: [g, first]
                trigger_rule: all_done
                execution_timeout: 1m
                renamed_from: g.wait_for_door
            """);

        Assert.Empty(found.Problems);
        var spec = Assert.Single(found.Dags).Spec;
        Assert.Equal(new DagId("half"), spec.RenamedFrom);
        Assert.Equal(DagVersion.Of(spec with { RenamedFrom = null }), DagVersion.Of(spec));
        Assert.Equal(new TaskId("g.wait_for_door"), spec.Tasks.Single(task => task.Id.Value == "wait").RenamedFrom);
        Assert.Equal(new IntervalSchedule(TimeSpan.FromMinutes(90)), spec.Schedule);
        Assert.Equal(new DateTimeOffset(2021, 2, 4, 21, 0, 0, TimeSpan.Zero), spec.StartDate);
        Assert.Equal(new DateTimeOffset(2021, 2, 28, 15, 0, 0, TimeSpan.Zero), spec.EndDate);
        Assert.Equal((CatchupMode.All, 2, "Asia/Seoul", "data"), (spec.Catchup, spec.MaxActiveRuns, spec.TimeZone, spec.Owner));
        Assert.Equal("""{"table":"nps","limit":3,"text":"3"}""", spec.Params);
        Assert.Equal("first>g.a first>wait g.a>g.b g.a>g.inner.c g.b>g.inner.c g.inner.c>wait", found.Dags[0].Edges());
        Assert.Equal("""{"query":"select 1","keys":["a","2"],"env":{"X":"1"},"mode":"full_refresh"}""", spec.Tasks[0].Arguments);
        Assert.Equal((2, 0, "big"), (spec.Tasks[1].Retries, spec.Tasks[2].Retries, spec.Tasks[2].Queue));
        var wait = spec.Tasks[^1];
        Assert.Equal((TriggerRule.AllDone, TimeSpan.FromMinutes(1), """{"door":"front"}"""), (wait.TriggerRule, wait.ExecutionTimeout!.Value, wait.Arguments));
        Assert.Equal(new SensorSpec { Mode = SensorMode.Reschedule, PokeInterval = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromHours(1), SoftFail = true }, wait.Sensor);
        Assert.Equal(TaskHost.Worker, wait.Host);
    }

    [Theory]
    [InlineData("daily", "@daily")]
    [InlineData("once", "once")]
    [InlineData("continuous", "continuous")]
    [InlineData("none", "none")]
    [InlineData("[daily, '0 12 * * 6L']", "@daily | 0 12 * * 6L")]
    [InlineData("{at: ['0 9 * * *', '0 18 * * *']}", "at 0 9 * * * | 0 18 * * *")]
    [InlineData("{at: daily, interval: 1d}", "at @daily over 1.00:00:00")]
    [InlineData("{at: daily, run_immediately: true}", "at @daily, at once")]
    [InlineData("{at: daily, run_immediately: false}", "at @daily")]
    [InlineData("{at: daily, interval: 6h, run_immediately: 30m}", "at @daily over 06:00:00, at once within 00:30:00")]
    [InlineData("{cron: '*/10 * * * * *', seconds: true}", "*/10 * * * * *")]
    [InlineData("{every: 90m}", "every 01:30:00")]
    [InlineData("{every_days: 1}", "every day")]
    [InlineData("{every_weeks: 2}", "every 14 days")]
    [InlineData("{every_months: 3}", "every 3 months")]
    [InlineData("{every_years: 2}", "every 2 years")]
    [InlineData("{assets: orders}", "assets orders")]
    [InlineData("{assets: [orders, {alias: files}]}", "assets orders & alias files")]
    [InlineData("{assets: {all: [x, {any: [y, {asset: z, uri: 's3://z'}]}]}}", "assets x & (y | z)")]
    [InlineData("{assets: {any: [x, y]}, cron: daily}", "@daily or assets x | y")]
    [InlineData("{assets: x, every: 1h}", "every 01:00:00 or assets x")]
    public void A_schedule_may_be_written_in_many_ways(string schedule, string expected)
    {
        var found = Load($"dag_id: d\nstart_date: 2026-01-01\nmax_active_runs: 1\nschedule: {schedule}\ntasks: [{{id: t, operator: CopyOperator}}]\n");

        Assert.Empty(found.Problems);
        Assert.Equal(expected, ScheduleText.Of(found.Dags[0].Spec.Schedule));
    }

    [Fact]
    public void Ticks_may_go_without_a_start_date_and_what_is_not_written_leaves_the_version_as_it_was()
    {
        var plain = Load("dag_id: d\nschedule: {at: daily}\ntasks: [{id: t, operator: CopyOperator}]\n");
        var more = Load("dag_id: d\nschedule: {at: daily, interval: 6h, run_immediately: 30m}\ntasks: [{id: t, operator: CopyOperator}]\n");

        Assert.Empty(plain.Problems);
        Assert.Empty(more.Problems);
        var (before, after) = (DagSpecJson.Serialize(plain.Dags[0].Spec), DagSpecJson.Serialize(more.Dags[0].Spec));
        Assert.Contains("\"kind\":\"at\",\"expression\":\"@daily\"}", before, StringComparison.Ordinal);
        Assert.Equal(more.Dags[0].Spec.Schedule, DagSpecJson.Deserialize(after).Schedule);
    }

    [Fact]
    public void Calendars_limits_and_deadlines_are_read()
    {
        static string? ReadFile(string file) => file == "free.txt" ? "2026-12-25 Christmas Day" : null;
        var found = YamlDags.Load("""
            dag_id: d
            start_date: 2026-01-01
            timezone: Asia/Seoul
            schedule: {cron: "0 9 L * *", calendar: free.txt, days: previous}
            dagrun_timeout: 2h
            deadlines:
              - {name: a, reference: logical_date, before: 30m}
              - {name: b, reference: fixed, at: 2026-03-01}
              - {name: c, reference: average_runtime, runs: 5, after: 1m}
            tasks: [{id: t, operator: CopyOperator, start_date: 2026-02-01, end_date: 2026-03-01T06:00}]
            """, "x.yaml", Definitions.Catalog, ReadFile);

        Assert.Empty(found.Problems);
        var spec = found.Dags[0].Spec;
        Assert.Equal("0 9 L * *, previous of free.txt", ScheduleText.Of(spec.Schedule));
        Assert.Equal("Christmas Day", Assert.Single(((CronSchedule)spec.Schedule).Days!.Calendar.Holidays).Name);
        Assert.Equal(TimeSpan.FromHours(2), spec.DagRunTimeout);
        Assert.Equal(
            [new() { Name = "a", Reference = DeadlineReference.LogicalDate, After = TimeSpan.FromMinutes(-30) },
             new() { Name = "b", Reference = DeadlineReference.At(new(2026, 2, 28, 15, 0, 0, TimeSpan.Zero)) },
             new DeadlineSpec { Name = "c", Reference = DeadlineReference.AverageRuntime(5), After = TimeSpan.FromMinutes(1) }],
            spec.Deadlines!);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 15, 0, 0, TimeSpan.Zero), spec.Tasks[0].StartDate);

        var missing = YamlDags.Load("dag_id: d\nstart_date: 2026-01-01\nschedule: {cron: '@daily', calendar: gone.ics}\ntasks: [{id: t, operator: CopyOperator}]", "x.yaml", Definitions.Catalog, ReadFile);
        Assert.Equal("The calendar gone.ics cannot be read from the Dag folder: there is no such file in it.", Assert.Single(missing.Problems).Message);
    }

    [Fact]
    public void Documents_and_lists_hold_several_dags()
    {
        var found = Load("""
            dags:
              - {dag_id: a, tasks: [{id: t, operator: CopyOperator}]}
              - {dag_id: b, schedule: none, tasks: [{id: t, operator: CopyOperator}]}
            ---
            dag_id: c
            schedule: daily
            start_date: 2021-02-05
            tasks: [{id: t, operator: CopyOperator}]
            """);

        Assert.Empty(found.Problems);
        Assert.Equal(["a", "b", "c"], found.Dags.Select(dag => dag.Spec.Id.Value));
        Assert.Equal(Schedule.Daily, found.Dags[2].Spec.Schedule);
    }

    [Fact]
    public void The_operator_of_a_task_is_made_afresh_for_each_attempt()
    {
        var dag = Assert.Single(Load("{dag_id: a, tasks: [{id: t, operator: CopyOperator, query: q}]}").Dags);

        var first = (CopyOperator)dag.CreateOperator(new("t"));
        first.Query = "changed";

        Assert.Equal("q", ((CopyOperator)dag.CreateOperator(new("t"))).Query);
    }

    [Theory]
    [InlineData("    retrys: 2", 5, "has no argument 'retrys'")]
    [InlineData("    retries: two", 5, "it must be a whole number")]
    [InlineData("    depends_on: ghost", 5, "'t' depends on 'ghost', which is no task or group of this Dag")]
    [InlineData("    mode: sideways", 5, "use one of append, full_refresh")]
    [InlineData("    trigger_rule: all_good", 5, "it must be one of all_success")]
    [InlineData("    depends_on: t", 3, "cycle")]
    [InlineData("  - {id: u, operator: GhostOperator}", 5, "There is no operator 'GhostOperator'")]
    [InlineData("  - {operator: CopyOperator}", 5, "The task has no id")]
    [InlineData("  - {id: t, operator: CopyOperator}", 5, "defined twice")]
    [InlineData("catchupp: true", 5, "The Dag has an unknown field 'catchupp'; known: ")]
    [InlineData("schedule: 0 25 * * *\nstart_date: 2021-02-05", 1, "0 25 * * *")]
    [InlineData("schedule: daily", 1, "no start date")]
    [InlineData("start_date: yesterday", 5, "start_date of the Dag is 'yesterday'")]
    [InlineData("schedule: {every: often}", 5, "A schedule is a preset")]
    [InlineData("schedule: {every: 1h, cron: '@daily'}", 5, "A schedule is a preset")]
    [InlineData("schedule: {every: 1h, seconds: true}", 5, "seconds, calendar and days of a schedule go with cron or at only")]
    [InlineData("schedule: {cron: '@daily', days: next}", 5, "days of a schedule needs a calendar")]
    [InlineData("schedule: {cron: '@daily', interval: 1d}", 5, "interval and run_immediately of a schedule go with at only")]
    [InlineData("schedule: {every: 1h, run_immediately: true}", 5, "interval and run_immediately of a schedule go with at only")]
    [InlineData("schedule: {assets: x, run_immediately: true}", 5, "A schedule is a preset")]
    [InlineData("schedule: {at: daily, run_immediately: soon}", 5, "run_immediately of the schedule is 'soon'; it must be true, false or a duration such as 30m")]
    [InlineData("schedule: {at: daily, interval: -1d}", 5, "interval of the schedule is '-1d'; it must be a duration")]
    [InlineData("schedule: {at: daily, interval: '-01:00:00'}", 1, "The interval of the schedule's ticks is -01:00:00; it must not be negative")]
    [InlineData("schedule: {every_months: 0}\nstart_date: 2021-02-05", 1, "it must be at least one day and at most 100 years")]
    [InlineData("schedule: [\"0 25 * * *\"]\nstart_date: 2021-02-05", 1, "hour \"25\" is not in 0-23, at position 3")]
    [InlineData("schedule: continuous\nstart_date: 2021-02-05", 1, "is continuous, but max active runs is 16; it must be 1")]
    [InlineData("dagrun_timeout: 0s", 1, "dag run timeout is 00:00:00; it must be positive")]
    [InlineData("deadlines: [{name: d}]", 5, "The deadline has no reference")]
    [InlineData("deadlines: [{name: d, reference: fixed}]", 5, "A fixed deadline needs at, a date")]
    [InlineData("deadlines: [{name: d, reference: queued_at, runs: 3}]", 5, "runs and at_least of the deadline go with the reference average_runtime only")]
    [InlineData("deadlines: [{name: d, reference: queued_at, after: 1h, before: 1h}]", 5, "has both after and before")]
    [InlineData("deadlines: [{name: d, reference: average_runtime, runs: 2, at_least: 3}]", 1, "takes the average of 2 runs, at least 3")]
    [InlineData("    end_date: 2021-01-01\n    start_date: 2021-01-02", 3, "its end date 2021-01-01T00:00:00+00:00 is before its start date")]
    [InlineData("schedule: {assets: []}", 5, "assets of a schedule names no asset")]
    [InlineData("schedule: {assets: }", 5, "assets of a schedule names no asset")]
    [InlineData("schedule: {assets: {some: [x]}}", 5, "An asset is its name, {asset: NAME, uri: URI, extra: {...}} or {alias: NAME}; several are {all: [...]} or {any: [...]}")]
    [InlineData("schedule: {assets: {all: x}}", 5, "all of assets must be a list")]
    [InlineData("schedule: {assets: {any: []}}", 1, "its schedule has an empty group of assets")]
    [InlineData("schedule: {assets: x, days: next}", 5, "A schedule is a preset")]
    [InlineData("schedule: {assets: {asset: x, url: y}}", 5, "unknown field 'url'")]
    [InlineData("    outlets: [x, x]", 3, "asset 'x' is among its outlets twice")]
    [InlineData("    outlets: {name: x}", 5, "An asset is its name")]
    [InlineData("    outlets: [{asset: x, extra: [1]}]", 3, "the extra of asset 'x' is no JSON object")]
    [InlineData("tags: {a: b}", 5, "tags of the Dag must be a list of texts")]
    [InlineData("timezone: [", 6, "Not readable as YAML")]
    public void What_is_wrong_is_named_with_its_line(string line, int at, string words)
    {
        var found = Load($"""
            dag_id: wrong
            tasks:
              - id: t
                operator: CopyOperator
            {line}

            """);

        Assert.Empty(found.Dags);
        var problem = Assert.Single(found.Problems);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("x.yaml", at), problem.Location);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_and_other_dags_go_on()
    {
        var found = Load("""
            {dag_id: wrong, catchup: maybe, nonsense: 1, tasks: [{id: t, operator: Ghost}, {id: u}]}
            ---
            {dag_id: good, tasks: [{id: t, operator: CopyOperator}]}
            """);

        Assert.Equal("good", Assert.Single(found.Dags).Spec.Id.Value);
        Assert.Equal(4, found.Problems.Count);
    }

    [Fact]
    public void Anchors_that_multiply_are_stopped()
    {
        var bomb = "dag_id: bomb\nparams:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(
            Enumerable.Range(1, 9).Select(i => $"  a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"))
            + "tasks: [{id: t, operator: CopyOperator}]\n";

        Assert.Contains("more than 100000 values", Assert.Single(Load(bomb).Problems).Message, StringComparison.Ordinal);
    }

    private static CheckedDags Load(string text) => YamlDags.Load(text, "x.yaml", Definitions.Catalog);
}
