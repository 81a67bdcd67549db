using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>What goes wrong on the way: the table is as before or as after, and the next try makes it right.</summary>
public sealed class RedshiftFaultTests : IAsyncLifetime
{
    // Each statement of a load, by how it begins. ANALYZE comes behind the commit.
    private static readonly string[] Statements =
    [
        "^SELECT pg_backend_pid", "^SET enable_case", "^SELECT c.table_schema", "information_schema.tables", "^SELECT dag_id", "^CREATE TEMP TABLE", "^COPY", "^SELECT pg_last_copy_count",
        "^SELECT COUNT\\(\\*\\) FROM \"#", "^BEGIN", "^LOCK", "^DELETE FROM \"public\".\"t\"", "^INSERT INTO \"public\".\"t\"", "^DELETE FROM \"public\".\"sluice_loads\"",
        "^INSERT INTO \"public\".\"sluice_loads\"", "^COMMIT",
    ];

    private RedshiftRoad _road = null!;

    public async Task InitializeAsync()
    {
        _road = await RedshiftRoad.StartAsync();
        await _road.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, v varchar); INSERT INTO t VALUES (1, 'old'), (9, 'old')");
        await _road.PutAsync("f.csv", "id,v\n1,new\n2,new\n3,new\n");
    }

    public async Task DisposeAsync() => await _road.DisposeAsync();

    [Theory]
    [InlineData(LoadMethod.Append, false, 7, "1=new 1=old 2=new 3=new 9=old")]
    [InlineData(LoadMethod.Append, true, 14, "1=new 1=old 2=new 3=new 9=old")]
    [InlineData(LoadMethod.Replace, false, 11, "1=new 2=new 3=new")]
    [InlineData(LoadMethod.Replace, true, 15, "1=new 2=new 3=new")]
    [InlineData(LoadMethod.Upsert, false, 12, "1=new 2=new 3=new 9=old")]
    [InlineData(LoadMethod.Upsert, true, 16, "1=new 2=new 3=new 9=old")]
    public async Task A_connection_that_breaks_at_any_statement_leaves_the_table_before_or_after_and_the_next_try_is_right(
        LoadMethod method, bool hasLedger, int statements, string after)
    {
        const string Before = "1=old 9=old";
        var load = _road.Load(method, _road.Object("f.csv"));
        if (hasLedger)
        {
            load = load with { Identity = new("dag", "task", DateTimeOffset.UnixEpoch, "run", 1, 1) };
            await _road.LoadAsync(load); // makes the ledger
            await ResetAsync();
        }

        var earlier = _road.Server.Statements.Count;
        await _road.LoadAsync(load);
        Assert.Equal(after, await TableAsync());
        var ran = _road.Server.Statements.Skip(earlier).Select(Kind).Where(kind => kind is not null).Distinct().ToList();
        Assert.Equal(statements, ran.Count);

        foreach (var statement in ran)
        {
            foreach (var isAfter in (bool[])[false, true])
            {
                await ResetAsync();
                var seen = "";
                var watched = load with
                {
                    Log = line => seen = line.StartsWith("Try ", StringComparison.Ordinal) ? TableAsync().GetAwaiter().GetResult() : seen,
                };
                var isCommitted = isAfter && statement == "^COMMIT";
                if (isAfter)
                {
                    _road.Server.Faults.DropAfter(statement!);
                }
                else
                {
                    _road.Server.Faults.DropBefore(statement!);
                }

                if (method == LoadMethod.Append && !hasLedger && statement == "^COMMIT")
                {
                    // Nobody can know whether the commit was done, and doing it again might double the rows.
                    var e = await Assert.ThrowsAsync<TaskFailedException>(() => _road.LoadAsync(watched));
                    Assert.Contains("may be in the table or not", e.Message, StringComparison.Ordinal);
                    Assert.Equal(isAfter ? after : Before, await TableAsync());
                }
                else if (statement == "^SELECT pg_backend_pid")
                {
                    // A server that never answered is for the task's own retries.
                    Assert.True((await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(watched))).IsTransient);
                    Assert.Equal(Before, await TableAsync());
                }
                else
                {
                    await _road.LoadAsync(watched);
                    Assert.Equal((statement, isCommitted ? after : Before), (statement, seen));
                    Assert.Equal(after, await TableAsync());
                }

                Assert.Equal(0, _road.Server.Faults.Left);
            }
        }

        Assert.Equal(["f.csv"], await _road.KeysAsync());
    }

    [Theory]
    [InlineData("^COPY")]
    [InlineData("^LOCK")]
    [InlineData("^DELETE")]
    [InlineData("^INSERT")]
    [InlineData("^COMMIT")]
    public async Task Conflicts_with_other_writers_are_tried_again_but_not_for_ever(string statement)
    {
        _road.Server.Faults.Conflict(statement, times: 4);
        await _road.LoadAsync(_road.Load(LoadMethod.Upsert, _road.Object("f.csv")));
        Assert.Equal("1=new 2=new 3=new 9=old", await TableAsync());
        Assert.Equal(4, _road.Log.Count(line => line.StartsWith("Try ", StringComparison.Ordinal) && line.Contains("1023 Serializable isolation violation", StringComparison.Ordinal)));

        await ResetAsync();
        _road.Server.Faults.Conflict(statement, times: 5);
        var e = await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(LoadMethod.Upsert, _road.Object("f.csv"))));
        Assert.True(e.IsTransient);
        Assert.Equal("1=old 9=old", await TableAsync());
    }

    [Fact]
    public async Task An_append_whose_commit_was_refused_is_tried_again()
    {
        _road.Server.Faults.Conflict("^COMMIT");

        await _road.LoadAsync(_road.Load(LoadMethod.Append, _road.Object("f.csv")));

        Assert.Equal("1=new 1=old 2=new 3=new 9=old", await TableAsync());
    }

    [Fact]
    public async Task Other_refusals_are_not_tried_again()
    {
        _road.Server.Faults.Fail("^LOCK", "permission denied for relation t", "42501");
        Assert.False((await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(LoadMethod.Replace, _road.Object("f.csv"))))).IsTransient);

        _road.Server.Faults.Fail("^COPY", "Query (7) cancelled on user's request", "57014");
        await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(LoadMethod.Replace, _road.Object("f.csv"))));

        Assert.DoesNotContain(_road.Log, line => line.StartsWith("Try ", StringComparison.Ordinal));
        Assert.Equal("1=old 9=old", await TableAsync());
    }

    [Fact]
    public async Task What_befalls_analyze_is_told_and_fails_nothing()
    {
        _road.Server.Faults.DropBefore("^ANALYZE");

        Assert.Equal(new(3, 3), await _road.LoadAsync(_road.Load(LoadMethod.Append, _road.Object("f.csv"))));

        Assert.Equal("1=new 1=old 2=new 3=new 9=old", await TableAsync());
        Assert.StartsWith("The rows are loaded, but ANALYZE was not finished", _road.Log[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loads_of_one_table_at_once_leave_one_row_of_each_key()
    {
        await _road.ExecuteAsync("DELETE FROM t");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _road.LoadAsync(_road.Load(LoadMethod.Upsert, _road.Object("f.csv")))));
        Assert.Equal("1=new 2=new 3=new", await TableAsync());

        await _road.ExecuteAsync("DELETE FROM t");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _road.LoadAsync(_road.Load(LoadMethod.Replace, _road.Object("f.csv")))));
        Assert.Equal("1=new 2=new 3=new", await TableAsync());
        Assert.DoesNotContain(_road.Log, line => line.StartsWith("Try ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(LoadMethod.Append, "^COMMIT")]
    [InlineData(LoadMethod.Replace, "^BEGIN")]
    [InlineData(LoadMethod.Upsert, "^BEGIN")]
    public async Task Readers_see_the_old_rows_while_copy_runs(LoadMethod method, string statement)
    {
        var pause = _road.Server.Faults.Pause(statement);
        var load = _road.LoadAsync(_road.Load(method, _road.Object("f.csv")));
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));

        Assert.Equal("1=old 9=old", await TableAsync());
        pause.Release();
        await load;

        Assert.NotEqual("1=old 9=old", await TableAsync());
    }

    [Theory]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task A_reader_that_comes_between_two_statements_of_the_merge_waits_and_sees_all_of_it(LoadMethod method)
    {
        var pause = _road.Server.Faults.Pause("^INSERT");
        var load = _road.LoadAsync(_road.Load(method, _road.Object("f.csv")));
        await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));

        var reader = TableAsync();
        await Until.TrueAsync(
            async () => await _road.ReadAsync("SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") != "0", "a lock is waited for");
        Assert.False(reader.IsCompleted);
        pause.Release();
        await load;

        Assert.Equal(await TableAsync(), await reader);
    }

    [Fact]
    public async Task Cancelling_ends_the_statement_on_the_server()
    {
        using var cancel = new CancellationTokenSource();
        await using var reader = await _road.Run.Context().SqlAsync("db", CancellationToken.None);
        await reader.ExecuteAsync("BEGIN; LOCK t", null, CancellationToken.None);
        var load = _road.LoadAsync(_road.Load(LoadMethod.Replace, _road.Object("f.csv")), cancel.Token);
        await Until.TrueAsync(async () => await WaitingAsync() != "0", "somebody waits");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        await Until.TrueAsync(async () => await WaitingAsync() == "0", "nobody waits");
        await reader.ExecuteAsync("ROLLBACK", null, CancellationToken.None);
        Assert.Equal("1=old 9=old", await TableAsync());

        Task<string> WaitingAsync() => _road.ReadAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task A_last_row_that_does_not_fit_leaves_the_table_as_it_was_and_is_named(LoadMethod method)
    {
        var rows = string.Concat(Enumerable.Range(10, 5_000).Select(i => $"{i},x\n"));
        await _road.PutAsync("bad.csv", $"id,v\n{rows}seven,{new string('y', 300)}\n");

        var e = await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(method, _road.Object("bad.csv"))));

        Assert.Equal(
            $"COPY into \"public\".\"t\" failed: s3://{_road.Bucket}/bad.csv, line 5002, column 'id' (int4), value 'seven': Invalid digit, Value 's', Pos 0, Type: Integer (error 1207)", e.Message);
        Assert.False(e.IsTransient);
        Assert.Equal("1=old 9=old", await TableAsync());

        await _road.PutAsync("bad.csv", $"id,v\n7,\"{new string('y', 300)}\nz\"\n");
        e = await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(method, _road.Object("bad.csv"))));
        Assert.EndsWith($"line 2, column 'v' (varchar 256), value '{new string('y', 100)}...': String length exceeds DDL length (error 1204)", e.Message, StringComparison.Ordinal);

        // Serverless has no STL tables.
        _road.Server.Faults.Fail("FROM stl_load_errors", "relation \"stl_load_errors\" does not exist", "42P01");
        e = await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(method, _road.Object("bad.csv"))));
        Assert.EndsWith("line 2, column 'v' (varchar 256): String length exceeds DDL length (error 1204)", e.Message, StringComparison.Ordinal);

        _road.Server.Faults.Fail("load_error", "permission denied", "42501", times: 2);
        e = await Assert.ThrowsAsync<SqlHookException>(() => _road.LoadAsync(_road.Load(method, _road.Object("bad.csv"))));
        Assert.Contains("Check 'stl_load_errors'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_maxerror_lets_pass_are_counted_in_the_log()
    {
        await _road.PutAsync("bad.csv", "id,v\n5,a\nx,b\n");

        Assert.Equal(new(1, 1), await _road.LoadAsync(_road.Load(LoadMethod.Upsert, _road.Object("bad.csv")) with { CopyOptions = ["MAXERROR 3"] }));

        Assert.Contains(_road.Log, line => line.StartsWith("1 rows did not fit", StringComparison.Ordinal));
        Assert.Equal("1=old 5=a 9=old", await TableAsync());
    }

    [Fact]
    public async Task Who_redshift_is_when_it_fetches_can_be_a_role_a_chain_or_keys_that_nobody_gets_to_see()
    {
        const string Second = "arn:aws:iam::999999999999:role/data";
        const string Secret = "wr0ng/s3cr3t+'key";
        var load = _road.Load(LoadMethod.Replace, _road.Object("f.csv"));
        _road.Server.Settings.Define(Second);

        var e = await FailsAsync($"iam_role={RedshiftRoad.Role}, {Second}");
        Assert.Contains($"not authorized to assume IAM Role {RedshiftRoad.Role},{Second}", e.Message, StringComparison.Ordinal);
        _road.Server.Settings.Roles[RedshiftRoad.Role].MayAssume.Add(Second);
        await LoadAsync(load, $"iam_role={RedshiftRoad.Role}, {Second}");
        Assert.Contains("default IAM role", (await FailsAsync("iam_role=default")).Message, StringComparison.Ordinal);
        _road.Server.Settings.DefaultRole = RedshiftRoad.Role;
        await LoadAsync(load, "iam_role=default");

        await LoadAsync(load);
        Assert.Contains("ACCESS_KEY_ID '***' SECRET_ACCESS_KEY '***'", string.Join('\n', _road.Log), StringComparison.Ordinal);
        load = load with { StoreConnection = ConnectionUri.Parse("s3", _road.S3Uri(Secret)) };
        Assert.Contains("SignatureDoesNotMatch", (await FailsAsync()).Message, StringComparison.Ordinal);
        _road.Server.Faults.Fail("^COPY", $"syntax error in SECRET_ACCESS_KEY '{Secret}'", "42601", $"near {Secret}");
        Assert.Contains("syntax error in SECRET_ACCESS_KEY '***'", (e = await FailsAsync()).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", e + string.Join('\n', _road.Log), StringComparison.Ordinal);

        async Task<SqlHookException> FailsAsync(params string[] settings) => await Assert.ThrowsAsync<SqlHookException>(() => LoadAsync(load, settings));
    }

    [Fact]
    public async Task The_region_is_that_of_the_s3_connection_else_of_redshifts()
    {
        var load = _road.Load(LoadMethod.Replace, _road.Object("f.csv"));
        _road.Server.Settings.BucketRegions[_road.Bucket] = "ap-northeast-2";

        Assert.Contains("PermanentRedirect", (await Assert.ThrowsAsync<SqlHookException>(() => LoadAsync(load))).Message, StringComparison.Ordinal);
        await LoadAsync(load, "region=ap-northeast-2");
        await LoadAsync(load with { StoreConnection = ConnectionUri.Parse("s3", _road.S3Uri(settings: "&region=ap-northeast-2")) }, "region=eu-west-1");

        Assert.Equal("1=new 2=new 3=new", await TableAsync());
    }

    private Task<LoadResult> LoadAsync(TableLoad load, params string[] settings) =>
        RedshiftRoad.LoadAsync(ConnectionUri.Parse("redshift", _road.Uri2(settings)), load);

    private Task<string> TableAsync() => _road.ReadAsync("SELECT string_agg(id || '=' || v, ' ' ORDER BY id, v) FROM t");

    private async Task ResetAsync()
    {
        await _road.ExecuteAsync("DELETE FROM t; INSERT INTO t VALUES (1, 'old'), (9, 'old')");
        if (await _road.ReadAsync("SELECT to_regclass('sluice_loads') IS NOT NULL") == "t")
        {
            await _road.ExecuteAsync("DELETE FROM sluice_loads");
        }
    }

    private static string? Kind(string sql) => Statements.FirstOrDefault(statement => Regex.IsMatch(sql, statement));
}
