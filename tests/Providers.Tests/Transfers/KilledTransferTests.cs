using System.Text.Json.Nodes;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.All;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Attempts;
using Sluice.Services;
using Sluice.Services.PostgresFaults;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Transfers;

/// <summary>A process that extracts and loads at once is killed (SIGKILL): readers see the table before or after, and the next attempt makes store and table right.</summary>
public sealed class KilledTransferTests
{
    private const int Rows = 300;

    public enum Moment
    {
        /// <summary>The first objects are being copied.</summary>
        Copying,

        /// <summary>The manifest is on its way to the store.</summary>
        Publishing,

        /// <summary>The manifest is there, the commit never reaches the database.</summary>
        Committing,

        /// <summary>The database has committed, and nobody has heard of it.</summary>
        Committed,
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task The_next_attempt_makes_it_right(LoadMethod method)
    {
        foreach (var moment in Enum.GetValues<Moment>())
        {
            await KillAsync(method, moment);
        }
    }

    private static async Task KillAsync(LoadMethod method, Moment moment)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        await using var proxy = await PostgresProxy.StartAsync();
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        var bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
        var source = await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync();
        var run = new TaskRun().With("source", source).With("target", server.UriOf(database)).With("s3", s3.Uri);
        await run.ExecuteSqlAsync("source", $"CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)); INSERT INTO t SELECT seq, 'new' FROM seq_1_to_{Rows}");
        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'old'), (999, 'old')");
        var transfer = Transfer(method, bucket);
        var statement = moment switch
        {
            Moment.Copying => proxy.Pause(sql => sql == "rows"),
            Moment.Committing or Moment.Committed => proxy.Pause(sql => sql == "COMMIT"),
            _ => null,
        };
        var reached = statement?.Reached ?? s3.Faults.Pause(request => request.Operation == S3Operation.Put && request.Key.EndsWith(".manifest", StringComparison.Ordinal)).Reached;
        await using var killed = await AttemptProcess.StartAsync(
            new() { Connections = new() { ["source"] = source, ["target"] = proxy.Uri(database), ["s3"] = s3.Uri }, Attempt = 1, Transfer = transfer }, reached);
        Assert.Equal(Before, await TableAsync(run)); // what a reader sees

        await killed.KillAsync();
        statement?.End(moment == Moment.Committed ? PostgresPauseEnd.GoOn : PostgresPauseEnd.CutUnheard);

        await UntilAloneAsync(run);
        Assert.Equal(moment == Moment.Committed ? After(method) : Before, await TableAsync(run));
        await run.As(attempt: 2).ExecuteAsync<TransferResult>(new OperatorFactory(BuiltInProviders.Catalog()).Create(nameof(TransferOperator), transfer));
        Assert.Equal(After(method), await TableAsync(run));
        await PublishedObjects.AssertWholeAsync(run, ObjectUri.Parse($"s3://{bucket}/t.csv.gz.manifest"), Rows);
    }

    private const string Before = "2 rows, 2 old, ids 1 to 999";

    private static string After(LoadMethod method) => method switch
    {
        LoadMethod.Append => "302 rows, 2 old, ids 1 to 999",
        LoadMethod.Upsert => "301 rows, 1 old, ids 1 to 999",
        _ => "300 rows, 0 old, ids 1 to 300",
    };

    private static string Transfer(LoadMethod method, string bucket) => new JsonObject
    {
        ["extract"] = new JsonObject
        {
            ["table"] = "t", ["sql_connection_id"] = "source", ["s3_bucket"] = bucket, ["s3_key"] = "t.csv.gz", ["aws_connection_id"] = "s3",
            ["replace"] = true, ["max_rows_per_file"] = 100, ["reconcile"] = "checksums",
        },
        ["load"] = new JsonObject
        {
            ["operator"] = nameof(S3ToPostgresOperator), ["table"] = "t", ["postgres_connection_id"] = "target", ["aws_connection_id"] = "s3",
            ["method"] = method.ToString().ToLowerInvariant(), ["upsert_keys"] = method == LoadMethod.Upsert ? new JsonArray("id") : new JsonArray(), ["reconcile"] = "checksums",
        },
    }.ToJsonString();

    private static async Task<string> TableAsync(TaskRun run) => (string)(await run.QueryAsync(
        "target", "SELECT COUNT(*) || ' rows, ' || COUNT(*) FILTER (WHERE v = 'old') || ' old, ids ' || MIN(id) || ' to ' || MAX(id) FROM t"))[0][0]!;

    // A session ends a moment after its client has gone.
    private static Task UntilAloneAsync(TaskRun run) => Until.TrueAsync(
        async () => (long)(await run.QueryAsync("target", "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))[0][0]! == 0,
        "there is no other session");
}
