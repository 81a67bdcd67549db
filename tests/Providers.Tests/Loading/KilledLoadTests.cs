using Sluice.Authoring.Hooks;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Attempts;
using Sluice.Services;
using Sluice.Services.PostgresFaults;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Loads that end at any statement: readers see the table before or after, and the next attempt makes it right. Processes killed at each: <see cref="KilledPostgresLoadTests"/>.</summary>
public sealed class KilledLoadTests : IDisposable
{
    private const string Before = "1=old 9=old";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(LoadMethod.Append, "1=new 1=old 2=new 9=old")]
    [InlineData(LoadMethod.Replace, "1=new 2=new")]
    [InlineData(LoadMethod.Upsert, "1=new 2=new 9=old")]
    public async Task Postgres_whose_client_is_cut_off_at_each_statement(LoadMethod method, string after)
    {
        await using var proxy = await PostgresProxy.StartAsync();
        var (run, database) = await PostgresAsync();
        var watched = new TaskRun().With("db", proxy.Uri(database));
        var load = Load(method);
        await run.As(attempt: 1).ExecuteAsync(load); // makes the ledger
        await watched.As(attempt: 1).ExecuteAsync(load); // asks for the types, which later sessions know
        await UntilAloneAsync(run); // a session of before that is not gone yet would be ended first, by a statement more
        await ResetAsync(run);
        var earlier = proxy.Statements.Count;
        await watched.As(attempt: 1).ExecuteAsync(load);
        Assert.Equal(after, await TableAsync(run));
        var statements = proxy.Statements.Skip(earlier).ToList();
        Assert.Equal("COMMIT", statements[^1]);
        Assert.Contains("rows", statements);

        // What a server sees of a client that is killed: the end of the connection, with or without the statement before it.
        for (var i = 0; i < statements.Count; i++)
        {
            foreach (var isHeard in (bool[])[true, false])
            {
                await UntilAloneAsync(run); // the second attempt of before would be a later one that is at work
                await ResetAsync(run);
                var seen = 0;
                proxy.Cut(_ => seen++ == i, isHeard);

                var e = await Assert.ThrowsAsync<SqlHookException>(() => watched.As(attempt: 1).ExecuteAsync(load));

                Assert.True(e.IsTransient);
                await UntilAloneAsync(run);
                Assert.Equal((statements[i], statements[i] == "COMMIT" && isHeard ? after : Before), (statements[i], await TableAsync(run)));
                await run.As(attempt: 2).ExecuteAsync(load);
                Assert.Equal((statements[i], after), (statements[i], await TableAsync(run)));
            }
        }
    }

    [Theory]
    [InlineData(LoadMethod.Append, "1=new 1=old 2=new 9=old")]
    [InlineData(LoadMethod.Replace, "1=new 2=new")]
    [InlineData(LoadMethod.Upsert, "1=new 2=new 9=old")]
    public async Task Sqlite_whose_process_is_killed_at_each_statement(LoadMethod method, string after)
    {
        const int Kill = 9;
        var run = new TaskRun().With("db", _folder.SqliteUri("t.db"));
        var load = Load(method);
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int, v text)");
        await run.As(attempt: 1).ExecuteAsync(load);
        await ResetAsync(run);
        var traces = Directory.CreateDirectory(_folder["traces"]).FullName;
        var job = new AttemptJob { Connections = new() { ["db"] = _folder.SqliteUri("t.db") }, Attempt = 1, Load = load, Signal = Kill };
        await using (var traced = await AttemptProcess.StartAsync(job with { Traces = traces }))
        {
            Assert.Contains(AttemptProgram.Succeeded, await traced.EndAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(after, await TableAsync(run));
        var count = Directory.GetFiles(traces, "*.sql").Length;
        Assert.Equal("COMMIT", await File.ReadAllTextAsync(Path.Combine(traces, $"{count}.sql")));
        for (var number = 1; number <= count; number++)
        {
            var left = new TaskRun().With("db", _folder.SqliteUri($"traces/{number}.db"));
            await AssertRightAsync(left, await File.ReadAllTextAsync(Path.Combine(traces, $"{number}.sql")));
        }

        // The last one by a process that is killed there.
        await ResetAsync(run);
        await using var killed = await AttemptProcess.StartAsync(job with { AtStatement = count });
        Assert.DoesNotContain(AttemptProgram.Succeeded, await killed.EndAsync(), StringComparison.Ordinal);
        await AssertRightAsync(run, "COMMIT");

        async Task AssertRightAsync(TaskRun left, string statement)
        {
            Assert.Equal((statement, Before), (statement, await TableAsync(left)));
            await left.As(attempt: 2).ExecuteAsync(load);
            Assert.Equal((statement, after), (statement, await TableAsync(left)));
        }
    }

    private static async Task<(TaskRun Run, string Database)> PostgresAsync()
    {
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        var run = new TaskRun().With("db", server.UriOf(database));
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int, v text)");
        return (run, database);
    }

    private S3ToRedshiftOperator Load(LoadMethod method)
    {
        File.WriteAllText(_folder["f.csv"], "id,v\n1,new\n2,new\n");
        return new() { Table = "t", Uri = _folder.Uri("f.csv"), RedshiftConnectionId = "db", Method = method, UpsertKeys = method == LoadMethod.Upsert ? ["id"] : [] };
    }

    private static Task ResetAsync(TaskRun run) => run.ExecuteSqlAsync("db", "DELETE FROM t; INSERT INTO t VALUES (1, 'old'), (9, 'old'); DELETE FROM sluice_loads");

    private static async Task<string> TableAsync(TaskRun run) =>
        string.Join(' ', (await run.QueryAsync("db", "SELECT id, v FROM t ORDER BY id, v")).Select(row => $"{row[0]}={row[1]}"));

    // A session ends a moment after its client has gone.
    private static Task UntilAloneAsync(TaskRun run) => Until.TrueAsync(
        async () => (long)(await run.QueryAsync("db", "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))[0][0]! == 0,
        "there is no other session");
}
