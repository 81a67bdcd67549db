using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;

namespace Sluice.Providers.Tests.Redshift;

public sealed class RedshiftRoadTests : IAsyncLifetime
{
    private RedshiftRoad _road = null!;

    public async Task InitializeAsync() => _road = await RedshiftRoad.StartAsync();

    public async Task DisposeAsync() => await _road.DisposeAsync();

    [Theory]
    [InlineData(LoadMethod.Append, "1|old\n1|새 \"값\", ok\n2|\n2|stays\n3|~")]
    [InlineData(LoadMethod.Replace, "1|새 \"값\", ok\n2|\n3|~")]
    [InlineData(LoadMethod.Upsert, "1|새 \"값\", ok\n2|\n3|~")]
    public async Task Rows_arrive_as_they_were(LoadMethod method, string expected)
    {
        await _road.ExecuteAsync("CREATE TABLE t (id bigint PRIMARY KEY, v varchar); INSERT INTO t VALUES (1, 'old'), (2, 'stays')");
        await _road.PutAsync("day/x.csv.gz", "v,ID\n\"새 \"\"값\"\", ok\",1\n\"\",2\n\\N,3\n");

        Assert.Equal(new(3, 3), await _road.OperateAsync("day/x.csv.gz", method));

        Assert.Equal(expected, await _road.ReadAsync("SELECT * FROM t ORDER BY id, v"));
        Assert.Contains("ANALYZE", _road.Server.Statements[^1], StringComparison.Ordinal);
        Assert.Contains($"IAM_ROLE '{RedshiftRoad.Role}'", string.Join('\n', _road.Run.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upsert_keeps_the_latest_of_each_key_and_runs_again_without_a_change()
    {
        await _road.ExecuteAsync("CREATE TABLE t (a int, b varchar, at timestamp, n int NOT NULL DEFAULT 7, PRIMARY KEY (b, a)); INSERT INTO t VALUES (1, 'x', NULL, 1), (9, 'x', NULL, 1)");
        await _road.PutAsync("f.csv", "at,a,b\n2021-02-05,1,x\n2021-02-07,1,x\n2021-02-06,1,x\n\\N,1,x\n2021-01-01,1,y\n");

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(new(5, 2), await _road.OperateAsync("f.csv", LoadMethod.Upsert, load => load.OrderColumn = "AT"));
            Assert.Equal("1|x|2021-02-07 00:00:00|7\n1|y|2021-01-01 00:00:00|7\n9|x|~|1", await _road.ReadAsync("SELECT a, b, at, n FROM t ORDER BY a, b"));
        }

        // Rerunning an earlier day changes nothing that is newer: any value is newer than NULL.
        await _road.PutAsync("f.csv", "at,a,b\n2021-02-06,1,x\n\\N,1,y\n2021-01-01,9,x\n");
        Assert.Equal(new(3, 1), await _road.OperateAsync("f.csv", LoadMethod.Upsert, load => load.OrderColumn = "AT"));
        Assert.Equal("1|x|2021-02-07 00:00:00|7\n1|y|2021-01-01 00:00:00|7\n9|x|2021-01-01 00:00:00|7", await _road.ReadAsync("SELECT a, b, at, n FROM t ORDER BY a, b"));

        await _road.PutAsync("f.csv", "a,b\n1,\\N\n2,z\n");
        Assert.Contains("column 'b'", (await FailsAsync<SqlHookException>(LoadMethod.Upsert)).Message, StringComparison.Ordinal); // a primary key takes no NULL
        await _road.PutAsync("f.csv", "a,b,at\n1,x,\\N\n2,z,\\N\n");
        var nulls = await FailsAsync<TaskFailedException>(LoadMethod.Upsert, load => load.UpsertKeys = ["b", "at"]);
        Assert.Contains("2 rows for t have NULL in the key (b, at)", nulls.Message, StringComparison.Ordinal);
        Assert.Equal("3", await _road.ReadAsync("SELECT COUNT(*) FROM t"));
    }

    [Theory]
    [InlineData("select", "or.der", "group")]
    [InlineData("원시 \"데이터\"", "표.이름", "열 \"하나\", 둘")]
    [InlineData("s'; DROP TABLE t; --", "t\"; DELETE FROM t; --", "v\" int); --")]
    [InlineData("s\\'", "%_\\", "v\\")]
    public async Task Names_are_names_whatever_they_hold(string schema, string table, string column)
    {
        var (s, t, c) = (SqlNames.Quote(schema), SqlNames.Quote(table), SqlNames.Quote(column));
        await _road.ExecuteAsync("CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
        await _road.ExecuteAsync($"CREATE SCHEMA {s}; CREATE TABLE {s}.{t} (id int PRIMARY KEY, {c} varchar)");
        await _road.PutAsync("f.csv", $"{c},id\na,1\nb,2\n");

        foreach (var (method, rows) in new[] { (LoadMethod.Append, 2), (LoadMethod.Upsert, 2), (LoadMethod.Replace, 2), (LoadMethod.Append, 4) })
        {
            await _road.OperateAsync("f.csv", method, load => (load.Schema, load.Table) = (schema, table));
            Assert.Equal($"{rows}", await _road.ReadAsync($"SELECT COUNT(*) FROM {s}.{t} WHERE {c} IN ('a', 'b')".Replace("DROP TABLE", "drop table", StringComparison.Ordinal).Replace("DELETE FROM", "delete from", StringComparison.Ordinal)));
        }

        Assert.Equal("1", await _road.ReadAsync("SELECT COUNT(*) FROM t")); // and nothing in them was run
    }

    [Fact]
    public async Task Names_that_differ_by_case_are_found()
    {
        await _road.ExecuteAsync("CREATE SCHEMA \"Raw\"; CREATE TABLE \"Raw\".\"MyTable\" (\"Id\" int, \"V\" varchar)");
        await _road.ExecuteAsync("SET enable_case_sensitive_identifier TO true; CREATE TABLE \"Exact\" (\"Id\" int, \"id\" int); CREATE TABLE \"exact\" (\"Id\" int, id int)");
        await _road.PutAsync("f.csv", "ID,v\n1,a\n");
        await _road.PutAsync("exact.csv", "id,Id\n1,2\n");

        await _road.OperateAsync("f.csv", LoadMethod.Append, load => (load.Schema, load.Table) = ("RAW", "MYTABLE"));
        await _road.OperateAsync("exact.csv", LoadMethod.Append, load => load.Table = "Exact");
        await _road.OperateAsync("exact.csv", LoadMethod.Append, load => load.Table = "EXACT");

        Assert.Equal("1|a", await _road.ReadAsync("SELECT * FROM raw.mytable"));
        Assert.Equal("2|1", await _road.ReadAsync("SELECT \"Id\", id FROM \"Exact\""));
        Assert.Equal("2|1", await _road.ReadAsync("SELECT \"Id\", id FROM exact"));
    }

    [Theory]
    [InlineData(LoadMethod.Append)]
    [InlineData(LoadMethod.Replace)]
    [InlineData(LoadMethod.Upsert)]
    public async Task Columns_that_the_file_lacks_get_their_defaults_and_counters_count(LoadMethod method)
    {
        await _road.ExecuteAsync("CREATE TABLE t (n bigint IDENTITY(1, 1), d int NOT NULL DEFAULT 7, x varchar NOT NULL, k int)");
        await _road.PutAsync("f.csv", "k,x\n5,a\n");

        Assert.Equal(new(1, 1), await _road.OperateAsync("f.csv", method, load => load.UpsertKeys = ["k"]));

        Assert.Equal("1|7|a|5", await _road.ReadAsync("SELECT * FROM t"));
        await _road.PutAsync("f.csv", "n,k,x\n1,5,a\n");
        Assert.Contains("has no column 'n'", (await FailsAsync<TaskFailedException>(method, load => load.UpsertKeys = ["k"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_objects_go_by_a_manifest_that_is_gone_afterwards()
    {
        await _road.ExecuteAsync("CREATE TABLE t (id int, v varchar)");
        Uri[] objects =
        [
            await _road.PutAsync("p/1.csv", "id,v\n1,a\n"), await _road.PutAsync("p/2.csv", "v,id\nb,2\n"), await _road.PutAsync("p/3.csv", ""), await _road.PutAsync("p/4.csv", "id,v\n4,d\n"),
        ];
        await _road.PutAsync("p/1.csv.old", "id,v\n99,not of this load\n");

        Assert.Equal(new(3, 3), await _road.LoadAsync(_road.Load(LoadMethod.Replace, objects)));
        Assert.Equal("1|a\n2|b\n4|d", await _road.ReadAsync("SELECT * FROM t ORDER BY id"));
        Assert.Equal(new(1, 1), await _road.LoadAsync(_road.Load(LoadMethod.Replace, objects[0])));
        Assert.Equal("1|a", await _road.ReadAsync("SELECT * FROM t"));

        Assert.Equal(["p/1.csv", "p/1.csv.old", "p/2.csv", "p/3.csv", "p/4.csv"], await _road.KeysAsync());
        Assert.Equal(2, _road.Server.Statements.Count(statement => statement.Contains("\nMANIFEST", StringComparison.Ordinal)));
        await _road.PutAsync("p/1.csv.left.manifest", "of a worker that was killed");
        Assert.Equal(new(4, 4), await _road.OperateAsync("p/", LoadMethod.Replace));
        await _road.PutAsync("p/2.csv", "w,id\nb,2\n");
        await Assert.ThrowsAsync<TaskFailedException>(() => _road.LoadAsync(_road.Load(LoadMethod.Replace, objects)));
        Assert.Equal("1|a\n2|b\n4|d\n99|not of this load", await _road.ReadAsync("SELECT * FROM t ORDER BY id"));
    }

    [Fact]
    public async Task No_rows_no_table_and_no_key_are_told_apart()
    {
        await _road.ExecuteAsync("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
        await _road.PutAsync("f.csv", "a\n");
        await _road.PutAsync("empty.csv", "");

        Assert.Contains("no table \"missing\"", (await FailsAsync<TaskFailedException>(LoadMethod.Append, load => load.Table = "missing")).Message, StringComparison.Ordinal);
        Assert.Contains("needs UpsertKeys", (await FailsAsync<TaskFailedException>(LoadMethod.Upsert)).Message, StringComparison.Ordinal);
        Assert.Contains("semicolon", (await FailsAsync<TaskFailedException>(LoadMethod.Append, load => load.CopyOptions = ["MAXERROR 1; DELETE FROM t"])).Message, StringComparison.Ordinal);
        Assert.Contains("quote", (await FailsAsync<TaskFailedException>(LoadMethod.Append, load => load.CopyOptions = ["REGION 'x"])).Message, StringComparison.Ordinal);
        Assert.Equal(new(0, 0), await _road.OperateAsync("f.csv", LoadMethod.Append, load => load.CopyOptions = ["TIMEFORMAT 'it''s; auto'"]));
        Assert.Equal(new(0, 0), await _road.OperateAsync("empty.csv", LoadMethod.Append));
        Assert.Equal("1", await _road.ReadAsync("SELECT a FROM t"));
        Assert.Equal(new(0, 0), await _road.OperateAsync("f.csv", LoadMethod.Replace));
        Assert.Equal("", await _road.ReadAsync("SELECT a FROM t"));
    }

    [Fact]
    public async Task Without_a_marker_an_empty_string_is_null_and_the_log_says_so()
    {
        await _road.ExecuteAsync("CREATE TABLE t (a int, v varchar)");
        await _road.PutAsync("f.csv", "a,v\n1,\"\"\n2,\n");

        await _road.OperateAsync("f.csv", LoadMethod.Replace, load => (load.NullMarker, load.Analyze) = ("", false));

        Assert.Equal("1|~\n2|~", await _road.ReadAsync("SELECT * FROM t ORDER BY a"));
        Assert.Contains(_road.Run.Log, line => line.Contains("empty strings become NULL", StringComparison.Ordinal));
        Assert.DoesNotContain(_road.Server.Statements, statement => statement.StartsWith("ANALYZE", StringComparison.Ordinal));
    }

    private async Task<T> FailsAsync<T>(LoadMethod method, Action<S3ToRedshiftOperator>? set = null)
        where T : Exception =>
        await Assert.ThrowsAsync<T>(() => _road.OperateAsync("f.csv", method, set));
}
