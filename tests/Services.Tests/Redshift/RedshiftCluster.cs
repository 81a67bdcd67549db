using Amazon.Runtime;
using Amazon.S3;
using Npgsql;
using Sluice.Services.Redshift;

namespace Sluice.Services.Tests.Redshift;

/// <summary>A server with one database, one bucket and a client that is logged in.</summary>
internal sealed class RedshiftCluster : IAsyncDisposable
{
    public const string Role = "arn:aws:iam::123456789012:role/load";

    private readonly AmazonS3Client _s3;

    private RedshiftCluster(RedshiftServer server, NpgsqlConnection connection, string bucket, AmazonS3Client s3)
    {
        Server = server;
        Connection = connection;
        Bucket = bucket;
        _s3 = s3;
    }

    public RedshiftServer Server { get; }

    public NpgsqlConnection Connection { get; }

    public string Bucket { get; }

    /// <summary>What the server told besides results.</summary>
    public List<string> Notices { get; } = [];

    public static async Task<RedshiftCluster> StartAsync()
    {
        var s3 = await S3Server.StartSharedAsync();
        var server = await RedshiftServer.StartAsync();
        server.Settings.Attach(Role);
        var connection = new NpgsqlConnection(server.ConnectionString(await server.CreateDatabaseAsync()) + ";Persist Security Info=true");
        var client = new AmazonS3Client(
            new BasicAWSCredentials(s3.AccessKey, s3.SecretKey),
            new AmazonS3Config { ServiceURL = s3.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = s3.Region, RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED });
        var cluster = new RedshiftCluster(server, connection, await s3.CreateBucketAsync(), client);
        connection.Notice += (_, e) => cluster.Notices.Add(e.Notice.MessageText);
        await connection.OpenAsync();
        return cluster;
    }

    public Task PutAsync(string key, string content) => PutAsync(key, System.Text.Encoding.UTF8.GetBytes(content));

    public Task PutAsync(string key, byte[] content) =>
        _s3.PutObjectAsync(new() { BucketName = Bucket, Key = key, InputStream = new MemoryStream(content), UseChunkEncoding = false });

    public async Task<byte[]> GetAsync(string key)
    {
        using var answer = await _s3.GetObjectAsync(Bucket, key);
        var content = new MemoryStream();
        await answer.ResponseStream.CopyToAsync(content);
        return content.ToArray();
    }

    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Connection.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>COPY of what begins with a key, by the attached role.</summary>
    public Task CopyAsync(string table, string key, string options) =>
        ExecuteAsync($"COPY {table} FROM 's3://{Bucket}/{key}' IAM_ROLE '{Role}' {options}");

    public async Task<int> ExecuteAsync(string sql)
    {
        await OpenAgainAsync();
        await using var command = new NpgsqlCommand(sql, Connection);
        return await command.ExecuteNonQueryAsync();
    }

    /// <returns>Rows as lines, values between bars, NULL as ~.</returns>
    public async Task<string> QueryAsync(string sql)
    {
        await OpenAgainAsync();
        await using var command = new NpgsqlCommand(sql, Connection);
        command.AllResultTypesAreUnknown = true;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "~" : reader.GetString(i))));
        }

        return string.Join('\n', rows);
    }

    public async Task<PostgresException> RefusedAsync(Func<Task> act) => await Assert.ThrowsAsync<PostgresException>(act);

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await Server.DisposeAsync();
        _s3.Dispose();
    }

    // Npgsql breaks its connection on XX000, which is Redshift's answer to most troubles.
    private async Task OpenAgainAsync()
    {
        if (Connection.State != System.Data.ConnectionState.Open)
        {
            await Connection.CloseAsync();
            await Connection.OpenAsync();
        }
    }
}
