namespace Sluice.Cli.Tests.Schedules;

public sealed class SchedulePreviewTests
{
    [Fact]
    public async Task Json_is_an_array_of_intervals_in_utc()
    {
        var run = await ToolRun.OfAsync(
            "schedule", "preview", "--cron", "0 2 * * *", "--tz", "Asia/Seoul", "--start", "2021-02-05", "--count", "2", "--json");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            """
            [{"data_interval_start":"2021-02-04T17:00:00+00:00","data_interval_end":"2021-02-05T17:00:00+00:00","run_after":"2021-02-05T17:00:00+00:00"},{"data_interval_start":"2021-02-05T17:00:00+00:00","data_interval_end":"2021-02-06T17:00:00+00:00","run_after":"2021-02-06T17:00:00+00:00"}]

            """,
            run.Out.ReplaceLineEndings("\n"));
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Without_catchup_the_latest_complete_interval_comes_first()
    {
        var run = await ToolRun.OfAsync(
            "schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--now", "2021-03-01T12:00Z", "--catchup", "false", "--count", "1", "--json");

        Assert.Contains("\"data_interval_start\":\"2021-02-28T00:00:00+00:00\"", run.Out);
    }

    [Fact]
    public async Task With_catchup_every_interval_since_the_start_counts()
    {
        var run = await ToolRun.OfAsync(
            "schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--now", "2021-03-01T12:00Z", "--catchup", "true", "--count", "1", "--json");

        Assert.Contains("\"data_interval_start\":\"2021-02-05T00:00:00+00:00\"", run.Out);
    }

    [Theory]
    [InlineData("2021-02-05", "--catchup", "all")]
    [InlineData("2021-02-28", "--catchup", "latest")]
    [InlineData("2021-02-28")]
    [InlineData("2021-03-01", "--catchup", "none")]
    public async Task Catchup_has_three_values(string first, params string[] catchup)
    {
        var run = await ToolRun.OfAsync(["schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--now", "2021-03-01T12:00Z", "--count", "1", "--json", .. catchup]);

        Assert.Contains($"\"data_interval_start\":\"{first}T00:00:00+00:00\"", run.Out);
    }

    [Theory]
    [InlineData("2026-01-09T06:00:00+00:00/2026-01-10T06:00:00+00:00", "--interval", "1d", "--start", "2026-01-09T12:00")]
    [InlineData("2026-01-10T06:00:00+00:00/2026-01-10T06:00:00+00:00", "--now", "2026-01-10T07:00")]
    [InlineData("2026-01-11T06:00:00+00:00/2026-01-11T06:00:00+00:00", "--now", "2026-01-10T12:00")]
    [InlineData("2026-01-11T06:00:00+00:00/2026-01-11T06:00:00+00:00", "--now", "2026-01-10T12:00", "--run-immediately", "false")]
    [InlineData("2026-01-10T06:00:00+00:00/2026-01-10T06:00:00+00:00", "--now", "2026-01-10T12:00", "--run-immediately", "true")]
    [InlineData("2026-01-10T05:00:00+00:00/2026-01-10T06:00:00+00:00", "--now", "2026-01-10T12:00", "--run-immediately", "6h", "--interval", "1h")]
    [InlineData("2026-01-10T06:00:00+00:00/2026-01-10T06:00:00+00:00", "--now", "2026-01-10T12:00", "--run-immediately", "6h", "--catchup", "none")]
    public async Task Ticks_may_have_an_interval_and_follow_on_the_latest_tick_at_once(string interval, params string[] options)
    {
        var run = await ToolRun.OfAsync(["schedule", "preview", "--at", "0 6 * * *", "--count", "1", "--json", .. options]);

        Assert.True(run.Code == 0, run.Error);
        Assert.Contains($"\"data_interval_start\":\"{interval.Split('/')[0]}\",\"data_interval_end\":\"{interval.Split('/')[1]}\",\"run_after\":\"{interval.Split('/')[1]}\"", run.Out);
    }

    [Fact]
    public async Task The_end_is_the_last_logical_date()
    {
        var run = await ToolRun.OfAsync("schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--end", "2021-02-06");

        Assert.Equal(0, run.Code);
        Assert.Equal(3, run.Lines.Count());
    }

    [Fact]
    public async Task A_schedule_that_never_runs_is_an_empty_array()
    {
        var run = await ToolRun.OfAsync(
            "schedule", "preview", "--cron", "0 0 1 1 *", "--start", "2021-02-05", "--end", "2021-03-01", "--json");

        Assert.Equal((0, "[]"), (run.Code, run.Out.Trim()));
    }

    [Fact]
    public async Task Fixed_lengths_count_from_the_start()
    {
        var run = await ToolRun.OfAsync("schedule", "preview", "--every", "90m", "--start", "2021-02-05T06:00", "--count", "1", "--json");

        Assert.Contains("\"data_interval_end\":\"2021-02-05T07:30:00+00:00\"", run.Out);
    }

