using Sluice.Authoring.Hooks;
using Sluice.Providers.Aws.Operators;
using Sluice.Services;

namespace Sluice.Providers.Tests.Transfers;

/// <summary>The classic: MySQL to S3 to the warehouse.</summary>
public sealed class MySqlToPostgresTests
{
    [Fact]
    public async Task A_days_rows_go_from_mysql_through_s3_into_the_warehouse_and_again_without_a_change()
    {
        var mysql = await MariaDbServer.StartSharedAsync();
        var postgres = await PostgresServer.StartSharedAsync();
        var s3 = await S3Server.StartSharedAsync();
        var bucket = await s3.CreateBucketAsync();
        var run = new TaskRun()
            .With("prod", await mysql.CreateDatabaseAsync())
            .With("warehouse", await postgres.CreateDatabaseUriAsync())
            .With("s3", $"s3://{s3.AccessKey}:{s3.SecretKey}@/?endpoint_url={Uri.EscapeDataString(s3.Endpoint.ToString().TrimEnd('/'))}&region={s3.Region}");
        await run.ExecuteSqlAsync(
            "prod",
            """
            CREATE TABLE nps (id BIGINT PRIMARY KEY, score DECIMAL(20,4), comment TEXT CHARACTER SET utf8mb4, ok BOOLEAN, created_at DATETIME(6));
            INSERT INTO nps VALUES
                (1, 1234567890123456.7891, '아주 "좋아요", 정말\n최고 👍', 1, '2021-02-05 10:11:12.123456'),
                (2, -0.5, '', 0, '2021-02-05 23:59:59'),
                (3, NULL, NULL, NULL, '2021-02-05 00:00:00'),
                (4, 4, 'another day', 1, '2021-02-06 00:00:00')
            """);
        await run.ExecuteSqlAsync(
            "warehouse", "CREATE TABLE nps (id bigint PRIMARY KEY, score numeric(20,4), comment text, ok smallint, created_at timestamp); INSERT INTO nps (id, comment) VALUES (2, 'old'), (9, 'stays')");

        for (var time = 0; time < 2; time++)
        {
            var wrote = await run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
            {
                Query = "SELECT * FROM nps WHERE DATE(created_at) = DATE(@day)",
                Parameters = new() { ["day"] = "2021-02-05" },
                SqlConnectionId = "prod",
                S3Bucket = bucket,
                S3Key = "nps/2021-02-05.csv.gz",
                AwsConnectionId = "s3",
                Replace = true,
            });
            Assert.Equal(3, wrote.Rows);
            Assert.Equal(new LoadResult(3, 3), await run.ExecuteAsync<LoadResult>(new S3ToRedshiftOperator
            {
                Table = "nps",
                Uri = wrote.Uri,
                RedshiftConnectionId = "warehouse",
                AwsConnectionId = "s3",
                Method = LoadMethod.Upsert,
            }));

            Assert.Equal(
                [
                    [1L, 1234567890123456.7891m, "아주 \"좋아요\", 정말\n최고 👍", (short)1, new DateTime(2021, 2, 5, 10, 11, 12, 123).AddTicks(4560)],
                    [2L, -0.5m, "", (short)0, new DateTime(2021, 2, 5, 23, 59, 59)],
                    [3L, null, null, null, new DateTime(2021, 2, 5)],
                    [9L, null, "stays", null, null],
                ],
                await run.QueryAsync("warehouse", "SELECT * FROM nps ORDER BY id"));
        }
    }
}
