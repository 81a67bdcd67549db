using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Transfers;

/// <summary>The whole way of a row, compression and upload included, allocates nothing for it.</summary>
[Collection(AloneCollection.Name)]
public sealed class AllocationTests
{
    private const int Some = 50_000;
    private const int Many = 300_000;

    // The least object has 24 bytes; of the five fields of a row none may be one, nor the row. What is left is buffers of the network's streams.
    private const double MostBytesPerRow = 24;

    // Npgsql hands over COPY's output a row at a time, and each such read makes its own state where it has to wait.
    private const double MostBytesPerRowOfNpgsql = 24 + 72;

    [Theory]
    [InlineData("mysql")]
    [InlineData("postgres")]
    public async Task A_row_more_costs_no_memory_on_its_way_from_the_source_through_S3_into_PostgreSQL(string kind)
    {
        var postgres = await PostgresServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        var run = new TaskRun()
            .With("source", kind == "mysql" ? await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync() : await postgres.CreateDatabaseUriAsync())
            .With("target", await postgres.CreateDatabaseUriAsync())
            .With("s3", $"s3://{s3.AccessKey}:{s3.SecretKey}@/?endpoint_url={Uri.EscapeDataString(s3.Endpoint.ToString().TrimEnd('/'))}&region={s3.Region}");
        var rows = kind == "mysql"
            ? "SELECT seq AS id, seq % 7 AS score, CONCAT('comment, \"', seq, '\"') AS note, seq / 8 AS amount, TIMESTAMP('2021-02-05') AS at FROM seq_1_to_300000"
            : "SELECT seq AS id, seq % 7 AS score, 'comment, \"' || seq || '\"' AS note, seq / 8.0 AS amount, timestamp '2021-02-05' AS at FROM generate_series(1, 300000) AS s (seq)";
        await run.ExecuteSqlAsync("source", $"CREATE TABLE t AS {rows}");
        await run.ExecuteSqlAsync("target", "CREATE TABLE t (id bigint, score int, note text, amount numeric(20,4), at timestamp)");
        await MoveAsync(Some); // whatever is made once

        // The pool of buffers gives some back to the system now and then: one of 8 MiB that is made anew is no row's.
        var (extracted, loaded) = (double.MaxValue, double.MaxValue);
        for (var round = 0; round < 4 && !IsNothing(); round++)
        {
            var few = await MoveAsync(Some);
            var many = await MoveAsync(Many);
            extracted = Math.Min(extracted, (many.Extract - few.Extract) / (double)(Many - Some));
            loaded = Math.Min(loaded, (many.Load - few.Load) / (double)(Many - Some));
        }

        Assert.True(IsNothing(), $"{extracted:0.#} bytes a row extracted, {loaded:0.#} bytes a row loaded.");

        bool IsNothing() => extracted < (kind == "mysql" ? MostBytesPerRow : MostBytesPerRowOfNpgsql) && loaded < MostBytesPerRow;

        async Task<(long Extract, long Load)> MoveAsync(int count)
        {
            var extract = await AllocatedAsync(new SqlToS3Operator
            {
                Query = $"SELECT * FROM t WHERE id <= {count}", SqlConnectionId = "source", S3Bucket = bucket, S3Key = "t.csv.gz", AwsConnectionId = "s3", Replace = true,
            });
            var load = await AllocatedAsync(new S3ToPostgresOperator
            {
                Table = "t", S3Bucket = bucket, S3Key = "t.csv.gz", AwsConnectionId = "s3", PostgresConnectionId = "target", Method = LoadMethod.Replace,
            });
            Assert.Equal([[(long)count]], await run.QueryAsync("target", "SELECT COUNT(*) FROM t"));
            return (extract, load);
        }

        async Task<long> AllocatedAsync(Operator op)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await run.ExecuteAsync(op);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }
    }
}
