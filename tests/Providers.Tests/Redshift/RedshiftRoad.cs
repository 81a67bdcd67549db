using System.IO.Compression;
using System.Text;
using Npgsql;
using Sluice.Authoring.Hooks;
using Sluice.Core.Connections;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.Redshift;
using Sluice.Providers.Aws.S3;
using Sluice.Services;
using Sluice.Services.Redshift;

namespace Sluice.Providers.Tests.Redshift;

/// <summary>A Redshift with a database and a bucket for one test.</summary>
internal sealed class RedshiftRoad : IAsyncDisposable
{
    internal const string Role = "arn:aws:iam::123456789012:role/load";

    private readonly S3Server _s3;
    private readonly string _direct;
    private readonly S3ObjectStore _store;

    private RedshiftRoad(RedshiftServer server, S3Server s3, string direct, string bucket)
    {
        Server = server;
        Bucket = bucket;
        _s3 = s3;
        _direct = direct;
        Run = new TaskRun().With("db", server.Uri(direct, $"iam_role={Role}")).With("s3", S3Uri());
        _store = new(Run.Connection("s3"));
        server.Settings.Attach(Role);
    }

    internal RedshiftServer Server { get; }

    internal string Bucket { get; }

    /// <summary>With the connections db and s3.</summary>
    internal TaskRun Run { get; }

    /// <summary>Lines of loads by <see cref="LoadAsync(TableLoad, CancellationToken)"/>.</summary>
    internal List<string> Log { get; } = [];

    internal static async Task<RedshiftRoad> StartAsync()
    {
        var s3 = await S3Server.StartSharedAsync();
        var server = await RedshiftServer.StartAsync();
        return new(server, s3, await server.CreateDatabaseAsync(), await s3.CreateBucketAsync());
    }

    internal string S3Uri(string? secret = null, string? settings = null) =>
        $"s3://{_s3.AccessKey}:{Uri.EscapeDataString(secret ?? _s3.SecretKey)}@/?endpoint_url={Uri.EscapeDataString(_s3.Endpoint.ToString().TrimEnd('/'))}{settings}";

    /// <summary>The database by another connection's settings.</summary>
    internal string Uri2(params IEnumerable<string> settings) => Server.Uri(_direct, settings);

    internal Uri Object(string key) => ObjectUri.Create("s3", Bucket, key);

    internal async Task<Uri> PutAsync(string key, string content)
    {
        var uri = Object(key);
        await using var write = await _store.OpenWriteAsync(uri, replace: true, CancellationToken.None);
        if (key.EndsWith(".gz", StringComparison.Ordinal))
        {
            await using var gzip = new GZipStream(write.Body, CompressionLevel.Fastest, leaveOpen: true);
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(content));
        }
        else
        {
            await write.Body.WriteAsync(Encoding.UTF8.GetBytes(content));
        }

        await write.CommitAsync(CancellationToken.None);
        return uri;
    }

    internal async Task<string> GetAsync(string key)
    {
        using var reader = new StreamReader(await _store.OpenReadAsync(Object(key), CancellationToken.None));
        return await reader.ReadToEndAsync();
    }

    internal async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var one in _store.ListAsync(ObjectUri.Create("s3", Bucket, ""), CancellationToken.None))
        {
            keys.Add(ObjectUri.Key(one.Uri));
        }

        return keys;
    }

    /// <summary>Through Redshift.</summary>
    internal Task ExecuteAsync(string sql) => Run.ExecuteSqlAsync("db", sql);

    /// <summary>Past Redshift, straight from PostgreSQL.</summary>
    /// <returns>Rows as lines, values between bars, NULL as ~.</returns>
    internal async Task<string> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_direct + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "~" : reader.GetString(i))));
        }

        return string.Join('\n', rows);
    }

    internal TableLoad Load(LoadMethod method, params IReadOnlyList<Uri> objects) => new()
    {
        Table = "t",
        Objects = objects,
        Store = _store,
        StoreConnection = Run.Connection("s3"),
        Format = new() { NullMarker = "\\N", Gzip = objects.Count > 0 && ObjectUri.Key(objects[0]).EndsWith(".gz", StringComparison.Ordinal) },
        Method = method,
        Log = Note,
    };

    internal Task<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken = default) => LoadAsync(Run.Connection("db"), load, cancellationToken);

    internal static async Task<LoadResult> LoadAsync(Connection connection, TableLoad load, CancellationToken cancellationToken = default)
    {
        await using var loader = new RedshiftLoader(connection, new NoWaits());
        return await loader.LoadAsync(load, cancellationToken);
    }

    /// <summary>As a DAG does it.</summary>
    internal Task<LoadResult> OperateAsync(string key, LoadMethod method, Action<S3ToRedshiftOperator>? set = null, TaskRun? run = null)
    {
        var load = new S3ToRedshiftOperator
        {
            Table = "t", S3Bucket = Bucket, S3Key = key, RedshiftConnectionId = "db", AwsConnectionId = "s3", Method = method, NullMarker = "\\N",
        };
        set?.Invoke(load);
        return (run ?? Run).ExecuteAsync<LoadResult>(load);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await Server.DisposeAsync();
    }

    private void Note(string line)
    {
        lock (Log)
        {
            Log.Add(line);
        }
    }

    // Waits between tries are over at once.
    private sealed class NoWaits : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}
