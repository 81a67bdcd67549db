using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;
using Sluice.Services.PostgresFaults;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Loads into PostgreSQL meet writers with whom they cannot both go on.</summary>
public sealed class ConflictTests : IAsyncLifetime, IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TaskRun _run = new();
    private readonly TaskRun _watched = new();
    private PostgresProxy _proxy = null!;

    public async Task InitializeAsync()
    {
        var server = await PostgresServer.StartSharedAsync();
        var database = await server.CreateDatabaseAsync();
        _proxy = await PostgresProxy.StartAsync();
        _run.With("db", server.UriOf(database));
        _watched.With("db", _proxy.Uri(database));
        await File.WriteAllTextAsync(_folder["f.csv"], "id,v\n1,new\n");
    }

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_load_that_is_chosen_to_end_a_deadlock_is_tried_again()
    {
        await _run.ExecuteSqlAsync(
            "db", "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE t (id int REFERENCES p, v text); INSERT INTO t VALUES (1, 'old')");
        var pause = _proxy.Pause(sql => sql == "rows"); // the load has locked t
        var load = _watched.As(attempt: 1).ExecuteAsync(Load());
        await pause.Reached.WaitAsync(Until.Patience);
        await using var other = await _run.Context().SqlAsync("db", CancellationToken.None);
        await other.ExecuteAsync("SET deadlock_timeout TO '10min'; BEGIN; UPDATE p SET id = id WHERE id = 1; SELECT 1 FROM p FOR UPDATE", null, CancellationToken.None);
        var waiting = other.ExecuteAsync("INSERT INTO t VALUES (1, 'other'); COMMIT", null, CancellationToken.None).AsTask();
        await UntilOneWaitsAsync();
        pause.End();

        await load.WaitAsync(Until.Patience);

        await waiting;
        Assert.Contains(_watched.Log, line => line.StartsWith("Try 1 of 5 met another writer and left the table as it was: deadlock detected", StringComparison.Ordinal));
        Assert.Equal([[1, "new"]], await _run.QueryAsync("db", "SELECT * FROM t")); // it replaced what the other had added
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_load_that_cannot_be_put_in_an_order_is_tried_again_but_not_for_ever(int times)
    {
        await ConflictAsync(times);

        var e = (SqlHookException?)await Record.ExceptionAsync(() => _run.As(attempt: 1).ExecuteAsync(Load()));

        Assert.Equal(times == 5, e is { IsTransient: true });
        Assert.Equal(4, _run.Log.Count(line => line.Contains(" of 5 met another writer and left the table as it was: could not serialize access", StringComparison.Ordinal)));
        Assert.Equal([[1, times == 5 ? "old" : "new"]], await _run.QueryAsync("db", "SELECT * FROM t"));
    }

    [Fact]
    public async Task A_load_that_runs_beside_its_extract_gets_all_objects_again_when_it_is_tried_again()
    {
        await ConflictAsync(times: 1);

        var moved = await _run.As(attempt: 1).ExecuteAsync<TransferResult>(new TransferOperator
        {
            Extract = new() { Query = "SELECT i AS id, 'new' AS v FROM generate_series(1, 50) i", SqlConnectionId = "db", Uri = _folder.Uri("rows.csv"), Replace = true, MaxRowsPerFile = 10, Reconcile = Reconciliation.Checksums },
            Load = new S3ToPostgresOperator { Table = "t", PostgresConnectionId = "db", Method = LoadMethod.Append },
        });

        Assert.Equal((50, 50, 50), (moved.Rows, moved.RowsLoaded, moved.RowsInTable));
        Assert.Contains(_run.Log, line => line.StartsWith("Try 1 of 5 met another writer", StringComparison.Ordinal));
        Assert.Equal([[51L, 50L]], await _run.QueryAsync("db", "SELECT COUNT(*), COUNT(DISTINCT id) FROM t"));
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Upsert)]
    public async Task Of_two_loads_that_add_the_same_column_at_once_both_are_right(LoadMethod method)
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE t (id int PRIMARY KEY)");
        await File.WriteAllTextAsync(_folder["g.csv"], "id,v\n2,other\n");
        var pause = _proxy.Pause(sql => sql.StartsWith("CREATE TEMP TABLE", StringComparison.Ordinal)); // it has looked at t, and locked nothing
        var late = _watched.As(attempt: 1).ExecuteAsync<LoadResult>(Add("f.csv"));
        await pause.Reached.WaitAsync(Until.Patience);
        await _run.As(attempt: 1, day: 6).ExecuteAsync<LoadResult>(Add("g.csv")).WaitAsync(Until.Patience);
        pause.End();

        Assert.Equal(1, (await late.WaitAsync(Until.Patience)).RowsInTable);

        Assert.Equal([[1, "new"], [2, "other"]], await _run.QueryAsync("db", "SELECT * FROM t ORDER BY id"));

        S3ToRedshiftOperator Add(string name) => new() { Table = "t", Uri = _folder.Uri(name), RedshiftConnectionId = "db", Method = method, Drift = DriftPolicy.AddColumns };
    }

    [Fact]
    public async Task An_append_that_nobody_remembers_is_not_done_again_when_its_commit_was_not_answered()
    {
        await _run.ExecuteSqlAsync("db", "CREATE TABLE t (id int, v text)");
        foreach (var isHeard in new[] { true, false })
        {
            _proxy.Cut(sql => sql.StartsWith("COMMIT", StringComparison.Ordinal), isHeard);

            var e = await Assert.ThrowsAsync<TaskFailedException>(() => _watched.As(attempt: 1).ExecuteAsync(Append(ledger: false)));

            Assert.Contains("so they may be in the table or not: count them", e.Message, StringComparison.Ordinal);
            await Until.TrueAsync(async () => await RowsAsync() == 1, "the rows are there once");
        }

        // What is remembered is found by the next attempt.
        _proxy.Cut(sql => sql.StartsWith("COMMIT", StringComparison.Ordinal), isHeard: true);
        Assert.True((await Assert.ThrowsAsync<SqlHookException>(() => _watched.As(attempt: 1).ExecuteAsync(Append(ledger: true)))).IsTransient);
        await _watched.As(attempt: 2).ExecuteAsync(Append(ledger: true));
        Assert.Equal(2, await RowsAsync());

        S3ToRedshiftOperator Append(bool ledger) => new() { Table = "t", Uri = _folder.Uri("f.csv"), RedshiftConnectionId = "db", Method = LoadMethod.Append, Ledger = ledger };

        async Task<long> RowsAsync() => (long)(await _run.QueryAsync("db", "SELECT COUNT(*) FROM t"))[0][0]!;
    }

    // Loads read what is committed, whatever the database's default is, so only what else runs in them can conflict: here a trigger.
    private Task ConflictAsync(int times) => _run.ExecuteSqlAsync(
        "db",
        $"""
         CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'old'); CREATE SEQUENCE tries;
         CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') <= {times} THEN RAISE 'could not serialize access due to concurrent update' USING ERRCODE = '40001'; END IF;
             RETURN NEW; END $$;
         CREATE TRIGGER conflict BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION conflict()
         """);

    private S3ToRedshiftOperator Load() => new() { Table = "t", Uri = _folder.Uri("f.csv"), RedshiftConnectionId = "db", Method = LoadMethod.Replace };

    private Task UntilOneWaitsAsync() => Until.TrueAsync(
        async () => (long)(await _run.QueryAsync("db", "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))[0][0]! > 0,
        "somebody waits");
}
