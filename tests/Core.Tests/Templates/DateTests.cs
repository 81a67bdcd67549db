using Sluice.Core.Templates;

namespace Sluice.Core.Tests.Templates;

public class DateTests
{
    // Checked against Python's datetime by way of Jinja2.
    public static TheoryData<string, string> PythonDates => new()
    {
        { "{{ d.isoformat() }}", "2021-02-05T13:04:09.120000+00:00" },
        { "{{ nv.isoformat() }}", "2021-12-27T00:30:00" },
        { "{{ d }}", "2021-02-05 13:04:09.120000+00:00" },
        { "{{ nv }}", "2021-12-27 00:30:00" },
        { "{{ [nv] }}", "[datetime.datetime(2021, 12, 27, 0, 30)]" },
        { "{{ d.isoformat(' ') }}", "2021-02-05 13:04:09.120000+00:00" },
        { "{{ d.strftime('%Y-%m-%d %H:%M:%S') }}", "2021-02-05 13:04:09" },
        { "{{ d.strftime('%y %j %U %W %w %u %V %G %a %A %b %B') }}", "21 036 05 05 5 5 05 2021 Fri Friday Feb February" },
        { "{{ d.strftime('%I:%M %p %f %z %Z') }}", "01:04 PM 120000 +0000 UTC" },
        { "{{ d.strftime('%c|%x|%X|%D|%F|%T|%R') }}", "Fri Feb  5 13:04:09 2021|02/05/21|13:04:09|02/05/21|2021-02-05|13:04:09|13:04" },
        { "{{ d.strftime('%-d/%-m %e %% %s') }}", "5/2  5 % 1612530249" },
        { "{{ nv.strftime('%y %j %U %W %w %u %V %G %a %A %b %B %I %p') }}[{{ nv.strftime('%z%Z') }}]", "21 361 52 52 1 1 52 2021 Mon Monday Dec December 12 AM[]" },
        { "{{ d.year }}", "2021" },
        { "{{ d.month }}", "2" },
        { "{{ d.day }}", "5" },
        { "{{ d.hour }}", "13" },
        { "{{ d.minute }}", "4" },
        { "{{ d.second }}", "9" },
        { "{{ d.microsecond }}", "120000" },
        { "{{ d.weekday() }}", "4" },
        { "{{ d.isoweekday() }}", "5" },
        { "{{ d.timestamp() }}", "1612530249.12" },
        { "{{ d.date() }}", "2021-02-05" },
        { "{{ d.date().isoformat() }}", "2021-02-05" },
        { "{{ [d.date()] }}", "[datetime.date(2021, 2, 5)]" },
        { "{{ d.date().strftime('%d.%m.%Y') }}", "05.02.2021" },
        { "{{ d.date().weekday() }}", "4" },
        { "{{ d.date() == nv.date() }}", "False" },
        { "{{ d.date().year }}", "2021" },
        { "{{ d.replace(day=1, hour=0, minute=0, second=0, microsecond=0) }}", "2021-02-01 00:00:00+00:00" },
        { "{{ nv.replace(year=2020) }}", "2020-12-27 00:30:00" },
        { "{{ d.date().replace(day=1) }}", "2021-02-01" },
        { "{{ d + macros.timedelta(days=1) }}", "2021-02-06 13:04:09.120000+00:00" },
        { "{{ d - macros.timedelta(hours=14) }}", "2021-02-04 23:04:09.120000+00:00" },
        { "{{ nv + macros.timedelta(minutes=1, seconds=1) }}", "2021-12-27 00:31:01" },
        { "{{ d.date() + macros.timedelta(days=30) }}", "2021-03-07" },
        { "{{ macros.timedelta(1) + nv }}", "2021-12-28 00:30:00" },
        { "{{ d.date() - nv.date() }}", "-325 days, 0:00:00" },
        { "{{ d - d.replace(day=1) }}", "4 days, 0:00:00" },
        { "{{ (d - d.replace(day=1)).days }}", "4" },
        { "{{ (d - d.replace(hour=1)).total_seconds() }}", "43200.0" },
        { "{{ (d.replace(day=1) - d).days }}", "-4" },
        { "{{ d.replace(day=1) - d }}", "-4 days, 0:00:00" },
        { "{{ macros.timedelta(days=1) }}", "1 day, 0:00:00" },
        { "{{ macros.timedelta(days=2, hours=3) }}", "2 days, 3:00:00" },
        { "{{ macros.timedelta(seconds=-1) }}", "-1 day, 23:59:59" },
        { "{{ macros.timedelta(microseconds=5) }}", "0:00:00.000005" },
        { "{{ macros.timedelta(0) }}", "0:00:00" },
        { "{{ macros.timedelta(weeks=1, milliseconds=1) }}", "7 days, 0:00:00.001000" },
        { "{{ macros.timedelta(days=-1) }}", "-1 day, 0:00:00" },
        { "{{ macros.timedelta(hours=1.5) }}", "1:30:00" },
        { "{{ [macros.timedelta(days=1, seconds=5), macros.timedelta(0), macros.timedelta(seconds=-1)] }}", "[datetime.timedelta(days=1, seconds=5), datetime.timedelta(0), datetime.timedelta(days=-1, seconds=86399)]" },
        { "{{ macros.timedelta(days=1) * 2 }}", "2 days, 0:00:00" },
        { "{{ macros.timedelta(days=1) / 2 }}", "12:00:00" },
        { "{{ macros.timedelta(days=1) / macros.timedelta(hours=5) }}", "4.8" },
        { "{{ macros.timedelta(days=1) // macros.timedelta(hours=5) }}", "4" },
        { "{{ macros.timedelta(days=1) % macros.timedelta(hours=5) }}", "4:00:00" },
        { "{{ -macros.timedelta(hours=1) }}", "-1 day, 23:00:00" },
        { "{{ macros.timedelta(hours=-1)|abs }}", "1:00:00" },
        { "{{ macros.timedelta(seconds=7) // 2 }}", "0:00:03.500000" },
        { "{{ 1.5 * macros.timedelta(hours=1) }}", "1:30:00" },
        { "{{ d > d.replace(day=1) }}", "True" },
        { "{{ d == d }}", "True" },
        { "{{ d == nv }}", "False" },
        { "{{ macros.timedelta(1) > macros.timedelta(0) }}", "True" },
        { "{{ [d, d.replace(day=1)]|min }}", "2021-02-01 13:04:09.120000+00:00" },
        { "{{ 'yes' if macros.timedelta(0) else 'no' }}", "no" },
        { "{{ macros.datetime(2021, 2, 5) }}", "2021-02-05 00:00:00" },
        { "{{ macros.datetime(2021, 2, 5, 13, 4, second=9) }}", "2021-02-05 13:04:09" },
        { "{{ macros.datetime.strptime('05/02/21 3:04 PM', '%d/%m/%y %I:%M %p') }}", "2021-02-05 15:04:00" },
        { "{{ macros.datetime.strptime('2021-02-05T01:02:03.5+0900', '%Y-%m-%dT%H:%M:%S.%f%z') }}", "2021-02-05 01:02:03.500000+09:00" },
        { "{{ macros.datetime.strptime('Feb 5 2021', '%b %d %Y') }}", "2021-02-05 00:00:00" },
        { "{{ macros.datetime.strptime('2021 036', '%Y %j') }}", "2021-02-05 00:00:00" },
        { "{{ macros.datetime.fromisoformat('2021-02-05') }}", "2021-02-05 00:00:00" },
        { "{{ macros.datetime.fromisoformat('2021-02-05T01:02:03') }}", "2021-02-05 01:02:03" },
        { "{{ macros.datetime.fromisoformat('2021-02-05 01:02') }}", "2021-02-05 01:02:00" },
        { "{{ macros.datetime.fromisoformat('2021-02-05T01:02:03.25+09:00') }}", "2021-02-05 01:02:03.250000+09:00" },
        { "{{ '{:%Y/%m/%d}'.format(d) }}", "2021/02/05" },
        { "{{ '%s' % d }}", "2021-02-05 13:04:09.120000+00:00" },
        { "{{ d|string }}", "2021-02-05 13:04:09.120000+00:00" },
        { "{{ d ~ '' }}", "2021-02-05 13:04:09.120000+00:00" },
    };

