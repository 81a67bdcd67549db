using System.Globalization;
using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.MySql.Sessions;
using Sluice.Services;

namespace Sluice.Providers.Tests.MySql;

/// <summary>A FLOAT has four bytes, and an extract loses none of them, whatever the query is.</summary>
public sealed class MySqlFloatTests
{
    private static readonly float[] Edges =
    [
        0, 1, -1, 0.1f, 16777215, 16777216, 16777217, 33554434, 123456789, 1e9f, 1e10f, 2999999922176f, 1e15f, 1e16f, 9.007199e15f, 1e-4f, 1e-5f, 1.2345e-7f, 1e-15f, 1e-16f,
        float.Epsilon, 1.17549421e-38f, 1.17549435e-38f, float.MaxValue, float.MinValue, MathF.PI, 5.6843419e-14f,
    ];

    [Fact]
    public void The_text_is_the_shortest_that_gives_the_same_four_bytes_back()
    {
        Span<byte> text = stackalloc byte[FloatText.MostBytes];
        foreach (var value in Values(200_000, seed: 1).Append(-0f))
        {
            var written = text[..FloatText.Write(value, text)];

            Assert.Equal(BitConverter.SingleToInt32Bits(value), BitConverter.SingleToInt32Bits(float.Parse(written, CultureInfo.InvariantCulture)));
            Assert.Equal(Digits(value.ToString("R", CultureInfo.InvariantCulture)), Digits(System.Text.Encoding.ASCII.GetString(written)));
        }

        Assert.Equal(
            ["16777216", "0.1", "-1234568000", "100000000000000", "1e15", "0.00000000000001", "1e-15", "3.4028235e38", "-0", "1e-45"],
            new[] { 16777216f, 0.1f, -1234567900f, 1e14f, 1e15f, 1e-14f, 1e-15f, float.MaxValue, -0f, 1.4e-45f }.Select(Text));
    }

    [Fact]
    public async Task Every_float_of_a_table_and_of_any_query_comes_whole()
    {
        var database = await TableAsync(5_000, seed: 2);
        foreach (var sql in new[]
        {
            "SELECT * FROM t", "SELECT id, f FROM t WHERE id <> 1 ORDER BY f LIMIT 4000", "SELECT id, MIN(f) AS f FROM t GROUP BY id",
            "SELECT id, f FROM t WHERE id > 0 UNION ALL SELECT id, f FROM t WHERE id <= 0", "SELECT q.id, q.f FROM (SELECT DISTINCT id, f FROM t) q", "CALL p()", "SELECT id, IFNULL(f, f) FROM t -- all",
        })
        {
            var rows = await database.ExtractAsync(sql);

            Assert.True(rows.Rows.Count >= 4_000);
            Assert.Equal(SqlColumnKind.Single, rows.Columns[1].Kind);
            Assert.All(rows.Rows, row => Assert.Equal(row[0], Bits(row[1]!)));
        }
    }

