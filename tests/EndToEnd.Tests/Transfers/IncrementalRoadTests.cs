using Sluice.Cluster.Api;
using Sluice.EndToEnd.Tests.Nodes;
using Sluice.Services;

namespace Sluice.EndToEnd.Tests.Transfers;

/// <summary>MariaDB to S3 to PostgreSQL, day by day, each day what is new; with a worker that dies between the extract and its success.</summary>
public sealed class IncrementalRoadTests
{
    // Long enough that a busy machine loses no worker that lives.
    private static readonly string[] Patience = ["--lease-duration", "5s", "--heartbeat-every", "500ms", "--fence-after", "8s", "--lost-after", "12s"];

    [Fact]
    public async Task Each_day_carries_what_is_new_whatever_is_killed_or_cleared()
    {
        var mysql = await MariaDbServer.StartSharedAsync();
        var postgres = await PostgresServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var (source, warehouse) = (await mysql.CreateDatabaseAsync(), await postgres.CreateDatabaseAsync());
        var schema = new Uri(source).AbsolutePath.Trim('/');
        await mysql.QueryAsync("CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(20), updated_at DATETIME(6) NOT NULL, KEY (updated_at))", schema);
        await Database.AskAsync(warehouse, "CREATE TABLE orders (id int PRIMARY KEY, note text, updated_at timestamp NOT NULL)");
        await using var cluster = await TestCluster.CreateAsync(null, Patience);
        await cluster.StartSeedAsync();
        await cluster.StartSchedulerAsync("scheduler");
        var worker = await cluster.StartWorkerAsync("worker_0");
        await cluster.ReadyAsync();
        var api = cluster.Api;
        await api.SetConnectionAsync("source", source);
        await api.SetConnectionAsync("warehouse", postgres.UriOf(warehouse));
        await api.SetConnectionAsync("s3", S3Uri.Of(s3));
        var (hold, extracted) = (Path.Combine(cluster.Folder, "hold"), Path.Combine(cluster.Folder, "extracted"));
        await cluster.AddDagAsync(
            "increments",
            $$"""
            Dag.Define("increments", dag =>
            {
                var extract = dag.Add("extract", new HeldExtract());
                extract.Then(dag.Add("load", new S3ToPostgresOperator
                {
                    Uri = "s3://{{await s3.CreateBucketAsync()}}/{{"{{ run_id }}"}}.csv", AwsConnectionId = "s3", PostgresConnectionId = "warehouse", Table = "orders",
                    Method = LoadMethod.Upsert, Reconcile = Reconciliation.Checksums,
                }));
            });

            // The extract as it is, and then a pause in which the worker can be killed.
            public sealed class HeldExtract : Operator
            {
                public override bool KeepsWatermark => true;

                public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
                {
                    var load = System.Text.Json.JsonDocument.Parse(context.Dag.Tasks[1].Arguments).RootElement;
                    var wrote = await new SqlToS3Operator
                    {
                        Table = "orders", SqlConnectionId = "source", AwsConnectionId = "s3", Uri = load.GetProperty("uri").GetString()!.Replace("{{"{{ run_id }}"}}", context.Run.Id.Value),
                        Incremental = new() { Column = "updated_at" }, Readers = 2, PartitionBy = "id", Reconcile = Reconciliation.Checksums,
                    }.ExecuteAsync(context, cancellationToken);
                    File.AppendAllText("{{extracted}}", context.Run.Id.Value + "\n");
                    while (File.Exists("{{hold}}"))
                    {
                        await Task.Delay(50, cancellationToken);
                    }

                    return wrote;
                }
            }
            """);

        await InsertAsync((1, "2021-02-01 10:00:00"), (2, "2021-02-01 23:59:59.999999"));
        await DayAsync("day1", "2021-02-01");
        Assert.Equal("1=new 2=new", await TableAsync());

        // The worker dies when the rows are in the store and nobody knows of it yet.
        await InsertAsync((3, "2021-02-02 10:00:00"));
        await File.WriteAllTextAsync(hold, "");
        await api.CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new("increments", "2021-02-02", "day2", null));
        await Until.TrueAsync(async () => File.Exists(extracted) && (await File.ReadAllTextAsync(extracted)).Contains("day2", StringComparison.Ordinal), "the extract has written its rows", () => cluster.Logs);
        Assert.Equal("2021-02-01 23:59:59.999999", await MarkAsync());
        var next = await cluster.StartWorkerAsync("worker_1");
        await Until.TrueAsync(() => next.Log.Contains("Linked to", StringComparison.Ordinal), "the next worker has joined");
        await worker.KillAsync();
        await InsertAsync((4, "2021-02-03 09:00:00"));
        File.Delete(hold);
        await api.SucceededAsync("increments", "day2");
        Assert.Equal("1=new 2=new 3=new", await TableAsync());
        var windows = (await WindowsAsync()).Where(window => window.RunId == "day2").ToList();
        Assert.Equal([true, false], windows.Select(window => window.IsMark));
        Assert.All(windows, window => Assert.Equal(("2021-02-01 23:59:59.999999", "2021-02-02 10:00:00.000000"), (window.From, window.To)));