    // Pendulum's documented behaviour.
    public static TheoryData<string, string> PendulumDates => new()
    {
        { "{{ d.in_timezone('Asia/Seoul') }}", "2021-02-05 22:04:09.120000+09:00" },
        { "{{ d.in_tz('America/New_York').isoformat() }}", "2021-02-05T08:04:09.120000-05:00" },
        { "{{ d.in_timezone('Asia/Seoul') | ts_nodash_with_tz }}", "20210205T220409.120000+0900" },
        { "{{ d.in_timezone('Asia/Seoul') == d }} {{ d.in_timezone('Asia/Seoul').timezone_name }} {{ d.timezone_name }}", "True Asia/Seoul UTC" },
        { "{{ d.in_timezone('Asia/Seoul').strftime('%H %z %Z') }}", "22 +0900 KST" },
        { "{{ d.add(days=1) }} {{ d.add(months=1).date() }} {{ d.add(years=-1).date() }}", "2021-02-06 13:04:09.120000+00:00 2021-03-05 2020-02-05" },
        { "{{ d.replace(month=1, day=31).add(months=1).date() }} {{ d.subtract(weeks=1).date() }}", "2021-02-28 2021-01-29" },
        { "{{ d.subtract(hours=14, minutes=4) }} {{ d.add(hours=1.5).to_time_string() }}", "2021-02-04 23:00:09.120000+00:00 14:34:09" },
        { "{{ spring.add(days=1).isoformat() }} {{ spring.add(hours=24).isoformat() }}", "2021-03-14T12:00:00-04:00 2021-03-14T13:00:00-04:00" },
        { "{{ spring.add(days=1).subtract(hours=10).isoformat() }}", "2021-03-14T01:00:00-05:00" },
        { "{{ spring.replace(day=14, hour=2, minute=30).isoformat() }}", "2021-03-14T03:30:00-04:00" },
        { "{{ d.to_date_string() }} {{ d.to_datetime_string() }} {{ d.to_time_string() }}", "2021-02-05 2021-02-05 13:04:09 13:04:09" },
        { "{{ d.to_iso8601_string() }} {{ d.start_of('day').to_iso8601_string() }}", "2021-02-05T13:04:09.120000Z 2021-02-05T00:00:00Z" },
        { "{{ d.format('YYYY-MM-DD HH:mm:ss') }} {{ d.format('D/M/YY h:mm A dddd Do MMMM [at] Z') }}", "2021-02-05 13:04:09 5/2/21 1:04 PM Friday 5th February at +00:00" },
        { "{{ d.start_of('month') }} {{ d.end_of('month') }}", "2021-02-01 00:00:00+00:00 2021-02-28 23:59:59.999999+00:00" },
        { "{{ d.start_of('week').date() }} {{ d.start_of('quarter').date() }} {{ d.end_of('year').date() }} {{ d.start_of('hour').to_time_string() }}", "2021-02-01 2021-01-01 2021-12-31 13:00:00" },
        { "{{ d.int_timestamp }} {{ d.day_of_year }} {{ d.week_of_year }} {{ d.days_in_month }} {{ d.quarter }} {{ d.offset }}", "1612530249 36 5 28 1 0" },
        { "{{ (d.add(days=3) - d).in_days() }} {{ (d.add(hours=3) - d).in_hours() }} {{ (d.add(hours=3) - d).total_hours() }}", "3 3 3.0" },
        { "{{ [d] }}", "[DateTime(2021, 2, 5, 13, 4, 9, 120000, tzinfo=Timezone('UTC'))]" },
    };

