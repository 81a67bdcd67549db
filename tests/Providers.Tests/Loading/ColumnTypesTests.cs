using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Redshift;
using Sluice.Providers.Postgres.Loading;
using Sluice.Providers.Sqlite.Loading;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services;

namespace Sluice.Providers.Tests.Loading;

/// <summary>A column keeps all that its source gives, or the load says so.</summary>
public sealed class ColumnTypesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SqlColumnKind.Integer, "BIGINT", "bigint", "INTEGER", "bigint")]
    [InlineData(SqlColumnKind.Integer, "BIGINT UNSIGNED", "numeric(20)", "TEXT", "numeric(20)")]
    [InlineData(SqlColumnKind.Integer, "BIT(64)", "numeric(20)", "TEXT", "numeric(20)")]
    [InlineData(SqlColumnKind.Integer, "BIT(8)", "bigint", "INTEGER", "bigint")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(12, 3)", "numeric", "NUMERIC", "numeric(12, 3)")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(20, 0)", "numeric", "TEXT", "numeric(20, 0)")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(65, 30)", "numeric", "TEXT", "varchar(65535)")]
    [InlineData(SqlColumnKind.Decimal, "numeric(3, 5)", "numeric", "NUMERIC", "numeric(5, 5)")]
    [InlineData(SqlColumnKind.Decimal, "numeric", "numeric", "TEXT", "varchar(65535)")]
    [InlineData(SqlColumnKind.Float, "DOUBLE", "double precision", "REAL", "double precision")]
    [InlineData(SqlColumnKind.Single, "FLOAT", "double precision", "REAL", "double precision")]
    [InlineData(SqlColumnKind.Boolean, "boolean", "boolean", "BOOLEAN", "boolean")]
    [InlineData(SqlColumnKind.Date, "DATE", "date", "DATE", "date")]
    [InlineData(SqlColumnKind.Time, "TIME", "interval", "TEXT", "varchar(32)")]
    [InlineData(SqlColumnKind.Time, "TIME(6)", "interval", "TEXT", "varchar(32)")]
    [InlineData(SqlColumnKind.Time, "time without time zone", "time", "TEXT", "time")]
    [InlineData(SqlColumnKind.Time, "time with time zone", "time with time zone", "TEXT", "time with time zone")]
    [InlineData(SqlColumnKind.Timestamp, "DATETIME", "timestamp", "TIMESTAMP", "timestamp")]
    [InlineData(SqlColumnKind.Timestamp, "timestamp(3) with time zone", "timestamp with time zone", "TIMESTAMP", "timestamp with time zone")]
    [InlineData(SqlColumnKind.Binary, "BLOB", "bytea", "BLOB", "varchar(65535)")]
    [InlineData(SqlColumnKind.Text, "JSON", "text", "TEXT", "varchar(65535)")]
    public void An_added_column_holds_every_value_of_the_source(SqlColumnKind kind, string source, string postgres, string sqlite, string redshift)
    {
        var manifest = new ObjectManifest { Entries = [], Meta = new(0, 0, new() { Format = "csv", WrittenBy = "test", Columns = [new("c", source, kind)] }) };

        Assert.Equal((postgres, sqlite, redshift), (PostgresTypes.For("C", manifest), SqliteTable.TypeFor("C", manifest), RedshiftTypes.For("C", manifest)));
    }

    [Theory]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(12, 4)", "numeric(12,2)", "keeps 2 digits behind the point, and the source has 4")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(12, 2)", "numeric(10)", "keeps 0 digits behind the point")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(12, 2)", "numeric(12, 2)", null)]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(12, 2)", "numeric", null)]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(16, 2)", "double precision", "keeps about 15 digits, and the source has 16")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(10, 2)", "double precision", null)]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(10, 2)", "real", "keeps about 6 digits")]
    [InlineData(SqlColumnKind.Decimal, "DECIMAL(16, 2)", "sqlite number", "keeps about 15 digits")]
    [InlineData(SqlColumnKind.Decimal, "numeric", "numeric(10,2)", null)] // nobody knows what it has
    [InlineData(SqlColumnKind.Integer, "BIGINT", "double precision", "keeps about 15 digits, and the source has 19")]
    [InlineData(SqlColumnKind.Integer, "BIGINT", "sqlite number", null)]
    [InlineData(SqlColumnKind.Integer, "BIGINT UNSIGNED", "sqlite number", "keeps about 15 digits, and the source has 20")]
    [InlineData(SqlColumnKind.Integer, "INT", "double precision", null)]
    [InlineData(SqlColumnKind.Integer, "BIGINT", "integer", null)] // the database refuses what is too large
    [InlineData(SqlColumnKind.Float, "DOUBLE", "real", "keeps about 6 digits, and the source has 15")]
    [InlineData(SqlColumnKind.Float, "FLOAT", "real", null)]
    [InlineData(SqlColumnKind.Single, "FLOAT", "real", null)]
    [InlineData(SqlColumnKind.Single, "FLOAT", "sqlite number", null)]
    [InlineData(SqlColumnKind.Timestamp, "DATETIME", "date", "keeps no time of day")]
    [InlineData(SqlColumnKind.Timestamp, "timestamp without time zone", "timestamp(0) without time zone", "keeps 0 digits of a second, and the source has 6")]
    [InlineData(SqlColumnKind.Timestamp, "timestamp(3) with time zone", "timestamp(3) with time zone", null)]
    [InlineData(SqlColumnKind.Timestamp, "DATETIME(6)", "timestamp(3) without time zone", "keeps 3 digits of a second, and the source has 6")]
    [InlineData(SqlColumnKind.Timestamp, "DATETIME", "timestamp(0) without time zone", null)]
    [InlineData(SqlColumnKind.Time, "TIME(3)", "time(0) without time zone", "keeps 0 digits of a second, and the source has 3")]
    [InlineData(SqlColumnKind.Time, "time without time zone", "time(3) without time zone", "keeps 3 digits of a second, and the source has 6")]
    [InlineData(SqlColumnKind.Time, "TIME", "interval", null)]
    [InlineData(SqlColumnKind.Text, "VARCHAR", "sqlite string", "keeps what looks like a number as one (007 becomes 7)")]
    [InlineData(SqlColumnKind.Text, "", "sqlite string", null)] // of a query, where nobody knows what it gives
    [InlineData(SqlColumnKind.Integer, "BIGINT", "sqlite string", null)]
    [InlineData(SqlColumnKind.Date, "DATE", "date", null)]
    [InlineData(SqlColumnKind.Text, "VARCHAR", "character varying(10)", null)]
    public void A_column_that_would_lose_something_without_a_word_is_found(SqlColumnKind kind, string source, string target, string? loss)
    {
        var found = TypeDrift.Loss(new(kind, source), target);

        Assert.True(loss is null ? found is null : found?.StartsWith(loss, StringComparison.Ordinal), found ?? "nothing was found");
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    [InlineData("redshift")]
    public async Task Extremes_of_mysql_arrive_in_columns_that_the_load_adds(string kind)
    {
        await using var road = kind == "redshift" ? await RedshiftRoad.StartAsync() : null;
        var run = road?.Run ?? new TaskRun().With("db", kind == "postgres" ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync() : _folder.SqliteUri("t.db"));
        run.With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync("db", "CREATE TABLE t (id int)");
        await run.ExecuteSqlAsync(
            "source",
            """
            CREATE TABLE s (id INT, big DECIMAL(38, 10), huge DECIMAL(65, 30), nat BIGINT UNSIGNED, bits BIT(64), len TIME, f DOUBLE, at DATETIME(6), small DECIMAL(5, 2));
            INSERT INTO s VALUES
                (1, 1234567890123456789012345678.0123456789, 12345678901234567890123456789012345.123456789012345678901234567891, 18446744073709551615, b'1111111111111111111111111111111111111111111111111111111111111111', '838:59:59', 1.7976931348623157e308, '9999-12-31 23:59:59.999999', -999.99),
                (2, -0.0000000001, -0.000000000000000000000000000001, 0, b'0', '-838:59:59', 5e-324, '1000-01-01 00:00:00', 0.01),
                (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            """);
        foreach (var reconcile in new[] { Reconciliation.Counts, Reconciliation.Checksums })
        {
            var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Table = "s", SqlConnectionId = "source", Uri = road is null ? _folder.Uri("s.csv") : $"s3://{road.Bucket}/s.csv", AwsConnectionId = road is null ? null : "s3",
                Replace = true, Reconcile = reconcile, NullMarker = "\\N",
            });
            var loaded = await run.ExecuteAsync<LoadResult>(new S3ToRedshiftOperator
            {
                Table = "t", Uri = wrote.Uri, AwsConnectionId = road is null ? null : "s3", RedshiftConnectionId = "db", Method = LoadMethod.Replace, Drift = DriftPolicy.AddColumns, Reconcile = reconcile,
            });
            Assert.Equal(3, loaded.RowsInTable);
        }

        await using var sql = await run.Context().SqlAsync("db");
        var rows = new MySql.RowList();
        await sql.ExtractAsync("SELECT big, huge, nat, bits, len FROM t WHERE id = 1", null, rows, CancellationToken.None);
        Assert.Equal(
            (IEnumerable<string?>)["1234567890123456789012345678.0123456789", "12345678901234567890123456789012345.123456789012345678901234567891", "18446744073709551615", "18446744073709551615", "838:59:59"],
            Assert.Single(rows.Rows).AsEnumerable());
    }

    [Theory]
    [InlineData("postgres", "price numeric(10,2), ratio real, at date, fine timestamp(0), code text", "4")]
    [InlineData("sqlite", "price numeric, ratio real, at date, fine timestamp, code string", "2")]
    public async Task A_table_that_is_too_narrow_is_told_before_anything_is_loaded(string kind, string columns, string losses)
    {
        var run = new TaskRun().With("db", kind == "postgres" ? await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync() : _folder.SqliteUri("t.db"));
        run.With("source", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync("db", $"CREATE TABLE t ({columns})");
        await run.ExecuteSqlAsync("source", "CREATE TABLE s (price DECIMAL(20, 4), ratio DOUBLE, at DATETIME, fine DATETIME(6), code VARCHAR(9)); INSERT INTO s VALUES (1.2345, 0.1, '2021-02-05 10:00:00', '2021-02-05 10:00:00.123456', '007')");
        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator { Table = "s", SqlConnectionId = "source", Uri = _folder.Uri("s.csv"), Manifest = true });
        var load = new S3ToRedshiftOperator { Table = "t", Uri = wrote.Uri, RedshiftConnectionId = "db" };

        var e = await Assert.ThrowsAsync<TaskFailedException>(() => run.ExecuteAsync(load));

        Assert.Contains("would keep less than the source gives, without a word: 'price'", e.Message, StringComparison.Ordinal);
        Assert.Equal(losses, $"{e.Message.Split(" keeps ").Length - 1}");
        load.Drift = DriftPolicy.Ignore;
        Assert.Equal(1, (await run.ExecuteAsync<LoadResult>(load)).RowsInTable);
        Assert.Contains(run.Log, line => line.Contains("would keep less", StringComparison.Ordinal));
    }
}
