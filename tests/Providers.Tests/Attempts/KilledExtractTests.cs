using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>A process that extracts is killed (SIGKILL): what is published is whole, and the next attempt and the load behind it are right.</summary>
public sealed class KilledExtractTests
{
    private const int Old = 10;
    private const int New = 12;

    [Theory]
    [InlineData(S3Operation.Put, ".csv", false, Old)]
    [InlineData(S3Operation.Put, ".manifest", false, Old)]
    [InlineData(S3Operation.Put, ".manifest", true, New)] // between publish and load
    [InlineData(S3Operation.Delete, ".csv", false, New)]
    public async Task What_the_manifest_names_is_there_whenever_it_happens(S3Operation operation, string ending, bool isDone, int rows)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        var bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
        var connections = new Dictionary<string, string>
        {
            ["source"] = await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync(),
            ["target"] = await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync(),
            ["s3"] = s3.Uri,
        };
        var run = new TaskRun();
        foreach (var (id, uri) in connections)
        {
            run.With(id, uri);
        }

        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id int)");
        var wrote = await run.As(attempt: 1).ExecuteAsync<SqlToS3Result>(Extract(Old));
        var pause = isDone ? s3.Faults.PauseAnswer(Which) : s3.Faults.Pause(Which);
        await using var killed = await AttemptProcess.StartAsync(new() { Connections = connections, Attempt = 2, Extract = Extract(New) }, pause.Reached);
        await killed.KillAsync();

        await PublishedObjects.AssertWholeAsync(run, ObjectUri.Parse(wrote.Uri), rows);
        await LoadAsync(attempt: 2, rows);
        await run.As(attempt: 3).ExecuteAsync(Extract(New));
        await LoadAsync(attempt: 3, New);

        bool Which(S3Request r) => r.Operation == operation && r.Key.EndsWith(ending, StringComparison.Ordinal);

        SqlToS3Operator Extract(int last) => new()
        {
            Query = $"SELECT seq AS id FROM seq_1_to_{last}", SqlConnectionId = "source", S3Bucket = bucket, S3Key = "rows.csv", AwsConnectionId = "s3", Replace = true, Manifest = true,
        };

        async Task LoadAsync(int attempt, long expected)
        {
            await run.As(attempt).ExecuteAsync(
                new S3ToRedshiftOperator { Table = "t", Uri = wrote.Uri, AwsConnectionId = "s3", RedshiftConnectionId = "target", Method = LoadMethod.Replace });
            Assert.Equal([[expected]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
        }
    }
}