        await DayAsync("day3", "2021-02-03");
        Assert.Equal("1=new 2=new 3=new 4=new", await TableAsync());

        // The middle day again: what it had read, and nothing that came since; the days after it stay where they are.
        await InsertAsync((5, "2021-02-03 12:00:00"));
        await Database.AskAsync(warehouse, "UPDATE orders SET note = 'spoilt' WHERE id <> 4; DELETE FROM orders WHERE id = 3");
        await mysql.QueryAsync("UPDATE orders SET note = 'mended' WHERE id <= 4", schema);
        var mark = await MarkAsync();
        await api.CallAsync<ChangeRequest, ChangeAnswer>(Operations.ClearTasks, new() { DagId = "increments", RunId = "day2", Tasks = ["extract"], Downstream = true });
        await Until.TrueAsync(async () => (await TableAsync()).Contains("3=mended", StringComparison.Ordinal), "the middle day is loaded again", () => cluster.Logs);
        await api.SucceededAsync("increments", "day2");
        Assert.Equal("1=spoilt 2=spoilt 3=mended 4=new", await TableAsync());
        Assert.Equal(mark, await MarkAsync());

        await DayAsync("day4", "2021-02-04");
        Assert.Equal("1=spoilt 2=spoilt 3=mended 4=new 5=new", await TableAsync());
        await DayAsync("day5", "2021-02-05");
        Assert.Equal(("2021-02-03 12:00:00.000000", "2021-02-03 12:00:00.000000"), ((await WindowsAsync())[0].From, (await WindowsAsync())[0].To));

        // A full refresh.
        var forgotten = await api.CallAsync<WatermarkChange, WatermarkChanged>(Operations.ClearWatermark, new("increments", "extract", Note: "all again"));
        Assert.Equal(("2021-02-03 12:00:00.000000", null), (forgotten.Before, forgotten.After));
        await DayAsync("day6", "2021-02-06");
        Assert.Equal("1=mended 2=mended 3=mended 4=mended 5=new", await TableAsync());

        async Task DayAsync(string run, string date)
        {
            await api.CallAsync<TriggerRequest, RunSummary>(Operations.TriggerRun, new("increments", date, run, null));
            await api.SucceededAsync("increments", run);
        }

        async Task InsertAsync(params (int Id, string At)[] rows)
        {
            foreach (var (id, at) in rows)
            {
                await mysql.QueryAsync($"INSERT INTO orders VALUES ({id}, 'new', '{at}')", schema);
            }
        }

        async Task<string> TableAsync() => (string)(await Database.AskAsync(warehouse, "SELECT coalesce(string_agg(id || '=' || note, ' ' ORDER BY id), '') FROM orders"))!;
        async Task<string?> MarkAsync() => (await api.CallAsync<WatermarkFilter, IReadOnlyList<WatermarkSummary>>(Operations.ListWatermarks, new("increments"))).Single().To;
        Task<IReadOnlyList<WatermarkSummary>> WindowsAsync() => api.CallAsync<WatermarkFilter, IReadOnlyList<WatermarkSummary>>(Operations.ShowWatermark, new("increments", "extract"));
    }
}
