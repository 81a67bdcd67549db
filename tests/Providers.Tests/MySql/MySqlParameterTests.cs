using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Tests.MySql;

public sealed class MySqlParameterTests
{
    public static TheoryData<object?> Values { get; } =
    [
        "plain", "'; DROP TABLE t; --", "\\'; --", "한글 😀", "", null, "\\", "'", 5, -5L, ulong.MaxValue, 12345678901234567890.123456789m, 0.1, true,
    ];

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_comes_back_as_it_went(object? value)
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();

        foreach (var mode in new[] { "", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES" })
        {
            await hook.ExecuteAsync($"SET sql_mode = '{mode}'", null, default);
            var row = (await hook.QueryAsync("SELECT @v, 1 AS after", Named(value), 1, default))[0];

            Assert.Equal(2, row.Count);
            Assert.Equal(Convert.ToString(value is true ? 1 : value, null) ?? "", Convert.ToString(row[0], null) ?? "");
            Assert.Equal(value is null, row[0] is null);
        }
    }

    [Fact]
    public async Task Dates_and_bytes_come_back_as_they_went()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();
        await hook.ExecuteAsync("CREATE TABLE t (at DATETIME(6), day DATE, span TIME(6), bin BLOB, d DOUBLE)", null, default);
        var at = new DateTimeOffset(2021, 2, 5, 10, 0, 0, TimeSpan.FromHours(9));

        await hook.ExecuteAsync(
            "INSERT INTO t VALUES (@at, @day, @span, @bin, @d)",
            new Dictionary<string, object?>
            {
                ["at"] = at,
                ["day"] = new DateOnly(2021, 2, 5),
                ["span"] = new TimeSpan(-30, -1, -2),
                ["bin"] = new byte[] { 0, 39, 92, 255 },
                ["d"] = Math.PI,
            },
            default);
        var row = (await hook.QueryAsync("SELECT * FROM t", null, 1, default))[0];

        Assert.Equal(at.UtcDateTime, row[0]);
        Assert.Equal(new DateTime(2021, 2, 5), row[1]);
        Assert.Equal(new TimeSpan(-30, -1, -2), row[2]);
        Assert.Equal(new byte[] { 0, 39, 92, 255 }, row[3]);
        Assert.Equal(Math.PI, row[4]);
    }

    [Fact]
    public async Task Names_in_strings_comments_and_identifiers_are_left_alone()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();

        var row = (await hook.QueryAsync(
            """
            SELECT '@v', "it''s \" @v", 'a\'@v' AS `@v`, @@version IS NOT NULL, 5-@v /* @v */, @v -- @v
            # @v '
            """,
            Named(-3),
            1,
            default))[0];

        Assert.Equal(["@v", "it''s \" @v", "a'@v", "1", "8", "-3"], row.Select(value => Convert.ToString(value, null)));
    }

    [Fact]
    public async Task A_name_without_value_is_an_error_and_without_parameters_a_variable_of_mysql()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();

        var error = await Assert.ThrowsAsync<SqlHookException>(() => hook.QueryAsync("SELECT @w", Named(1), 1, default).AsTask());
        Assert.Contains("@w", error.Message, StringComparison.Ordinal);
        await hook.ExecuteAsync("SET @w = 4", null, default);
        Assert.Equal("4", Convert.ToString((await hook.QueryAsync("SELECT @w", null, 1, default))[0][0], null));
    }

    [Fact]
    public async Task Several_statements_run_in_order_and_the_last_one_counts()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var hook = database.Open();

        var affected = await hook.ExecuteAsync("CREATE TABLE t (id INT); INSERT INTO t VALUES (1),(2),(3); UPDATE t SET id = id + @by WHERE id > 1;", Values(("by", 10)), default);

        Assert.Equal(2, affected);
        var error = await Assert.ThrowsAsync<SqlHookException>(() => hook.ExecuteAsync("DELETE FROM t; SELECT * FROM missing; DROP TABLE t", null, default).AsTask());
        Assert.Contains("missing' doesn't exist", error.Message, StringComparison.Ordinal);
        Assert.Equal("0", Convert.ToString((await hook.QueryAsync("SELECT COUNT(*) FROM t", null, 1, default))[0][0], null));

        // A query is one statement: what would be injected behind it does not run.
        await Assert.ThrowsAsync<SqlHookException>(() => hook.QueryAsync("SELECT 1; DROP TABLE t", null, 1, default).AsTask());
        Assert.Single(await hook.QueryAsync("SELECT COUNT(*) FROM t", null, 1, default));

        static Dictionary<string, object?> Values(params (string Name, object? Value)[] values) => values.ToDictionary(pair => pair.Name, pair => pair.Value);
    }

    private static Dictionary<string, object?> Named(object? value) => new() { ["v"] = value };
}