    [Theory]
    // The last working day of the month, for a company that rests on the 31st of December.
    [InlineData("2026-10-30T20:00:00+00:00 2026-11-30T20:00:00+00:00 2026-12-30T20:00:00+00:00", "--at", "0 20 L * *", "--calendar", "CAL", "--days", "previous", "--start", "2026-10-01")]
    [InlineData("2026-12-28T09:00:00+00:00 2026-12-29T09:00:00+00:00", "--at", "0 9 * * *", "--calendar", "CAL", "--start", "2026-12-25")]
    [InlineData("2026-01-01T09:00:00+00:00 2026-01-01T18:00:00+00:00 2026-01-02T09:00:00+00:00", "--at", "0 9 * * *", "--at", "0 18 * * *", "--start", "2026-01-01")]
    [InlineData("2026-01-01T00:00:10+00:00 2026-01-01T00:00:20+00:00", "--cron", "*/10 * * * * *", "--seconds", "--start", "2026-01-01")]
    [InlineData("2024-02-29T00:00:00+00:00 2024-03-29T00:00:00+00:00", "--every", "1 month", "--start", "2024-01-31")]
    [InlineData("2024-01-15T00:00:00+00:00 2024-01-29T00:00:00+00:00", "--every", "2 weeks", "--start", "2024-01-01")]
    public async Task Schedules_of_all_kinds_can_be_looked_at(string expected, params string[] options)
    {
        using var folder = new TemporaryFolder("sluice-cal-");
        var calendar = folder["free.txt"];
        await File.WriteAllTextAsync(calendar, "2026-12-25 Christmas Day\n2026-12-31\n");
        var run = await ToolRun.OfAsync(
            ["schedule", "preview", "--json", "--count", $"{expected.Split(' ').Length}", .. options.Select(option => option == "CAL" ? calendar : option)]);

        Assert.True(run.Code == 0, run.ToString());
        using var json = System.Text.Json.JsonDocument.Parse(run.Out);
        Assert.Equal(expected, string.Join(' ', json.RootElement.EnumerateArray().Select(firing => firing.GetProperty("run_after").GetString())));
    }

    [Fact]
    public async Task Reasons_are_told_when_asked_for_and_to_people_always()
    {
        string[] spring = ["schedule", "preview", "--cron", "30 2 * * *", "--tz", "America/New_York", "--start", "2024-03-09", "--count", "1"];
        const string Reason = "2024-03-10 02:30 does not exist in America/New_York: moved to 2024-03-10 03:30.";

        Assert.DoesNotContain("reasons", (await ToolRun.OfAsync([.. spring, "--json"])).Out);
        Assert.Contains($"\"reasons\":[\"{Reason}\"]", (await ToolRun.OfAsync([.. spring, "--json", "--reasons"])).Out);
        Assert.Contains(Reason, (await ToolRun.OfAsync(spring)).Out.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task A_dag_of_a_folder_is_looked_at_with_its_calendar()
    {
        var run = await ToolRun.OfAsync(
            "schedule", "preview", "--dag", "month_end_close", "--dag-folder", Examples.Features, "--now", "2026-12-01", "--count", "2", "--json");

        Assert.True(run.Code == 0, run.ToString());
        using var json = System.Text.Json.JsonDocument.Parse(run.Out);
        var firing = json.RootElement[1];
        Assert.Equal("2026-12-30T11:00:00+00:00", firing.GetProperty("run_after").GetString());
        Assert.Equal("2026-12-31 20:00 is moved to 2026-12-30 20:00: 2026-12-31 is the holiday inventory.", firing.GetProperty("reasons")[0].GetString());
    }

    [Theory]
    [InlineData("schedule", "preview", "--at", "@daily", "--cron", "@daily", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--days", "next", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--calendar", "/nowhere/x.ics", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--every", "0 months", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--every", "often", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--interval", "1d")]
    [InlineData("schedule", "preview", "--at", "@daily", "--interval", "long")]
    [InlineData("schedule", "preview", "--at", "@daily", "--run-immediately", "perhaps")]
    [InlineData("schedule", "preview", "--dag", "x", "--cron", "@daily")]
    [InlineData("schedule", "preview", "--cron", "* * * * * *", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "0 25 * * *", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "nonsense", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--start", "2021-02-30")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--tz", "Mars/Base", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--every", "1h", "--start", "2021-02-05")]
    [InlineData("schedule", "preview", "--cron", "@daily", "--start", "2021-02-05", "--count", "0")]
    public async Task Nonsense_is_one_sentence_and_exit_code_2(params string[] args)
    {
        var run = await ToolRun.OfAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Empty(run.Out);
        Assert.Single(run.Error.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
    }
}
