using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.S3;
using Sluice.Providers.Files.Objects;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;
using Sluice.Services.PostgresFaults;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>A process stands still (SIGSTOP), the next attempt does its work, and the first is woken (SIGCONT): it fails, and all stays as the later one left it.</summary>
public sealed class StoppedAttemptTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SET datestyle", LoadMethod.Replace, "Attempt 2 of this task has loaded t already")]
    [InlineData("rows", LoadMethod.Replace, "failed: SqlHookException")]
    [InlineData("INSERT INTO \"t\"", LoadMethod.Upsert, "failed: SqlHookException")]
    [InlineData("COMMIT", LoadMethod.Append, "failed: SqlHookException")]
    public async Task Loading_postgres(string statement, LoadMethod method, string told)
    {
        await using var proxy = await PostgresProxy.StartAsync();
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        var run = new TaskRun().With("db", server.UriOf(database));
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (9, 'old')");
        var pause = proxy.Pause(sql => sql.StartsWith(statement, StringComparison.Ordinal));
        await using var first = await AttemptProcess.StartAsync(new() { Connections = new() { ["db"] = proxy.Uri(database) }, Attempt = 1, Load = Load("old.csv", "1,first", method) }, pause.Reached);
        await first.StopAsync();

        await run.As(attempt: 2).ExecuteAsync(Load("new.csv", "1,second", method)).WaitAsync(Until.Patience);
        await UntilEndedAsync(run, attempt: 2); // until then it would seem to be loading
        Assert.Equal(statement == "SET datestyle", !run.Log.Any(line => line.StartsWith("Attempt 1 of this task was still loading t; its session", StringComparison.Ordinal)));
        await first.WakeAsync();
        pause.End();

        Assert.Contains(told, await first.EndAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(AttemptProgram.Succeeded, first.Output, StringComparison.Ordinal);
        Assert.Equal(
            method == LoadMethod.Replace ? "1=second" : "1=second 9=old",
            string.Join(' ', (await run.QueryAsync("db", "SELECT id, v FROM t ORDER BY id")).Select(row => $"{row[0]}={row[1]}")));
    }

    [Fact]
    public async Task Loading_postgres_an_early_attempt_gives_way_to_one_that_is_at_work()
    {
        await using var proxy = await PostgresProxy.StartAsync();
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        var (run, watched) = (new TaskRun().With("db", server.UriOf(database)), new TaskRun().With("db", proxy.Uri(database)));
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY, v text)");
        var pause = proxy.Pause(sql => sql == "rows");
        var later = watched.As(attempt: 2).ExecuteAsync(Load("new.csv", "1,second", LoadMethod.Replace));
        await pause.Reached.WaitAsync(Until.Patience);

        var e = await Assert.ThrowsAsync<Sluice.Authoring.Operators.TaskFailedException>(() => run.As(attempt: 1).ExecuteAsync(Load("old.csv", "1,first", LoadMethod.Replace)));
        pause.End();
        await later;

        Assert.Contains("Attempt 2 of this task is loading t at this moment; this is attempt 1", e.Message, StringComparison.Ordinal);
        Assert.Equal([[1, "second"]], await run.QueryAsync("db", "SELECT * FROM t"));
    }

    [Fact]
    public async Task Loading_sqlite()
    {
        const int Stop = 19;
        var run = new TaskRun().With("db", _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY, v text)");
        await using var first = await AttemptProcess.StartAsync(new()
        {
            Connections = new() { ["db"] = _folder.SqliteUri("t.db") }, Attempt = 1, Load = Load("old.csv", "1,first", LoadMethod.Replace), AtStatement = 1, Signal = Stop,
        });
        await first.StoppedAsync();

        await run.As(attempt: 2).ExecuteAsync(Load("new.csv", "1,second", LoadMethod.Replace));
        await first.WakeAsync();

        Assert.Contains("Attempt 2 of this task has loaded t already", await first.EndAsync(), StringComparison.Ordinal);
        Assert.Equal([[1L, "second"]], await run.QueryAsync("db", "SELECT * FROM t"));
    }

    [Fact]
    public async Task Loading_redshift()
    {
        await using var road = await RedshiftRoad.StartAsync();
        await road.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v varchar); INSERT INTO t VALUES (9, 'old')");
        await road.PutAsync("old.csv", "id,v\n1,first\n");
        await road.PutAsync("new.csv", "id,v\n1,second\n");
        var pause = road.Server.Faults.Pause("^COPY");
        await using var first = await AttemptProcess.StartAsync(
            new() { Connections = new() { ["db"] = road.Uri2($"iam_role={RedshiftRoad.Role}"), ["s3"] = road.S3Uri() }, Attempt = 1, Load = Operator("old.csv") }, pause.Reached);
        await first.StopAsync();
        pause.Release();

        await road.Run.As(attempt: 2).ExecuteAsync(Operator("new.csv"));
        await first.WakeAsync();

        Assert.Contains("Attempt 2 of this task has loaded t already", await first.EndAsync(), StringComparison.Ordinal);
        Assert.Equal("1|second", await road.ReadAsync("SELECT * FROM t"));

        S3ToRedshiftOperator Operator(string key) => new()
        {
            Table = "t", S3Bucket = road.Bucket, S3Key = key, AwsConnectionId = "s3", RedshiftConnectionId = "db", Method = LoadMethod.Replace,
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Extracting_into_S3(bool manifest)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        var bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
        var connections = new Dictionary<string, string> { ["db"] = await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync(), ["s3"] = s3.Uri };
        var run = new TaskRun().With("db", connections["db"]).With("s3", s3.Uri);
        var pause = s3.Faults.Pause(r => r.Operation == S3Operation.Put);
        await using var first = await AttemptProcess.StartAsync(new() { Connections = connections, Attempt = 1, Extract = Operator("first") }, pause.Reached);
        await first.StopAsync();

        var wrote = await run.As(attempt: 2).ExecuteAsync<SqlToS3Result>(Operator("second"));
        await first.WakeAsync();
        pause.Release();

        Assert.Contains("was written by someone else since this attempt began", await first.EndAsync(), StringComparison.Ordinal);
        await using var store = new S3ObjectStore(run.Connection("s3"));
        var uri = ObjectUri.Parse(wrote.Uri);
        var uris = manifest ? [.. (await ObjectManifest.ReadAsync(store, uri, CancellationToken.None)).Entries.Select(entry => entry.Uri), uri] : new[] { uri };
        using var reader = new StreamReader(await store.OpenReadAsync(uris[0], CancellationToken.None));
        Assert.Equal("who\nsecond\n", await reader.ReadToEndAsync());
        var left = new List<Uri>();
        await foreach (var one in store.ListAsync(ObjectUri.Create("s3", bucket, ""), CancellationToken.None))
        {
            left.Add(one.Uri);
        }

        Assert.Equal(uris.Select(ObjectUri.Text).Order(), left.Select(ObjectUri.Text).Order());

        SqlToS3Operator Operator(string who) => new()
        {
            Query = $"SELECT '{who}' AS who", SqlConnectionId = "db", S3Bucket = bucket, S3Key = "rows.csv", AwsConnectionId = "s3", Replace = true, Manifest = manifest,
        };
    }

    [Fact]
    public async Task Extracting_into_a_folder()
    {
        var uri = await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync();
        var run = new TaskRun().With("db", uri);
        await using var holding = await run.Context().SqlAsync("db", CancellationToken.None);
        await holding.QueryAsync("SELECT GET_LOCK('stopped attempt', 0)", null, 1, CancellationToken.None);
        await using var first = await AttemptProcess.StartAsync(new()
        {
            Connections = new() { ["db"] = uri }, Attempt = 1, Extract = Operator("SELECT 'first' AS who, GET_LOCK('stopped attempt', 600) AS waited"),
        });
        await Until.TrueAsync(() => Directory.GetFiles(_folder.Path, "*", new EnumerationOptions { AttributesToSkip = 0 }).Length == 1, "there is the file that is being written");
        await first.StopAsync();

        await run.As(attempt: 2).ExecuteAsync(Operator("SELECT 'second' AS who"));
        await first.WakeAsync();
        await holding.QueryAsync("SELECT RELEASE_LOCK('stopped attempt')", null, 1, CancellationToken.None);

        Assert.Contains("was written by someone else since this attempt began", await first.EndAsync(), StringComparison.Ordinal);
        Assert.Equal("who\nsecond\n", await File.ReadAllTextAsync(Assert.Single(_folder.AllFiles())));

        SqlToS3Operator Operator(string query) => new() { Query = query, SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Replace = true };
    }

    private S3ToRedshiftOperator Load(string name, string row, LoadMethod method)
    {
        File.WriteAllText(_folder[name], $"id,v\n{row}\n");
        return new() { Table = "t", Uri = _folder.Uri(name), RedshiftConnectionId = "db", Method = method };
    }

    // A session ends a moment after its client has gone, and its lock with it.
    private static Task UntilEndedAsync(TaskRun run, int attempt) => Until.TrueAsync(async () => (await run.QueryAsync(
        "db", $"SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {attempt} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))[0][0] is 0L,
        $"attempt {attempt} has let go");
}