    [Theory]
    [MemberData(nameof(PythonDates))]
    public void Dates_print_and_compute_as_in_Python(string template, string expected) => Assert.Equal(expected, Template.Parse(template).Render(Scope));

    [Theory]
    [MemberData(nameof(PendulumDates))]
    public void Dates_have_what_pendulum_adds(string template, string expected) => Assert.Equal(expected, Template.Parse(template).Render(Scope));

    [Theory]
    [InlineData("{{ d.in_timezone('Asia/Soul') }}", "no time zone 'Asia/Soul'")]
    [InlineData("{{ d.replace(month=13) }}", "2021-13-5 is not a date")]
    [InlineData("{{ d.replace(hour=24) }}", "is not a time")]
    [InlineData("{{ d.add(years=9000) }}", "out of range")]
    [InlineData("{{ d.add(hours=10 ** 12) }}", "out of range")]
    [InlineData("{{ d + macros.timedelta(days=4000000) }}", "out of range")]
    [InlineData("{{ macros.timedelta(days=10 ** 12) }}", "too long")]
    [InlineData("{{ macros.timedelta(days=1) * 10 ** 30 }}", "out of range")]
    [InlineData("{{ d < nv }}", "without a zone")]
    [InlineData("{{ d - nv }}", "without a zone")]
    [InlineData("{{ d.strftime('%Q') }}", "'%Q' is not known")]
    [InlineData("{{ d.start_of('fortnight') }}", "not a unit of time")]
    [InlineData("{{ macros.datetime.strptime('2021-02-30', '%Y-%m-%d') }}", "is not a date of the form")]
    [InlineData("{{ macros.ds_add('05.02.2021', 1) }}", "'05.02.2021' is not a date of the form '%Y-%m-%d'")]
    [InlineData("{{ 'x' | ds }}", "'ds' needs a date, not str")]
    public void A_wrong_date_is_refused_with_its_place(string template, string sentence)
    {
        var error = Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Scope));

        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.Line);
    }

    private static TemplateScope Scope { get; } = TaskScopeTests.Scope()
        .With("d", TemplateValue.From(new DateTimeOffset(2021, 2, 5, 13, 4, 9, 120, TimeSpan.Zero)))
        .With("nv", At("{{ macros.datetime(2021, 12, 27, 0, 30) }}"))
        .With("spring", At("{{ macros.datetime.fromisoformat('2021-03-13T17:00:00+00:00').in_timezone('America/New_York') }}"));

    // A value that only a template can make, caught on its way out.
    private static TemplateValue At(string template)
    {
        TemplateValue? caught = null;
        var scope = TaskScopeTests.Scope().With("keep", new FunctionValue("keep", arguments => caught = arguments.Positional[0]));
        Template.Parse(template.Replace("{{ ", "{{ keep(").Replace(" }}", ") }}")).Render(scope);
        return caught!;
    }
}
