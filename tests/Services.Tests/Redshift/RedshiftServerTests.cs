using Npgsql;

namespace Sluice.Services.Tests.Redshift;

public sealed class RedshiftServerTests : IAsyncLifetime
{
    private RedshiftCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await RedshiftCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task It_says_that_it_is_redshift_and_answers_by_both_protocols()
    {
        Assert.Contains("Redshift 1.0", await _cluster.QueryAsync("SELECT version()"), StringComparison.Ordinal);
        Assert.Equal("8.0.2", _cluster.Connection.ServerVersion);
        Assert.Equal("-1|0", await _cluster.QueryAsync("SELECT pg_last_copy_id(), pg_last_copy_count()"));
        await using var command = new NpgsqlCommand("SELECT $1 + 1", _cluster.Connection) { Parameters = { new() { Value = 41 } } };
        Assert.Equal(42, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Several_statements_of_one_command_run_in_order()
    {
        Assert.Equal("3", await _cluster.QueryAsync("CREATE TABLE t (i int); INSERT INTO t VALUES (1), (2), (3); SELECT COUNT(*) FROM t"));

        var e = await _cluster.RefusedAsync(() => _cluster.ExecuteAsync("INSERT INTO t VALUES (4); SELECT 1/0; INSERT INTO t VALUES (5)"));

        Assert.Equal("22012", e.SqlState);
        Assert.Equal("after", await _cluster.QueryAsync("SELECT 'after'"));
    }

    [Theory]
    [InlineData(@"SELECT 'a\'b'", "a'b")]
    [InlineData(@"SELECT 'a\\b'", @"a\b")]
    [InlineData("SELECT 'it''s', 'x'::varchar", "it's|x")]
    [InlineData("SELECT 1 AS \"Upper\" -- comment; still one\n", "1")]
    public async Task Literals_are_read_as_redshift_reads_them(string sql, string expected) => Assert.Equal(expected, await _cluster.QueryAsync(sql));

    [Fact]
    public async Task Names_are_folded_even_in_quotes_unless_the_session_is_set_otherwise()
    {
        await _cluster.ExecuteAsync("CREATE TABLE \"MyTable\" (\"ID\" int, \"이름 \"\"X\"\"\" varchar)");

        Assert.Equal("id\n이름 \"x\"", await _cluster.QueryAsync("SELECT column_name FROM information_schema.columns WHERE table_name = 'mytable' ORDER BY ordinal_position"));
        Assert.Equal("", await _cluster.QueryAsync("SELECT \"id\" FROM MYTABLE"));
        await _cluster.ExecuteAsync("SET enable_case_sensitive_identifier TO true");
        await Assert.ThrowsAsync<PostgresException>(() => _cluster.QueryAsync("SELECT * FROM \"MyTable\""));
        Assert.Equal("true", await _cluster.QueryAsync("SHOW enable_case_sensitive_identifier"));
    }

    [Fact]
    public async Task Keys_are_told_and_not_enforced_and_storage_words_are_taken()
    {
        await _cluster.ExecuteAsync(
            """
            CREATE TABLE IF NOT EXISTS t (
                id bigint IDENTITY(5, 2) ENCODE az64, k int NOT NULL DISTKEY ENCODE raw, v varchar(max) DEFAULT 'x' SORTKEY, s text, n character varying(10),
                d decimal(10, 2) ENCODE zstd, PRIMARY KEY (k), UNIQUE (v))
            BACKUP NO DISTSTYLE KEY COMPOUND SORTKEY (k, v)
            """);
        await _cluster.ExecuteAsync("INSERT INTO t (k) VALUES (1), (1)");

        Assert.Equal("5|1|x\n7|1|x", await _cluster.QueryAsync("SELECT id, k, v FROM t ORDER BY id"));
        Assert.Equal("2", await _cluster.QueryAsync("SET enable_seqscan TO off; SELECT COUNT(*) FROM t WHERE k = 1"));
        Assert.Equal("PRIMARY KEY\nUNIQUE", await _cluster.QueryAsync("SELECT constraint_type FROM information_schema.table_constraints WHERE table_name = 't' AND constraint_type <> 'CHECK' ORDER BY 1"));
        Assert.Equal(
            "v|65535\ns|256\nn|10",
            await _cluster.QueryAsync("SELECT column_name, character_maximum_length FROM information_schema.columns WHERE table_name = 't' AND data_type = 'character varying' ORDER BY ordinal_position"));
        Assert.StartsWith("\"identity\"(", await _cluster.QueryAsync("SELECT column_default FROM information_schema.columns WHERE table_name = 't' AND column_name = 'id'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Temporary_tables_begin_with_a_number_sign_and_may_be_like_others()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int NOT NULL, v varchar DEFAULT 'd') DISTSTYLE ALL");
        await _cluster.ExecuteAsync("CREATE TEMP TABLE #one (LIKE t INCLUDING DEFAULTS); INSERT INTO #one (i) VALUES (1)");
        await _cluster.ExecuteAsync("CREATE TABLE \"#two\" SORTKEY (i) AS SELECT * FROM #one");
        await using var other = await _cluster.ConnectAsync();

        Assert.Equal("1|d", await _cluster.QueryAsync("SELECT * FROM \"#two\""));
        await using var command = new NpgsqlCommand("SELECT * FROM #one", other);
        Assert.Equal("42P01", (await _cluster.RefusedAsync(() => command.ExecuteScalarAsync())).SqlState);
    }

    [Fact]
    public async Task Truncate_commits()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int); INSERT INTO t VALUES (1)");

        await _cluster.ExecuteAsync("BEGIN");
        await _cluster.ExecuteAsync("INSERT INTO t VALUES (2)");
        await _cluster.ExecuteAsync("TRUNCATE t");
        await _cluster.ExecuteAsync("ROLLBACK");

        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task The_first_statement_of_a_transaction_fixes_what_it_sees_and_a_lock_does_not()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int); INSERT INTO t VALUES (1)");
        await using var other = await _cluster.ConnectAsync();
        await using var change = new NpgsqlCommand("UPDATE t SET i = i + 1", other);

        await _cluster.ExecuteAsync("BEGIN");
        await _cluster.QueryAsync("SELECT * FROM t");
        await change.ExecuteNonQueryAsync();
        var e = await _cluster.RefusedAsync(() => _cluster.ExecuteAsync("DELETE FROM t"));
        await _cluster.ExecuteAsync("ROLLBACK");

        Assert.Equal(("XX000", "1023"), (e.SqlState, e.MessageText));
        Assert.StartsWith("Serializable isolation violation on table", e.Detail, StringComparison.Ordinal);

        await _cluster.ExecuteAsync("BEGIN");
        await change.ExecuteNonQueryAsync();
        await _cluster.ExecuteAsync("LOCK t");
        Assert.Equal(1, await _cluster.ExecuteAsync("DELETE FROM t"));
        await _cluster.ExecuteAsync("COMMIT");
    }