    [Fact]
    public async Task Whatever_else_is_in_the_row_is_written_as_without_a_float()
    {
        var database = await MySqlDatabase.CreateAsync();
        await database.Server.QueryAsync(
            """
            SET sql_mode = ''; SET time_zone = '+00:00';
            CREATE TABLE t (
              tiny TINYINT, small SMALLINT UNSIGNED, padded INT(8) ZEROFILL, big BIGINT, ubig BIGINT UNSIGNED ZEROFILL, exact DECIMAL(65,30), money DECIMAL(10,2) ZEROFILL,
              d DOUBLE, fixed DOUBLE(10,3), wide DOUBLE(255,30), y YEAR, day DATE, at DATETIME(6), few DATETIME(3), moment DATETIME, stamp TIMESTAMP(3) NULL, clock TIME, fine TIME(6),
              one BIT(1), many BIT(64), c CHAR(5), v VARCHAR(5000), body LONGTEXT, bin BINARY(3), vbin VARBINARY(10), blobby LONGBLOB, j JSON, kind ENUM('a','b'), flags SET('x','y'),
              place POINT, truth BOOLEAN, f FLOAT);
            INSERT INTO t VALUES
              (-128, 65535, 42, -9223372036854775808, 18446744073709551615, 12345678901234567890123456789012345.123456789012345678901234567890, 1.5, 1e300, 1.5, 1e20, 2021, '2021-02-05',
               '2021-02-05 01:02:03.000450', '2021-02-05 01:02:03.5', '1969-12-31 23:59:59', '2021-02-05 01:02:03.25', '-838:59:59', '-00:00:01.500000', b'1', x'FF00FF00FF00FF00', 'ab ',
               REPEAT('한', 3000), REPEAT('x', 70000), x'00FF61', x'', REPEAT(x'DE', 40000), '{"k": [1, "한"]}', 'b', 'x,y', POINT(1, 2), TRUE, 1.5),
              (0, 0, 0, 0, 0, 0, -0.01, -0.1, 0, 0, 0, '0000-00-00', '0000-00-00 00:00:00', '2021-00-15 00:00:00', '2021-02-05 00:00:00', NULL, '00:00:00', '838:59:59', b'0', 0, '', '', '', '', x'00',
               '', 'null', '', '', NULL, FALSE, 0),
              (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
              (1, 1, 123456789, 1, 1, 1, 1, 123456789012345678, -1.0005, 0.1, 1901, '9999-12-31', '0001-01-01 00:00:00', '2021-02-05', '2021-02-05', '1970-01-01 00:00:01', '10:00:00', '100:00:00', b'1', 1,
               'abcde', REPEAT('y', 512), REPEAT('z', 513), x'01', x'0102', x'00', '[]', 'a', 'y', POINT(0, 0), TRUE, 1);
            """,
            database.Name);
        foreach (var dates in new[] { "", "?zero_dates=text" })
        {
            var binary = await database.ExtractAsync("SELECT * FROM t", extras: dates);
            var names = string.Join(", ", binary.Columns.SkipLast(1).Select(column => $"`{column.Name}`"));
            var text = await database.ExtractAsync($"SELECT {names} FROM t", extras: dates);

            Assert.Equal(4, text.Rows.Count);
            Assert.Equal(text.Columns, binary.Columns.SkipLast(1));
            foreach (var (row, expected) in binary.Rows.Zip(text.Rows))
            {
                Assert.Equal(expected, row.SkipLast(1));
            }
        }
    }

    [Fact]
    public async Task A_session_survives_what_is_left_unread()
    {
        var database = await TableAsync(10, seed: 3);
        await using var hook = database.Open();
        const string Endless = "SELECT seq, f, 'some text', 1.5, NULL, NOW() FROM t, seq_1_to_1000000000 s WHERE t.id = 0";
        var session = (await hook.QueryAsync("SELECT CONNECTION_ID()", null, 1, default))[0][0];
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await hook.ExtractAsync(Endless, null, new RowCounter { OnFlush = rows => { if (rows > 5000) { cancel.Cancel(); } } }, cancel.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await hook.ExtractAsync(Endless, null, new RowCounter { OnFlush = _ => throw new InvalidOperationException("full") }, default));
        var killed = await Assert.ThrowsAsync<SqlHookException>(
            async () => await hook.ExtractAsync(
                Endless, null, new RowCounter { OnFlush = rows => { if (rows == 5000) { database.Server.QueryAsync($"KILL QUERY {session}").GetAwaiter().GetResult(); } } }, default));
        Assert.Contains("interrupted", killed.Message, StringComparison.Ordinal);
        Assert.Equal(session, (await hook.QueryAsync("SELECT CONNECTION_ID()", null, 1, default))[0][0]);
    }

    [Fact]
    public async Task Rows_beyond_the_limit_and_servers_that_prepare_nothing_get_one_clear_error()
    {
        await using var server = await MariaDbServer.StartAsync("--max-allowed-packet=1G");
        var database = new MySqlDatabase(server, await server.CreateDatabaseAsync());
        await server.QueryAsync("CREATE TABLE t (id INT, f FLOAT); INSERT INTO t VALUES (1, 16777217), (2, 0.1)", database.Name);
        var large = await Assert.ThrowsAsync<SqlHookException>(() => database.ExtractAsync("SELECT id, IF(id = 2, REPEAT('x', 1000000000), 'small') AS v, f FROM t ORDER BY id"));
        Assert.Contains("Row 2 from MySQL at ", large.Message, StringComparison.Ordinal);
        Assert.Contains("of its columns only 'v' can hold so much", large.Message, StringComparison.Ordinal);
        var whole = await database.ExtractAsync("SELECT id, REPEAT('한', 20000000) AS v, f FROM t ORDER BY id");
        Assert.Equal([20_000_000, 20_000_000], whole.Rows.Select(row => row[1]!.Length));
        Assert.Equal(["16777216", "0.1"], whole.Rows.Select(row => row[2]));

        await server.QueryAsync("SET GLOBAL max_prepared_stmt_count = 0");
        Assert.Equal([["1"], ["2"]], (await database.ExtractAsync("SELECT id FROM t ORDER BY id")).Rows);
        var inexact = await Assert.ThrowsAsync<SqlHookException>(() => database.ExtractAsync("SELECT * FROM t"));
        Assert.Contains("Column 'f' is a FLOAT, of which MySQL gives six digits only where it cannot prepare the statement; select CAST(f AS DOUBLE) instead.", inexact.Message, StringComparison.Ordinal);
        Assert.Equal([["16777216"], ["0.10000000149011612"]], (await database.ExtractAsync("SELECT CAST(f AS DOUBLE) AS f FROM t ORDER BY id")).Rows);
    }

