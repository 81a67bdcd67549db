using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Tests.MySql;

public sealed class MySqlExtractTests
{
    [Fact]
    public async Task Every_type_comes_in_the_form_that_loaders_read()
    {
        var database = await MySqlDatabase.CreateAsync();
        await database.Server.QueryAsync(
            """
            CREATE TABLE t (
              tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, whole INT, big BIGINT, ubig BIGINT UNSIGNED, exact DECIMAL(65,30), money DECIMAL(10,2),
              f FLOAT, d DOUBLE, y YEAR, day DATE, at DATETIME(6), moment DATETIME, stamp TIMESTAMP NULL, clock TIME, fine TIME(6),
              one BIT(1), many BIT(64), c CHAR(5), v VARCHAR(50), body TEXT, bin BINARY(3), vbin VARBINARY(10), blobby BLOB, j JSON,
              kind ENUM('a','b'), flags SET('x','y'));
            SET time_zone = '+00:00';
            INSERT INTO t VALUES (-128, 65535, -8388608, -2147483648, -9223372036854775808, 18446744073709551615,
              12345678901234567890123456789012345.123456789012345678901234567890, -0.10,
              1.5, 0.1, 2021, '2021-02-05', '2021-02-05 01:02:03.000450', '1969-12-31 23:59:59', '2021-02-05 01:02:03', '838:59:59', '-00:00:01.500000',
              b'1', x'FFFFFFFFFFFFFFFF', 'ab', 'v', 'text', x'00FF61', x'', x'DEADBEEF', '{"k": [1, "한"]}', 'b', 'x,y');
            """,
            database.Name);

        var result = await database.ExtractAsync("SELECT * FROM t");

        Assert.Equal<string?[]>(
            [
                "-128", "65535", "-8388608", "-2147483648", "-9223372036854775808", "18446744073709551615",
                "12345678901234567890123456789012345.123456789012345678901234567890", "-0.10",
                "1.5", "0.1", "2021", "2021-02-05", "2021-02-05 01:02:03.000450", "1969-12-31 23:59:59", "2021-02-05 01:02:03", "838:59:59", "-00:00:01.500000",
                "1", "18446744073709551615", "ab", "v", "text", @"\x00ff61", @"\x", @"\xdeadbeef", """{"k": [1, "한"]}""", "b", "x,y",
            ],
            Assert.Single(result.Rows));
        Assert.Equal(["TINYINT", "SMALLINT UNSIGNED", "MEDIUMINT"], result.Columns.Take(3).Select(column => column.Type));
        Assert.Equal(
            "IIIIIIDDfFIdTTTttIIXXXBBBXXX",
            string.Concat(result.Columns.Select(column => column.Kind switch
            {
                SqlColumnKind.Integer => 'I',
                SqlColumnKind.Decimal => 'D',
                SqlColumnKind.Float => 'F',
                SqlColumnKind.Single => 'f',
                SqlColumnKind.Date => 'd',
                SqlColumnKind.Time => 't',
                SqlColumnKind.Timestamp => 'T',
                SqlColumnKind.Binary => 'B',
                _ => 'X',
            })));
    }

    [Fact]
    public async Task Text_survives_whatever_it_holds_and_null_is_not_empty()
    {
        var database = await MySqlDatabase.CreateAsync();
        string?[] texts = ["안녕하세요", "😀 emoji", "it's \"quoted\"", "line\nbreak\r\n", "back\\slash", "nul\0inside", "comma,semicolon;", "", null, "%_", "\u001a"];
        await using var hook = database.Open();
        await hook.ExecuteAsync("CREATE TABLE t (id INT, body TEXT CHARACTER SET utf8mb4)", null, default);
        for (var i = 0; i < texts.Length; i++)
        {
            await hook.ExecuteAsync("INSERT INTO t VALUES (@id, @body)", Values(("id", i), ("body", texts[i])), default);
        }

        var result = await database.ExtractAsync("SELECT body FROM t ORDER BY id");

        Assert.Equal(texts, result.Rows.Select(row => row[0]));

        // The server's own client sees the same bytes.
        Assert.Equal(Convert.ToHexString(Encoding.UTF8.GetBytes(texts[1]!)), (await database.Server.QueryAsync("SELECT HEX(body) FROM t WHERE id = 1", database.Name)).Trim());
    }

    [Fact]
    public async Task A_table_in_another_charset_is_read_as_utf8()
    {
        var database = await MySqlDatabase.CreateAsync();
        await database.Server.QueryAsync(
            "CREATE TABLE t (k VARCHAR(20) CHARACTER SET euckr, l VARCHAR(20) CHARACTER SET latin1); INSERT INTO t VALUES ('한글', 'é')", database.Name);

        Assert.Equal<string?[]>(["한글", "é"], (await database.ExtractAsync("SELECT k, l FROM t")).Rows.Single());
    }

    [Fact]
    public async Task Dates_that_exist_in_mysql_only_are_null_unless_the_connection_says_otherwise()
    {
        var database = await MySqlDatabase.CreateAsync();
        await database.Server.QueryAsync(
            "SET sql_mode = ''; CREATE TABLE t (d DATE, at DATETIME); INSERT INTO t VALUES ('0000-00-00', '0000-00-00 00:00:00'), ('2021-00-15', '2021-02-05 00:00:00')",
            database.Name);

        Assert.Equal([[null, null], [null, "2021-02-05 00:00:00"]], (await database.ExtractAsync("SELECT * FROM t")).Rows);
        Assert.Equal("0000-00-00", (await database.ExtractAsync("SELECT * FROM t", extras: "?zero_dates=text")).Rows[0][0]);
        var error = await Assert.ThrowsAsync<SqlHookException>(() => database.ExtractAsync("SELECT * FROM t", extras: "?zero_dates=error"));
        Assert.Contains("'d' holds the date 0000-00-00", error.Message, StringComparison.Ordinal);
        await using var hook = database.Open();
        Assert.Null((await hook.QueryAsync("SELECT d FROM t", null, 1, default))[0][0]);
    }

    [Fact]
    public async Task A_query_without_rows_still_names_its_columns()
    {
        var database = await MySqlDatabase.CreateAsync();

        var result = await database.ExtractAsync("SELECT 1 AS 하나, 'x' AS b LIMIT 0");

        Assert.Empty(result.Rows);
        Assert.Equal(["하나", "b"], result.Columns.Select(column => column.Name));
    }

    [Fact]
    public async Task A_stored_procedure_can_be_read_and_the_session_goes_on()
    {
        var database = await MySqlDatabase.CreateAsync();
        await database.Server.QueryAsync("CREATE PROCEDURE p() SELECT 7", database.Name);
        await using var hook = database.Open();
        var rows = new RowList();

        await hook.ExtractAsync("CALL p()", null, rows, default);

        Assert.Equal("7", rows.Rows.Single()[0]);
        Assert.Equal(1L, Convert.ToInt64((await hook.QueryAsync("SELECT 1", null, 1, default))[0][0], null));
    }

    [Fact]
    public async Task A_statement_without_rows_cannot_be_extracted()
    {
        var database = await MySqlDatabase.CreateAsync();

        var error = await Assert.ThrowsAsync<SqlHookException>(() => database.ExtractAsync("SET @a = 1"));

        Assert.Contains("needs a query", error.Message, StringComparison.Ordinal);
    }

    internal static Dictionary<string, object?> Values(params (string Name, object? Value)[] values) => values.ToDictionary(pair => pair.Name, pair => pair.Value);
}
