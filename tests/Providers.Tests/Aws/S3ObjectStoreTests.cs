using System.Security.Cryptography;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.S3;
using Sluice.Providers.Aws.Sensors;
using Sluice.Services;

namespace Sluice.Providers.Tests.Aws;

public sealed class S3ObjectStoreTests : IAsyncLifetime
{
    private readonly TaskRun _run = new();
    private S3ObjectStore _store = null!;
    private S3Server _server = null!;
    private string _bucket = null!;

    public async Task InitializeAsync()
    {
        _server = await S3Server.StartSharedAsync();
        _bucket = await _server.CreateBucketAsync();
        _run.With("s3", Uri());
        _store = new(_run.Connection("s3"));
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(8 * 1024 * 1024)]
    [InlineData((8 * 1024 * 1024) + 1)]
    [InlineData(50_000_000)]
    public async Task What_is_written_is_read_back(int size)
    {
        var uri = Object("폴더/a b+%&.bin");
        var bytes = RandomNumberGenerator.GetBytes(size);

        var stored = await WriteAsync(uri, bytes);

        Assert.Equal(size, stored.Size);
        await using var read = await _store.OpenReadAsync(uri, CancellationToken.None);
        using var copy = new MemoryStream();
        await read.CopyToAsync(copy);
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(copy.ToArray()));
        Assert.Equal(size, (await _store.HeadAsync(uri, CancellationToken.None))!.Size);
    }

    [Fact]
    public async Task Nothing_is_there_before_the_commit_and_nothing_stays_after_an_abort()
    {
        var uri = Object("aborted.bin");
        await using (var write = await _store.OpenWriteAsync(uri, replace: true, CancellationToken.None))
        {
            await write.Body.WriteAsync(new byte[30_000_000]);
            Assert.Null(await _store.HeadAsync(uri, CancellationToken.None));
        }

        Assert.Null(await _store.HeadAsync(uri, CancellationToken.None));
        await UntilAbortedAsync("aborted.bin");
    }

    [Fact]
    public async Task An_object_is_replaced_only_when_asked()
    {
        var uri = Object("kept.txt");
        await WriteAsync(uri, "first"u8.ToArray());

        await Assert.ThrowsAsync<ObjectExistsException>(() => WriteAsync(uri, [], replace: false));

        await using var racing = await _store.OpenWriteAsync(Object("raced.txt"), replace: false, CancellationToken.None);
        await WriteAsync(Object("raced.txt"), "winner"u8.ToArray());
        await Assert.ThrowsAsync<ObjectExistsException>(() => racing.CommitAsync(CancellationToken.None).AsTask());
        Assert.Equal(6, (await _store.HeadAsync(Object("raced.txt"), CancellationToken.None))!.Size);
    }

    [Fact]
    public async Task Objects_are_listed_by_prefix_in_order_and_deleted()
    {
        foreach (var key in (string[])["day=2/b", "day=1/z", "day=1/a b", "day=10/x", "other"])
        {
            await WriteAsync(Object(key), [1]);
        }

        Assert.Equal(["day=1/a b", "day=1/z", "day=10/x"], await ListAsync("day=1"));
        await _store.DeleteAsync(Object("day=1/z"), CancellationToken.None);
        await _store.DeleteAsync(Object("never there"), CancellationToken.None);
        Assert.Equal(["day=1/a b"], await ListAsync("day=1/"));
    }

    [Fact]
    public async Task A_missing_bucket_a_wrong_secret_and_a_closed_port_are_one_sentence_each()
    {
        var bucket = await Assert.ThrowsAsync<TaskFailedException>(() => WriteAsync(ObjectUri.Create("s3", "no-such-bucket", "k"), [1]));
        Assert.StartsWith("The bucket 'no-such-bucket' does not exist at http://127.0.0.1:", bucket.Message, StringComparison.Ordinal);

        await using var wrong = new S3ObjectStore(ConnectionUri.Parse("wrong", Uri().Replace("S3RVER:S3RVER", "NOBODY:hunter2", StringComparison.Ordinal)));
        var secret = await Assert.ThrowsAsync<TaskErrorException>(() => WriteAsync(Object("k"), [1], store: wrong));
        Assert.Contains("connection 'wrong'", secret.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", secret.Message, StringComparison.Ordinal);

        await using var closed = new S3ObjectStore(ConnectionUri.Parse("closed", "s3://a:b@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A1"));
        var port = await Assert.ThrowsAsync<TaskErrorException>(() => WriteAsync(Object("k"), [1], store: closed));
        Assert.Contains("http://127.0.0.1:1", port.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://a:b@/", "region")]
    [InlineData("s3://a@/", "both")]
    [InlineData("s3://a:b@/?regoin=x", "regoin")]
    [InlineData("mysql://a:b@h/", "type 'mysql'")]
    public void A_connection_that_cannot_be_meant_is_refused(string uri, string expected) =>
        Assert.Contains(expected, Assert.Throws<TaskFailedException>(() => new S3ObjectStore(ConnectionUri.Parse("c", uri))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_whole_road_goes_through_s3_into_postgres()
    {
        var postgres = await PostgresServer.StartSharedAsync();
        _run.With("db", await postgres.CreateDatabaseUriAsync());
        await _run.ExecuteSqlAsync(
            "db", "CREATE TABLE source AS SELECT i AS id, '값 \"' || i || E'\"\\n' AS v, NULLIF('', CASE WHEN i % 2 = 0 THEN '' END) AS e FROM generate_series(1, 500) i; CREATE TABLE target (LIKE source, PRIMARY KEY (id))");

        for (var time = 0; time < 2; time++)
        {
            var wrote = await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Table = "source",
                SqlConnectionId = "db",
                S3Bucket = _bucket,
                S3Key = "nps/2021-02-05.csv.gz",
                AwsConnectionId = "s3",
                Replace = true,
            });
            Assert.Equal($"s3://{_bucket}/nps/2021-02-05.csv.gz", wrote.Uri);
            var loaded = await _run.ExecuteAsync<LoadResult>(new S3ToRedshiftOperator
            {
                Table = "target",
                S3Bucket = _bucket,
                S3Key = "nps/2021-02-05.csv.gz",
                RedshiftConnectionId = "db",
                AwsConnectionId = "s3",
                Method = LoadMethod.Upsert,
            });
            Assert.Equal(new(500, 500), loaded);
        }

        Assert.Equal([[0L, 500L]], await _run.QueryAsync("db", "SELECT (SELECT COUNT(*) FROM (TABLE source EXCEPT TABLE target) d), COUNT(*) FROM target"));
    }

    [Fact]
    public async Task An_extraction_that_fails_midway_leaves_no_object_and_no_parts()
    {
        var postgres = await PostgresServer.StartSharedAsync();
        _run.With("db", await postgres.CreateDatabaseUriAsync());

        await Assert.ThrowsAsync<SqlHookException>(() => _run.ExecuteAsync(new SqlToS3Operator
        {
            Query = "SELECT i, md5(i::text) || repeat('x', 1000), 1 / (20000 - i) FROM generate_series(1, 20000) i",
            SqlConnectionId = "db",
            Uri = $"s3://{_bucket}/torn.csv",
            AwsConnectionId = "s3",
        }));

        Assert.Null(await _store.HeadAsync(Object("torn.csv"), CancellationToken.None));
        await UntilAbortedAsync("torn.csv");
    }

    [Fact]
    public async Task The_sensor_waits_for_every_key_and_knows_wildcards()
    {
        await WriteAsync(Object("in/2021-02-05/part-1.csv"), [1]);

        Assert.True((await PokeAsync(s => s.BucketKey = "in/2021-02-05/part-1.csv")).IsDone);
        Assert.False((await PokeAsync(s => s.BucketKeys = ["in/2021-02-05/part-1.csv", "in/2021-02-05/part-2.csv"])).IsDone);
        Assert.True((await PokeAsync(s => (s.BucketKey, s.WildcardMatch) = ("in/*/part-[12].csv", true))).IsDone);
        Assert.False((await PokeAsync(s => (s.BucketKey, s.WildcardMatch) = ("in/*/part-[34].csv", true))).IsDone);
        Assert.False((await PokeAsync(s => s.BucketKey = "in/*/part-1.csv")).IsDone);
        Assert.True((await PokeAsync(s => (s.BucketName, s.BucketKey) = (null, $"s3://{_bucket}/in/2021-02-05/part-1.csv"))).IsDone);
    }

    private async Task<Sluice.Authoring.Sensors.Poke> PokeAsync(Action<S3KeySensor> set)
    {
        var sensor = new S3KeySensor { BucketName = _bucket, AwsConnectionId = "s3" };
        set(sensor);
        return await _run.PokeAsync(sensor);
    }

    // s3rver answers 405 to the request that deletes the parts, and to no other with an upload's id; its log leaves the method out.
    private Task UntilAbortedAsync(string key) => Until.TrueAsync(
        () => Task.FromResult(_server.Log.Split('\n').Any(line => line.Contains($"/{key}?uploadId=", StringComparison.Ordinal) && line.Contains(" 405 ", StringComparison.Ordinal))),
        () => $"the upload was aborted: {_server.Log}");

    private async Task<StoredObject> WriteAsync(Uri uri, byte[] bytes, bool replace = true, S3ObjectStore? store = null)
    {
        await using var write = await (store ?? _store).OpenWriteAsync(uri, replace, CancellationToken.None);
        foreach (var chunk in bytes.Chunk(1_000_003))
        {
            await write.Body.WriteAsync(chunk);
        }

        return await write.CommitAsync(CancellationToken.None);
    }

    private async Task<List<string>> ListAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var one in _store.ListAsync(Object(prefix), CancellationToken.None))
        {
            keys.Add(ObjectUri.Key(one.Uri));
        }

        return keys;
    }

    private Uri Object(string key) => ObjectUri.Create("s3", _bucket, key);

    private string Uri() =>
        $"s3://{_server.AccessKey}:{_server.SecretKey}@/?endpoint_url={System.Uri.EscapeDataString(_server.Endpoint.ToString().TrimEnd('/'))}&region={_server.Region}";
}