    [Theory]
    [InlineData("real")]
    [InlineData("double precision")]
    public async Task Checksums_agree_from_mysql_to_postgres(string type)
    {
        using var folder = new TestFolder();
        var database = await TableAsync(3_000, seed: 4);
        var postgres = await PostgresServer.StartSharedAsync();
        var warehouse = await postgres.CreateDatabaseUriAsync();
        var run = new TaskRun().With("shop", database.Uri).With("warehouse", warehouse);
        await run.ExecuteSqlAsync("warehouse", $"CREATE TABLE t (id int PRIMARY KEY, f {type})");

        var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Table = "t", SqlConnectionId = "shop", Uri = folder.Uri("t.csv.gz"), Readers = 3, PartitionBy = "id", Reconcile = Reconciliation.Checksums,
        });
        await run.ExecuteAsync(new S3ToPostgresOperator
        {
            Uri = folder.Uri("t.csv.gz"), PostgresConnectionId = "warehouse", Table = "t", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums,
        });

        Assert.DoesNotContain(run.Log, line => line.Contains("six digits", StringComparison.Ordinal));
        var rows = await run.QueryAsync("warehouse", "SELECT id, f::real FROM t");
        Assert.Equal(wrote.Rows, rows.Count);
        Assert.All(rows, row => Assert.Equal((int)row[0]!, BitConverter.SingleToInt32Bits(Convert.ToSingle(row[1], CultureInfo.InvariantCulture))));

        // One bit of one value, and the proof does not hold.
        await run.ExecuteSqlAsync("warehouse", "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id = 1036831949 THEN NEW.f := 0.10000001; END IF; RETURN NEW; END'");
        await run.ExecuteSqlAsync("warehouse", "CREATE TRIGGER spoil BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION spoil()");
        var spoilt = await Assert.ThrowsAnyAsync<Exception>(() => run.ExecuteAsync(new S3ToPostgresOperator
        {
            Uri = folder.Uri("t.csv.gz"), PostgresConnectionId = "warehouse", Table = "t", Method = LoadMethod.Replace, Reconcile = Reconciliation.Checksums,
        }));
        Assert.Contains("What arrived is not what left", spoilt.Message, StringComparison.Ordinal);
    }

    // The id of a row is its float's bits.
    private static async Task<MySqlDatabase> TableAsync(int count, int seed)
    {
        var database = await MySqlDatabase.CreateAsync();
        var rows = Values(count, seed).Select(value => (Bits: BitConverter.SingleToInt32Bits(value), Value: value)).DistinctBy(row => row.Bits);
        await using var hook = database.Open();
        await hook.ExecuteAsync("CREATE TABLE t (id INT PRIMARY KEY, f FLOAT); CREATE PROCEDURE p() SELECT * FROM t", null, default);
        foreach (var some in rows.Chunk(1000))
        {
            await hook.ExecuteAsync(
                $"INSERT INTO t VALUES {string.Join(", ", some.Select(row => string.Create(CultureInfo.InvariantCulture, $"({row.Bits}, {(double)row.Value:E16})")))}", null, default);
        }

        return database;
    }

    private static IEnumerable<float> Values(int count, int seed)
    {
        var random = new Random(seed);
        for (var exponent = -149; exponent <= 127; exponent++)
        {
            yield return MathF.ScaleB(1, exponent);
        }

        foreach (var edge in Edges)
        {
            yield return edge;
        }

        for (var made = 0; made < count;)
        {
            if (BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)) is var value && float.IsFinite(value) && value != 0)
            {
                made++;
                yield return value;
            }
        }
    }

    private static string Text(float value)
    {
        Span<byte> text = stackalloc byte[FloatText.MostBytes];
        return System.Text.Encoding.ASCII.GetString(text[..FloatText.Write(value, text)]);
    }

    private static string Bits(string text) => BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);

    private static string Digits(string text) => new string([.. text.Split('e', 'E')[0].Where(char.IsAsciiDigit)]).Trim('0');
}
