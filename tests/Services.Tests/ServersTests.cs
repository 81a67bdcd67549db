using Npgsql;

namespace Sluice.Services.Tests;

public sealed class ServersTests
{
    [Fact]
    public async Task PostgreSQL_gives_a_fresh_database_and_survives_a_kill()
    {
        await using var server = await PostgresServer.StartAsync(durable: true);
        var database = await server.CreateDatabaseAsync() + ";Pooling=false";
        await ExecuteAsync(database, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)");

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(database, "SELECT 1"));
        await server.StartAgainAsync();

        Assert.Equal(1L, await ExecuteAsync(database, "SELECT count(*) FROM kept"));
    }

    [Fact]
    public async Task MariaDB_gives_a_fresh_database()
    {
        var server = await MariaDbServer.StartSharedAsync();
        var name = new Uri(await server.CreateDatabaseAsync()).AbsolutePath.Trim('/');

        Assert.Equal("안녕 😀\t2", (await server.QueryAsync("SELECT '안녕 😀', 1 + 1", name)).Trim());
    }

    [Fact]
    public async Task S3_holds_a_bucket()
    {
        var server = await S3Server.StartSharedAsync();
        var bucket = await server.CreateBucketAsync();
        using var http = new HttpClient();

        var answer = await http.GetAsync(new Uri(server.Endpoint, $"/{bucket}?list-type=2"));
        var missing = await http.GetAsync(new Uri(server.Endpoint, "/no-such-bucket?list-type=2"));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains(bucket, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disposed_server_leaves_no_folder_and_no_process()
    {
        var server = await S3Server.StartAsync();
        Assert.True(Directory.Exists(server.Folder));

        await server.DisposeAsync();

        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(server.Endpoint));
        Assert.False(Directory.Exists(server.Folder));
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
