using Sluice.Core.Assets;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;
using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

public class TaskScopeTests
{
    private static readonly DateTimeOffset Fifth = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("{{ ds }} {{ ds_nodash }}", "2021-02-05 20210205")]
    [InlineData("{{ ts }}", "2021-02-05T00:00:00+00:00")]
    [InlineData("{{ ts_nodash }} {{ ts_nodash_with_tz }}", "20210205T000000 20210205T000000+0000")]
    [InlineData("{{ execution_date }}", "2021-02-05 00:00:00+00:00")]
    [InlineData("{{ logical_date }} {{ logical_date == execution_date }}", "2021-02-05 00:00:00+00:00 True")]
    [InlineData("SELECT * FROM prod.nps WHERE DATE(created_at) = DATE('{{ execution_date }}')", "SELECT * FROM prod.nps WHERE DATE(created_at) = DATE('2021-02-05 00:00:00+00:00')")]
    [InlineData("{{ data_interval_start | ds }} {{ data_interval_end | ts }}", "2021-02-05 2021-02-06T00:00:00+00:00")]
    [InlineData("{{ data_interval_end | ds_nodash }} {{ data_interval_end | ts_nodash }} {{ data_interval_end | ts_nodash_with_tz }}", "20210206 20210206T000000 20210206T000000+0000")]
    [InlineData("{{ prev_data_interval_start_success | ds }} {{ prev_data_interval_end_success }}", "2021-02-03 2021-02-04 00:00:00+00:00")]
    [InlineData("{{ prev_start_date_success }}", "2021-02-04 00:00:07.250000+00:00")]
    [InlineData("{{ prev_end_date_success }} {{ prev_execution_date_success | ds }}", "2021-02-04 00:01:00+00:00 2021-02-03")]
    [InlineData("{{ prev_ds }} {{ prev_ds_nodash }} {{ prev_execution_date }}", "2021-02-04 20210204 2021-02-04 00:00:00+00:00")]
    [InlineData("{{ run_type }}", "scheduled")]
    [InlineData("{{ next_ds }} {{ next_ds_nodash }} {{ next_execution_date }}", "2021-02-06 20210206 2021-02-06 00:00:00+00:00")]
    [InlineData("{{ yesterday_ds }} {{ tomorrow_ds }} {{ yesterday_ds_nodash }} {{ tomorrow_ds_nodash }}", "2021-02-04 2021-02-06 20210204 20210206")]
    [InlineData("{{ dag.dag_id }} {{ task.task_id }} {{ dag }} {{ task.retries }}", "nps load <DAG: nps> 2")]
    [InlineData("{{ ti.task_id }} {{ ti.dag_id }} {{ ti.run_id }} {{ ti.try_number }} {{ task_instance.map_index }}", "load nps scheduled__2021-02-05T00:00:00+00:00 3 -1")]
    [InlineData("{{ run_id }}", "scheduled__2021-02-05T00:00:00+00:00")]
    [InlineData("{{ dag_run.conf['full'] }} {{ dag_run.conf.get('x', 'no') }} {{ dag_run.run_type }} {{ dag_run.run_id == run_id }} {{ dag_run.logical_date | ds }}", "True no scheduled True 2021-02-05")]
    [InlineData("{{ params.table }} {{ params['limit'] + 1 }}", "nps 11")]
    [InlineData("{{ task_instance_key_str }} {{ test_mode }}", "nps__load__20210205 False")]
    [InlineData("{{ var.value.bucket }} {{ var.value.get('bucket') }} {{ var.value.get('gone', 'fallback') }} {{ var.value['bucket'] }}", "lake lake fallback lake")]
    [InlineData("{{ var.json.settings.region }} {{ var.json.settings['sizes'][1] }} {{ var.json.get('gone', {'a': 1}).a }}", "ap-northeast-2 2 1")]
    [InlineData("{{ var.value.gone | default('d') }} {{ var.value.gone is defined }}", "d False")]
    [InlineData("{{ conn.dw.host }}:{{ conn.dw.port }} {{ conn.dw.login }} {{ conn.dw.password }} {{ conn.dw.schema }} {{ conn.dw.conn_type }} {{ conn.dw.conn_id }}", "db.local:5439 ann s3cret dev redshift dw")]
    [InlineData("{{ conn.dw.extra_dejson.region }} {{ conn.dw.extra_dejson.get('x', 'y') }} {{ conn.get('dw').host }} {{ conn.get('gone', {'host': 'h'}).host }}", "eu y db.local h")]
    [InlineData("{{ ti.xcom_pull(task_ids='extract') }} {{ ti.xcom_pull('extract').rows }}", "{'rows': 7, 'key': 'a/b.csv'} 7")]
    [InlineData("{{ ti.xcom_pull(task_ids='extract', key='path') }} {{ ti.xcom_pull(task_ids='gone') }} {{ ti.xcom_pull(task_ids='gone', default=0) }}", "p None 0")]
    [InlineData("{{ ti.xcom_pull(task_ids=['extract', 'gone'], key='path') }}", "['p', None]")]
    [InlineData("{{ macros.ds_add(ds, 5) }} {{ macros.ds_add(ds, -5) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d/%m/%y') }}", "2021-02-10 2021-01-31 05/02/21")]
    [InlineData("{{ execution_date - macros.timedelta(days=1) }} {{ (execution_date + macros.timedelta(hours=5, minutes=30)).isoformat() }}", "2021-02-04 00:00:00+00:00 2021-02-05T05:30:00+00:00")]
    [InlineData("{{ macros.json.dumps({'a': [1, none]}) }} {{ macros.json.loads('[1, 2]')[1] }}", """{"a": [1, null]} 2""")]
    [InlineData("{{ inlets[0].name }} {{ inlets[0].uri }} {{ inlets[0].extra.rows }} {{ outlets | map(attribute='name') | join(',') }}", "orders s3://lake/orders 5 report,files")]
    [InlineData("{{ outlet_events['report'].asset.uri }} {{ outlet_events['report'].extra }} {{ 'gone' in outlet_events }}", "report {} False")]
    [InlineData("{{ start_date }} {{ start_date | ds }}", "2021-02-06 00:03:00+00:00 2021-02-06")]
    [InlineData("{{ map_index }} {{ map_index_template }} {{ expanded_ti_count }} {{ task_reschedule_count }}", "-1 None None 4")]
    [InlineData("{{ macros.datetime_diff_for_humans(logical_date, data_interval_end) }} {{ macros.datetime_diff_for_humans(data_interval_end, since=logical_date) }}", "1 day before 1 day after")]
    public void The_names_of_a_task_print_as_in_Airflow(string template, string expected) =>
        Assert.Equal(expected, Template.Parse(template).Render(Scope()));

    /// <summary>Every name of semantics.md, 11; what it leaves out on purpose says so.</summary>
    [Fact]
    public void Each_name_of_Airflow_is_there()
    {
        const string names =
            "ds ds_nodash ts ts_nodash ts_nodash_with_tz data_interval_start data_interval_end logical_date start_date prev_data_interval_start_success "
            + "prev_data_interval_end_success prev_start_date_success prev_end_date_success dag task ti task_instance dag_run run_id params macros inlets outlets "
            + "inlet_events outlet_events triggering_asset_events expanded_ti_count map_index_template task_instance_key_str test_mode "
            + "task_reschedule_count macros.datetime macros.timedelta macros.dateutil macros.ds_add macros.ds_format macros.datetime_diff_for_humans macros.json";

        Assert.All(names.Split(' '), name => Assert.Equal("True", Template.Parse($"{{{{ {name} is defined }}}}").Render(Scope())));
        Assert.All("macros.time macros.uuid macros.random macros.yaml".Split(' '), name => Assert.Equal("False", Template.Parse($"{{{{ {name} is defined }}}}").Render(Scope())));
    }

    [Theory]
    [InlineData(0, "a few seconds before")]
    [InlineData(10, "a few seconds before")]
    [InlineData(11, "11 seconds before")]
    [InlineData(60, "1 minute before")]
    [InlineData(3599, "59 minutes before")]
    [InlineData(3600 * 5, "5 hours before")]
    [InlineData(86400 + (22 * 3600), "2 days before")]
    [InlineData(86400 * 6, "6 days before")]
    [InlineData(86400 * 11, "2 weeks before")]
    [InlineData(86400 * 10, "1 week before")]
    [InlineData(86400 * 31, "1 month before")]
    [InlineData(86400 * 58, "2 months before")]
    [InlineData(86400 * 360, "1 year before")]
    [InlineData(86400 * 600, "2 years before")]
    [InlineData(-7200, "2 hours after")]
    public void Distances_are_told_in_the_words_of_pendulum(int seconds, string expected) => Assert.Equal(
        expected,
        Template.Parse($"{{{{ macros.datetime_diff_for_humans(logical_date, logical_date + macros.timedelta(seconds={seconds})) }}}}").Render(Scope()));

    [Theory]
    [InlineData("{{ macros.datetime_diff_for_humans(ds, logical_date) }}", "'dt' of 'datetime_diff_for_humans' must be a datetime, not str.")]
    [InlineData("{{ macros.datetime_diff_for_humans(logical_date) }}", "without 'since' would be about the present")]
    public void A_distance_that_cannot_be_told_is_refused(string template, string problem) =>
        Assert.Contains(problem, Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Scope())).Message, StringComparison.Ordinal);

    [Fact]
    public void Microseconds_are_kept_where_Airflow_keeps_them()
    {
        var scope = Scope(interval: new(Fifth.AddTicks(1_234_560), Fifth.AddDays(1)));

        Assert.Equal(
            "2021-02-05T00:00:00.123456+00:00 20210205T000000 20210205T000000.123456+0000 2021-02-05 00:00:00.123456+00:00",
            Template.Parse("{{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }} {{ execution_date }}").Render(scope));
    }

    [Fact]
    public void Without_an_earlier_success_the_prev_names_are_None()
    {
        var scope = Scope(previous: null);

        Assert.Equal("None None x", Template.Parse("{{ prev_data_interval_start_success }} {{ prev_start_date_success | ds }} {{ 'x' if prev_data_interval_end_success is none }}").Render(scope));
    }

    public static TheoryData<Schedule, string, string, RunType, string> Neighbours => new()
    {
        // Logical date and interval, then prev and next: Airflow 2 gives the schedule's own ticks, not the runs that there are.
        { Schedule.Cron("0 2 * * *"), "UTC", "2021-02-05T02:00:00Z 2021-02-06T02:00:00Z", RunType.Scheduled, "2021-02-04T02:00:00+00:00 2021-02-06T02:00:00+00:00" },
        { Schedule.Cron("0 2 * * *"), "UTC", "2021-02-05T02:00:00Z 2021-02-06T02:00:00Z", RunType.Backfill, "2021-02-04T02:00:00+00:00 2021-02-06T02:00:00+00:00" },
        { Schedule.Cron("0 2 * * *"), "UTC", "2021-02-05T02:00:00Z 2021-02-06T02:00:00Z", RunType.Manual, "2021-02-05T02:00:00+00:00 2021-02-05T02:00:00+00:00" },
        { Schedule.Cron("0 0 1 * *"), "UTC", "2021-03-01T00:00:00Z 2021-04-01T00:00:00Z", RunType.Scheduled, "2021-02-01T00:00:00+00:00 2021-04-01T00:00:00+00:00" },
        { Schedule.Cron("0 0 29 2 *"), "UTC", "2024-02-29T00:00:00Z 2028-02-29T00:00:00Z", RunType.Scheduled, "2020-02-29T00:00:00+00:00 2028-02-29T00:00:00+00:00" },
        { Schedule.Cron("0 2 * * *"), "Asia/Seoul", "2021-02-04T17:00:00Z 2021-02-05T17:00:00Z", RunType.Scheduled, "2021-02-03T17:00:00+00:00 2021-02-05T17:00:00+00:00" },
        { Schedule.Cron("0 0 * * *"), "America/New_York", "2021-03-15T04:00:00Z 2021-03-16T04:00:00Z", RunType.Scheduled, "2021-03-14T05:00:00+00:00 2021-03-16T04:00:00+00:00" },
        { Schedule.Every(TimeSpan.FromMinutes(90)), "UTC", "2021-02-05T01:30:00Z 2021-02-05T03:00:00Z", RunType.Scheduled, "2021-02-05T00:00:00+00:00 2021-02-05T03:00:00+00:00" },
        { Schedule.EveryDays(2), "UTC", "2021-02-05T00:00:00Z 2021-02-07T00:00:00Z", RunType.Scheduled, "2021-02-03T00:00:00+00:00 2021-02-07T00:00:00+00:00" },
        { Schedule.EveryDays(1), "America/New_York", "2021-03-14T23:00:00Z 2021-03-15T23:00:00Z", RunType.Backfill, "2021-03-14T00:00:00+00:00 2021-03-15T23:00:00+00:00" },
        { Schedule.EveryMonths(1), "UTC", "2021-05-05T00:00:00Z 2021-06-05T00:00:00Z", RunType.Scheduled, "2021-04-05T00:00:00+00:00 2021-06-05T00:00:00+00:00" },
        { Schedule.EveryYears(1), "UTC", "2025-02-05T00:00:00Z 2026-02-05T00:00:00Z", RunType.Scheduled, "2024-02-05T00:00:00+00:00 2026-02-05T00:00:00+00:00" },
        { Schedule.EveryMonths(1), "UTC", "2021-05-01T00:00:00Z 2021-06-01T00:00:00Z", RunType.Manual, "2021-05-01T00:00:00+00:00 2021-05-01T00:00:00+00:00" },
        { Schedule.AssetOrTime("0 2 * * *", new Asset("a")), "UTC", "2021-02-05T02:00:00Z 2021-02-06T02:00:00Z", RunType.Scheduled, "2021-02-04T02:00:00+00:00 2021-02-06T02:00:00+00:00" },
        { Schedule.AssetOrTime(Schedule.EveryDays(1), new Asset("a")), "UTC", "2021-02-05T00:00:00Z 2021-02-06T00:00:00Z", RunType.Scheduled, "2021-02-04T00:00:00+00:00 2021-02-06T00:00:00+00:00" },
        { Schedule.AssetOrTime("0 2 * * *", new Asset("a")), "UTC", "2021-02-05T02:30:00Z 2021-02-05T02:30:00Z", RunType.AssetTriggered, "2021-02-05T02:30:00+00:00 2021-02-05T02:30:00+00:00" },
        { Schedule.AssetOrTime(Schedule.At("0 2 * * *"), new Asset("a")), "UTC", "2021-02-05T02:00:00Z 2021-02-05T02:00:00Z", RunType.Scheduled, "none none" },
        { Schedule.Assets(new Asset("a")), "UTC", "2021-02-05T02:30:00Z 2021-02-05T03:30:00Z", RunType.AssetTriggered, "2021-02-05T02:30:00+00:00 2021-02-05T02:30:00+00:00" },
        { Schedule.Continuous, "UTC", "2021-02-05T00:00:00Z 2021-02-05T01:00:00Z", RunType.Scheduled, "none none" },
        { Schedule.Cron("0 0 1 1 *"), "UTC", "2021-01-01T00:00:00Z 2022-01-01T00:00:00Z", RunType.Scheduled, "2020-01-01T00:00:00+00:00 2022-01-01T00:00:00+00:00" },
        { Schedule.Cron("0 0 * * 1#5"), "UTC", "2021-03-29T00:00:00Z 2021-05-31T00:00:00Z", RunType.Scheduled, "2020-11-30T00:00:00+00:00 2021-05-31T00:00:00+00:00" },
        { Schedule.At("0 2 * * *"), "UTC", "2021-02-05T02:00:00Z 2021-02-05T02:00:00Z", RunType.Scheduled, "none none" },
        { Schedule.Once, "UTC", "2021-02-05T00:00:00Z 2021-02-05T00:00:00Z", RunType.Scheduled, "none none" },
        { Schedule.None, "UTC", "2021-02-05T00:00:00Z 2021-02-05T00:00:00Z", RunType.Manual, "2021-02-05T00:00:00+00:00 2021-02-05T00:00:00+00:00" },
    };

    [Theory]
    [MemberData(nameof(Neighbours))]
    public void Prev_and_next_are_the_neighbours_in_the_schedule(Schedule schedule, string zone, string interval, RunType type, string expected)
    {
        var bounds = interval.Split(' ').Select(x => DateTimeOffset.Parse(x, System.Globalization.CultureInfo.InvariantCulture)).ToArray();

        var text = Template.Parse("{{ prev_execution_date | ts or 'none' }} {{ next_execution_date | ts or 'none' }}")
            .Render(Scope(interval: new(bounds[0], bounds[1]), schedule: schedule, zone: zone, type: type));

        Assert.Equal(expected, text);
    }

    [Fact]
    public void Prev_is_a_tick_of_the_timetable_which_begins_with_the_first_of_the_tasks()
    {
        // A task begins before its Dag: intervals are counted from there, as the scheduler does.
        var interval = new DataInterval(Fifth.AddHours(18), Fifth.AddHours(54));
        var scope = Scope(interval: interval, schedule: Schedule.Every(TimeSpan.FromHours(36)), taskStart: Fifth.AddHours(-18));

        Assert.Equal("2021-02-04T06:00:00+00:00 2021-02-07T06:00:00+00:00", Template.Parse("{{ prev_execution_date | ts }} {{ next_execution_date | ts }}").Render(scope));
    }

    [Fact]
    public void A_value_that_is_not_fetched_yet_stops_the_rendering_and_names_itself()
    {
        var lookups = new Fetched();
        var template = Template.Parse("{{ conn.dw.host }} {{ var.value.bucket }} {{ ti.xcom_pull('extract', 'path') }}");
        var asked = new List<TemplateLookup>();

        string? text = null;
        while (text is null)
        {
            try
            {
                text = template.Render(Scope(lookups));
            }
            catch (TemplateLookupPendingException e)
            {
                asked.Add(e.Key);
                lookups.Values[e.Key] = Outside.GetValueOrDefault(e.Key);
            }
        }

        Assert.Equal("db.local lake p", text);
        Assert.Equal(
            [new(TemplateLookupKind.Connection, "dw"), new(TemplateLookupKind.Variable, "bucket"), new(TemplateLookupKind.XCom, "extract", "path")], asked);
    }

    [Fact]
    public void A_branch_that_is_not_taken_fetches_nothing() =>
        Assert.Equal("x", Template.Parse("{{ conn.dw.host if false else 'x' }}{% if not true %}{{ var.value.bucket }}{% endif %}").Render(Scope(new Fetched())));

    [Theory]
    [InlineData("{{ var.value.gone }}", "Line 1, column 14: There is no variable 'gone'. Set it with: sluice variables set gone <value>")]
    [InlineData("{{ conn.gone.host }}", "Line 1, column 9: There is no connection 'gone'. Add it with: sluice connections add gone <uri>")]
    [InlineData("{{ var.json.bucket }}", "Line 1, column 13: The variable 'bucket' is not JSON; var.value.bucket gives its text.")]
    [InlineData("{{ ds_nodahs }}", "Line 1, column 4: There is nothing named 'ds_nodahs'; perhaps 'ds_nodash' is meant.")]
    [InlineData("{{ params.tabel }}", "Line 1, column 11: This dict has no attribute 'tabel'; perhaps 'table' is meant.")]
    [InlineData("{{ ti.try_nr }}", "Line 1, column 7: <TaskInstance: nps.load scheduled__2021-02-05T00:00:00+00:00> has no attribute 'try_nr'.")]
    [InlineData("{{ ti.xcom_pull(task_ids='a', dag_id='b') }}", "Line 1, column 7: 'xcom_pull' has no argument 'dag_id'.")]
    public void What_is_not_there_is_told_with_its_place(string template, string message) =>
        Assert.Equal(message, Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Scope())).Message);

    private static readonly Dictionary<TemplateLookup, TemplateValue?> Outside = new()
    {
        [new(TemplateLookupKind.Variable, "bucket")] = TemplateValue.From("lake"),
        [new(TemplateLookupKind.Variable, "settings")] = TemplateValue.From("""{"region": "ap-northeast-2", "sizes": [1, 2]}"""),
        [new(TemplateLookupKind.Connection, "dw")] =
            TemplateVariables.Connection("dw", "redshift", "db.local", "ann", "s3cret", "dev", 5439, """{"region": "eu"}"""),
        [new(TemplateLookupKind.XCom, "extract", "return_value")] = TemplateValue.FromJson("""{"rows": 7, "key": "a/b.csv"}"""),
        [new(TemplateLookupKind.XCom, "extract", "path")] = TemplateValue.FromJson("\"p\""),
    };

    private static readonly DataInterval Third = new(Fifth.AddDays(-2), Fifth.AddDays(-1));

    internal static TemplateScope Scope() => Scope(new Fetched(Outside, all: true), previous: Third);

    private static TemplateScope Scope(
        ITemplateLookups? lookups = null, DataInterval? interval = null, DataInterval? previous = null, Schedule? schedule = null, string zone = "UTC",
        RunType type = RunType.Scheduled, DateTimeOffset? taskStart = null)
    {
        var task = new TaskSpec
        {
            Id = new("load"),
            Operator = "S3ToRedshiftOperator",
            Retries = 2,
            StartDate = taskStart,
            Inlets = [new Asset("orders", "s3://lake/orders", "{\"rows\": 5}")],
            Outlets = [new Asset("report"), new AssetAlias("files")],
        };
        var dag = new DagSpec { Id = new("nps"), Schedule = schedule ?? Schedule.Daily, StartDate = Fifth, TimeZone = zone, Tasks = [task] };
        var run = new RunFacts
        {
            Key = 1,
            Dag = dag.Id,
            Id = new("scheduled__2021-02-05T00:00:00+00:00"),
            Type = type,
            Interval = interval ?? new(Fifth, Fifth.AddDays(1)),
            Version = "v",
            Conf = """{"full": true}""",
            PreviousSuccess = previous,
            PreviousSuccessStartedAt = previous?.End.AddMilliseconds(7250),
            PreviousSuccessEndedAt = previous?.End.AddMinutes(1),
        };
        return TemplateVariables.ForTask(run, dag, task, 3, """{"table": "nps", "limit": 10}""", lookups ?? NoTemplateLookups.Instance, startedAt: Fifth.AddDays(1).AddMinutes(3), reschedules: 4);
    }

    private sealed class Fetched(Dictionary<TemplateLookup, TemplateValue?>? values = null, bool all = false) : ITemplateLookups
    {
        public Dictionary<TemplateLookup, TemplateValue?> Values { get; } = values ?? [];

        public bool TryGet(TemplateLookup key, out TemplateValue? value) => Values.TryGetValue(key, out value) || all;
    }
}
