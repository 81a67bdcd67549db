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