    [Theory]
    [InlineData("COPY t FROM STDIN", "42601")]
    [InlineData("COPY (SELECT 1) TO STDOUT", "42601")]
    [InlineData("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "42601")]
    [InlineData("DELETE FROM t RETURNING i", "42601")]
    [InlineData("SAVEPOINT a", "0A000")]
    [InlineData("CREATE INDEX x ON t (i)", "0A000")]
    [InlineData("CREATE TABLE x (i int REFERENCES t)", "0A000")]
    [InlineData("CREATE TABLE x (i super)", "0A000")]
    [InlineData("CREATE TABLE x (i int) FILLFACTOR 7", "42601")]
    [InlineData("ALTER TABLE t ALTER DISTSTYLE ALL", "0A000")]
    [InlineData("COPY t FROM 's3://b/k' IAM_ROLE default FORMAT AS PARQUET", "0A000")]
    [InlineData("COPY t FROM 's3://b/k' IAM_ROLE default CSV ZSTD", "0A000")]
    [InlineData("COPY t FROM 's3://b/k' IAM_ROLE default CSV WHATEVER", "42601")]
    [InlineData("COPY t FROM 's3://b/k' CSV", "42601")]
    [InlineData("COPY t FROM 'dynamodb://t' IAM_ROLE default CSV", "0A000")]
    [InlineData("UNLOAD ('SELECT 1') TO 's3://b/k' IAM_ROLE default FORMAT PARQUET", "0A000")]
    [InlineData("UNLOAD ('DELETE FROM t') TO 's3://b/k' IAM_ROLE default", "42601")]
    public async Task What_redshift_or_this_server_does_not_know_is_refused(string sql, string sqlState)
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");

        Assert.Equal(sqlState, (await _cluster.RefusedAsync(() => _cluster.ExecuteAsync(sql))).SqlState);
        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task A_refused_statement_fails_its_transaction()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");
        await _cluster.ExecuteAsync("BEGIN");
        await _cluster.ExecuteAsync("INSERT INTO t VALUES (1)");
        await _cluster.RefusedAsync(() => _cluster.ExecuteAsync("SAVEPOINT a"));

        Assert.Equal("25P02", (await _cluster.RefusedAsync(() => _cluster.ExecuteAsync("INSERT INTO t VALUES (2)"))).SqlState);
        await _cluster.ExecuteAsync("COMMIT");
        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_database_are_refused()
    {
        foreach (var (change, sqlState) in new (Action<NpgsqlConnectionStringBuilder>, string)[] { (to => to.Password = "wrong", "28P01"), (to => to.Database = "nowhere", "3D000") })
        {
            var settings = new NpgsqlConnectionStringBuilder(_cluster.Connection.ConnectionString);
            change(settings);
            await using var connection = new NpgsqlConnection(settings.ToString());

            Assert.Equal(sqlState, (await _cluster.RefusedAsync(() => connection.OpenAsync())).SqlState);
        }
    }

    [Fact]
    public async Task A_statement_can_be_cancelled()
    {
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", _cluster.Connection);
        using var cancel = new CancellationTokenSource();
        var running = command.ExecuteScalarAsync(cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("1", await _cluster.QueryAsync("SELECT 1"));
    }
}
