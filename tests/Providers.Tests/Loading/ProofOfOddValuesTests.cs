using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>Values that databases keep in ways of their own are the same when they arrive, and the proof says so.</summary>
public sealed class ProofOfOddValuesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("postgres", LoadMethod.Replace)]
    [InlineData("postgres", LoadMethod.Upsert)]
    [InlineData("redshift", LoadMethod.Replace)]
    [InlineData("redshift", LoadMethod.Upsert)]
    public async Task Blanks_with_which_a_char_is_filled_up_do_not_count_and_any_other_letter_does(string kind, LoadMethod method)
    {
        await using var road = kind == "redshift" ? await RedshiftRoad.StartAsync() : null;
        var run = (road?.Run ?? new TaskRun().With("db", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()))
            .With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync("source", "CREATE TABLE s (id CHAR(4) PRIMARY KEY, code CHAR(5), name VARCHAR(9)); INSERT INTO s VALUES ('a', 'ab', 'x'), ('b', '', 'y '), ('c', NULL, ' '), ('d', 'abcde', '')");
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id char(4) PRIMARY KEY, code char(5), name varchar(9))");
        var load = new S3ToRedshiftOperator
        {
            Table = "t", Uri = Uri("s.csv"), AwsConnectionId = road is null ? null : "s3", RedshiftConnectionId = "db", Method = method, Reconcile = Reconciliation.Checksums,
        };
        for (var time = 0; time < 2; time++)
        {
            await run.ExecuteAsync(new SqlToS3Operator
            {
                Table = "s", SqlConnectionId = "source", Uri = Uri("s.csv"), AwsConnectionId = load.AwsConnectionId, Replace = true, Reconcile = Reconciliation.Checksums, NullMarker = "\\N",
            });
            Assert.Equal(4, (await run.ExecuteAsync<LoadResult>(load)).RowsInTable);
        }

        await run.ExecuteSqlAsync("source", "ALTER TABLE s MODIFY code VARCHAR(5); UPDATE s SET code = 'ab ' WHERE id = 'a'"); // a blank that the column does not keep
        await run.ExecuteAsync(new SqlToS3Operator
        {
            Table = "s", SqlConnectionId = "source", Uri = Uri("s.csv"), AwsConnectionId = load.AwsConnectionId, Replace = true, Reconcile = Reconciliation.Checksums, NullMarker = "\\N",
        });
        Assert.Contains("a value differs", (await Assert.ThrowsAnyAsync<Exception>(() => run.ExecuteAsync(load))).Message, StringComparison.Ordinal);

        string Uri(string key) => road is null ? _folder.Uri(key) : $"s3://{road.Bucket}/{key}";
    }

    [Fact]
    public async Task A_char_of_postgres_is_one_again()
    {
        var run = await PostgresAsync(
            "CREATE TABLE s (id int, code char(5), numbers numeric, day date, at timestamp, moment timestamptz, span interval, list int[], period daterange)",
            """
            INSERT INTO s VALUES
                (1, 'ab', 'NaN', '0044-03-15 BC', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00+00 BC', '-1 days -02:03:04', '{1,NULL,3}', '[2021-02-05,)'),
                (2, '', 12345, '0753-04-21 BC', '294276-12-31 23:59:59.999999', '2021-02-05 10:00:00+09', '1 mon -3 days', '{}', 'empty'),
                (3, NULL, 'Infinity', 'infinity', 'infinity', '-infinity', '-00:00:00.000001', NULL, '(,)'),
                (4, 'abcde', '-Infinity', '5874897-12-31', '-infinity', 'infinity', '0', '{{1,2},{3,4}}', NULL),
                (5, 'x', 0.000000000000000000000000000001, '10000-01-01', '0001-01-01', '10000-01-01 00:00:00+00', '178000000 years', NULL, NULL)
            """,
            "CREATE TABLE t (LIKE s)");
        foreach (var reconcile in new[] { Reconciliation.Counts, Reconciliation.Checksums })
        {
            await run.ExecuteAsync(new SqlToS3Operator { Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("s.csv"), Replace = true, Reconcile = reconcile });
            await run.ExecuteAsync(new S3ToPostgresOperator { Table = "t", Uri = _folder.Uri("s.csv"), PostgresConnectionId = "db", Method = LoadMethod.Replace, Reconcile = reconcile });

            Assert.Equal([[0L]], await run.QueryAsync("db", "SELECT COUNT(*) FROM (SELECT * FROM s EXCEPT SELECT * FROM t) q"));
        }
    }

    [Fact]
    public async Task Numbers_of_sqlite_arrive_in_plain_digits_and_truth_as_a_number()
    {
        var run = await PostgresAsync("CREATE TABLE t (id int, rate numeric, whole numeric)", "CREATE TABLE flags (id int, ok boolean)", "INSERT INTO flags VALUES (1, true), (2, false), (3, NULL)");
        run.With("lite", _folder.SqliteUri("s.db"));
        await run.ExecuteSqlAsync(
            "lite",
            """
            CREATE TABLE s (id INTEGER, rate DECIMAL(30, 10), whole INTEGER);
            INSERT INTO s VALUES (1, 0.00001, 7), (2, 1234567890123456.5, 1e20), (3, -0.0000123, -3), (4, 999, 5), (5, 1e22, NULL);
            CREATE TABLE flags (id INTEGER, ok INTEGER)
            """);

        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "s", SqlConnectionId = "lite", Uri = _folder.Uri("s.csv"), Reconcile = Reconciliation.Checksums });
        await run.ExecuteAsync(new S3ToPostgresOperator { Table = "t", Uri = wrote.Uri, PostgresConnectionId = "db", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums });
        wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "flags", SqlConnectionId = "db", Uri = _folder.Uri("flags.csv"), Reconcile = Reconciliation.Checksums });
        await run.ExecuteAsync(new S3ToSqliteOperator { Table = "flags", Uri = wrote.Uri, SqliteConnectionId = "lite", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums });

        var part = _folder.AllFiles().Single(file => file.Contains("s.csv.parts/", StringComparison.Ordinal) && !file.Contains("flags", StringComparison.Ordinal));
        Assert.Equal("id,rate,whole\n1,0.00001,7\n2,1234567890123456.5,100000000000000000000\n3,-0.0000123,-3\n4,999,5\n5,10000000000000000000000,\n", await File.ReadAllTextAsync(part));
        Assert.Equal([[1L, "integer"], [0L, "integer"], [null, "null"]], await run.QueryAsync("lite", "SELECT ok, typeof(ok) FROM flags ORDER BY id"));
    }

    private async Task<TaskRun> PostgresAsync(params string[] statements)
    {
        var run = new TaskRun().With("db", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        foreach (var statement in statements)
        {
            await run.ExecuteSqlAsync("db", statement);
        }

        return run;
    }
}
