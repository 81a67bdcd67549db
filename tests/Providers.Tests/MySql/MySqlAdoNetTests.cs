using System.Data;
using System.Data.Common;
using Sluice.Providers.MySql.AdoNet;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.Tests.MySql;

public sealed class MySqlAdoNetTests
{
    [Fact]
    public async Task Rows_are_read_with_their_types()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            CREATE TABLE t (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, price DECIMAL(20,4), at DATETIME(3), body TEXT, raw BLOB, f FLOAT, clock TIME);
            INSERT INTO t VALUES (18446744073709551614, 1234567890123456.7891, '2021-02-05 01:02:03.004', '한', x'01', 1.5, '100:00:00'), (1, NULL, NULL, NULL, NULL, NULL, NULL);
            SELECT * FROM t ORDER BY id DESC; SELECT 'second';
            """;

        await using var reader = await command.ExecuteReaderAsync();

        Assert.True(await reader.ReadAsync());
        object[] expected = [18446744073709551614UL, 1234567890123456.7891m, new DateTime(2021, 2, 5, 1, 2, 3, 4), "한", new byte[] { 1 }, 1.5f, TimeSpan.FromHours(100)];
        Assert.Equal(expected, Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue));
        Assert.Equal(expected.Select(value => value.GetType()), Enumerable.Range(0, reader.FieldCount).Select(reader.GetFieldType));
        Assert.True(reader.Read());
        Assert.True(reader.IsDBNull(1));
        Assert.False(reader.Read());
        Assert.True(reader.NextResult());
        Assert.True(reader.HasRows);
        Assert.True(reader.Read());
        Assert.Equal("second", reader.GetString(0));
        Assert.False(reader.NextResult());
        Assert.Equal(2, reader.RecordsAffected);
    }

    [Fact]
    public async Task A_transaction_is_rolled_back_unless_committed()
    {
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, "CREATE TABLE t (id INT)");

        await using (await connection.BeginTransactionAsync())
        {
            await ExecuteAsync(connection, "INSERT INTO t VALUES (1)");
        }

        await using (var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable))
        {
            await ExecuteAsync(connection, "INSERT INTO t VALUES (2)");
            await transaction.CommitAsync();
        }

        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT GROUP_CONCAT(id) FROM t";
        Assert.Equal("2", await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_reader_closed_early_lets_the_connection_go_on()
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT seq FROM seq_1_to_1000000000";

        await using (var reader = await command.ExecuteReaderAsync())
        {
            Assert.True(reader.Read());
            var busy = Assert.Throws<InvalidOperationException>(() => command.ExecuteNonQuery());
            Assert.Contains("close the reader", busy.Message, StringComparison.Ordinal);
        }

        command.CommandText = "SELECT 1 + 1";
        Assert.Equal(2L, Convert.ToInt64(await command.ExecuteScalarAsync(), null));
    }

    [Fact]
    public async Task A_timeout_and_a_cancel_stop_the_statement()
    {
        await using var connection = await OpenAsync();
        await using var command = (MySqlCommand)connection.CreateCommand();
        command.CommandText = "SELECT SLEEP(600)";
        command.CommandTimeout = 1;

        var late = await Assert.ThrowsAsync<MySqlException>(() => command.ExecuteScalarAsync());
        Assert.Contains("longer than 1 seconds", late.Message, StringComparison.Ordinal);

        command.CommandTimeout = 0;
        var running = command.ExecuteScalarAsync();
        for (var i = 0; !running.IsCompleted && i < 1000; i++)
        {
            command.Cancel();
            await Task.WhenAny(running, Task.Delay(20));
        }

        Assert.Equal(1317, (await Assert.ThrowsAsync<MySqlException>(() => running)).Number);
    }

    [Fact]
    public async Task The_connection_string_of_an_open_connection_holds_no_password()
    {
        await using var connection = await OpenAsync();

        Assert.DoesNotContain("s3cret", connection.ConnectionString, StringComparison.Ordinal);
        Assert.Contains("Database=", connection.ConnectionString, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_deadlock_is_transient()
    {
        var database = await MySqlDatabase.CreateAsync();
        await using var one = new MySqlConnection(database.ConnectionString);
        await using var two = new MySqlConnection(database.ConnectionString);
        await one.OpenAsync();
        await two.OpenAsync();
        await ExecuteAsync(one, "CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 0), (2, 0)");
        await using var first = await one.BeginTransactionAsync();
        await using var second = await two.BeginTransactionAsync();
        await ExecuteAsync(one, "UPDATE t SET v = 1 WHERE id = 1");
        await ExecuteAsync(two, "UPDATE t SET v = 1 WHERE id = 2");

        var crossed = new[] { ExecuteAsync(one, "UPDATE t SET v = 2 WHERE id = 2"), ExecuteAsync(two, "UPDATE t SET v = 2 WHERE id = 1") };

        var error = await Assert.ThrowsAsync<MySqlException>(() => Task.WhenAll(crossed));
        Assert.Equal(1213, error.Number);
        Assert.True(error.IsTransient);
    }

    private static async Task<MySqlConnection> OpenAsync()
    {
        var database = await MySqlDatabase.CreateAsync();
        var connection = new MySqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
