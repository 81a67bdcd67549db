// The demo: one day's weather, by template, from a production database to a folder, on into a warehouse; checked against its source.
// Connections: weather_source (table daily_weather) and warehouse. Variable: object_store (a file:// or s3:// address).

Dag.Define("weather_to_warehouse", dag =>
{
    dag.Description = "Daily weather from the production database to the warehouse";
    dag.Schedule = Schedule.Daily;
    dag.StartDate = Date.Of(2012, 1, 1);
    dag.EndDate = Date.Of(2015, 12, 31);
    dag.Catchup = CatchupMode.None; // The years are past: they come by `sluice backfill create`.
    dag.MaxActiveRuns = 4;
    dag.Tags("demo", "weather");
    dag.Defaults.Retries = 2;
    dag.Defaults.RetryDelay = TimeSpan.FromSeconds(10);

    const string Store = "{{ var.value.get('object_store', 'file:///tmp/sluice-objects') }}";
    const string File = Store + "/weather/{{ ds }}.csv";

    var create = dag.Add("create_table", new SqlOperator
    {
        ConnectionId = "warehouse",
        Sql = """
            CREATE TABLE IF NOT EXISTS weather (
                date TEXT PRIMARY KEY, precipitation REAL, temp_max REAL, temp_min REAL, wind REAL, weather TEXT)
            """,
    });

    var extract = dag.Add("extract_day", new SqlToS3Operator
    {
        SqlConnectionId = "weather_source",
        Query = "SELECT date, precipitation, temp_max, temp_min, wind, weather FROM daily_weather WHERE date = @day",
        Parameters = new() { ["day"] = "{{ ds }}" },
        Uri = File,
        Replace = true,
    });

    var load = dag.Add("load_day", new S3ToRedshiftOperator
    {
        RedshiftConnectionId = "warehouse",
        Uri = File,
        Table = "weather",
        Method = LoadMethod.Upsert,
        UpsertKeys = ["date"],
    });

    var check = dag.Run("check_counts", async ctx =>
    {
        var day = new Dictionary<string, object?> { ["day"] = ctx.LogicalDate.ToString("yyyy-MM-dd") };
        await using var source = await ctx.SqlAsync("weather_source");
        await using var warehouse = await ctx.SqlAsync("warehouse");
        var expected = await source.ScalarAsync<long>("SELECT COUNT(*) FROM daily_weather WHERE date = @day", day);
        var loaded = await warehouse.ScalarAsync<long>("SELECT COUNT(*) FROM weather WHERE date = @day", day);
        ctx.Log($"{expected} rows in the source, {loaded} in the warehouse");
        return loaded == expected
            ? loaded
            : throw new TaskFailedException($"The source has {expected} rows of {day["day"]}, the warehouse {loaded}.");
    });

    var report = dag.Run("write_report", async ctx =>
    {
        var rows = await ctx.PullAsync<long>("check_counts");
        var store = await ctx.VariableAsync("object_store") ?? "file:///tmp/sluice-objects";
        var uri = new Uri($"{store}/reports/{ctx.LogicalDate:yyyy-MM-dd}.txt");
        await using var objects = await ctx.ObjectStoreAsync(uri, connectionId: null);
        await using var report = await objects.OpenWriteAsync(uri, replace: true, ctx.CancellationToken);
        await using (var text = new StreamWriter(report.Body, leaveOpen: true))
        {
            await text.WriteLineAsync($"{ctx.LogicalDate:yyyy-MM-dd}: {rows} rows agree between source and warehouse (try {ctx.TryNumber})");
        }

        await report.CommitAsync(ctx.CancellationToken);
        return uri;
    });

    Dag.Chain([create, extract], load, check, report);
});
