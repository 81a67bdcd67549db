using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Tests.Redshift;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>A process that lets Redshift unload is killed (SIGKILL): what is published is whole, and the next attempt and the load behind it are right.</summary>
public sealed class KilledUnloadTests
{
    private const int Old = 10;
    private const int New = 12;

    [Theory]
    [InlineData(Moment.Unloading, Old)]
    [InlineData(Moment.Publishing, Old)]
    [InlineData(Moment.Published, New)]
    public async Task What_the_manifest_names_is_there_whenever_it_happens(Moment moment, int rows)
    {
        await using var s3 = await S3FaultProxy.StartAsync();
        await using var road = await RedshiftRoad.StartAsync();
        var run = road.Run.With("s3", s3.Uri);
        await road.ExecuteAsync("CREATE TABLE t (id int)");
        await run.As(attempt: 1).ExecuteAsync(Unload(Old));
        var reached = moment == Moment.Unloading ? road.Server.Faults.Pause("^UNLOAD").Reached
            : moment == Moment.Publishing ? s3.Faults.Pause(IsManifest).Reached
            : s3.Faults.PauseAnswer(IsManifest).Reached;
        await using var killed = await AttemptProcess.StartAsync(
            new() { Connections = new() { ["db"] = road.Uri2($"iam_role={RedshiftRoad.Role}"), ["s3"] = s3.Uri }, Attempt = 2, Unload = Unload(New) }, reached);
        await killed.KillAsync();

        await PublishedObjects.AssertWholeAsync(run, road.Object("rows.csv.manifest"), rows);
        await LoadAsync(attempt: 2, rows);
        await run.As(attempt: 3).ExecuteAsync(Unload(New));
        await LoadAsync(attempt: 3, New);

        static bool IsManifest(S3Request request) => request.Operation == S3Operation.Put && request.Key.EndsWith(".manifest", StringComparison.Ordinal);

        RedshiftToS3Operator Unload(int last) => new()
        {
            Query = $"SELECT i AS id FROM generate_series(1, {last}) i", RedshiftConnectionId = "db", S3Bucket = road.Bucket, S3Key = "rows.csv", AwsConnectionId = "s3", Replace = true,
        };

        // By a prefix: what the killed one left there must not be taken for rows.
        async Task LoadAsync(int attempt, long expected)
        {
            await road.OperateAsync("rows", LoadMethod.Replace, run: run.As(attempt));
            Assert.Equal($"{expected}", await road.ReadAsync("SELECT COUNT(*) FROM t"));
        }
    }

    public enum Moment
    {
        Unloading,
        Publishing,
        Published,
    }
}
