using Amazon.Runtime;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Redshift;
using Sluice.Providers.Files.Objects;

namespace Sluice.Providers.Tests.Aws;

public sealed class RedshiftSqlTests
{
    private static readonly Uri Object = ObjectUri.Create("s3", "bucket", "it's/a b%20.csv.gz");
    private static readonly CopyCredentials Role = CopyCredentials.Role("arn:aws:iam::123:role/load");

    [Fact]
    public void A_copy_names_columns_object_role_and_format() =>
        Assert.Equal(
            """"
            COPY "prod"."nps" ("id", "이름 ""x""")
            FROM 's3://bucket/it''s/a b%20.csv.gz'
            IAM_ROLE 'arn:aws:iam::123:role/load'
            FORMAT AS CSV
            DELIMITER ','
            EMPTYASNULL
            IGNOREHEADER 1
            GZIP
            REGION 'ap-northeast-2'
            TIMEFORMAT 'auto'
            MAXERROR 0
            """",
            RedshiftSql.Copy(
                "\"prod\".\"nps\"", ["id", "이름 \"x\""], Object, isManifest: false, Role, "ap-northeast-2",
                Load(new() { Gzip = true }) with { CopyOptions = ["TIMEFORMAT 'auto'", "MAXERROR 0"] }));

    [Theory]
    [InlineData("", "EMPTYASNULL")]
    [InlineData("NULL", "NULL AS 'NULL'")]
    [InlineData("a\\'b", "NULL AS 'a\\\\''b'")]
    public void Nulls_follow_the_marker(string marker, string expected) =>
        Assert.Contains(expected, Copy(new() { NullMarker = marker, Header = false }, Role).Split('\n'));

    [Fact]
    public void The_marker_that_redshift_knows_needs_no_option()
    {
        var sql = Copy(new() { NullMarker = "\\N", Header = false }, Role);

        Assert.DoesNotContain("NULL", sql, StringComparison.Ordinal);
        Assert.DoesNotContain("IGNOREHEADER", sql, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_stand_in_the_statement_and_never_in_what_is_logged()
    {
        var keys = CopyCredentials.Keys(new ImmutableCredentials("AKIA'1", "s3cr\\et'", "t0ken"));
        var sql = Copy(new(), keys);

        Assert.Contains("ACCESS_KEY_ID 'AKIA''1' SECRET_ACCESS_KEY 's3cr\\\\et''' SESSION_TOKEN 't0ken'", sql, StringComparison.Ordinal);
        Assert.Contains("ACCESS_KEY_ID '***' SECRET_ACCESS_KEY '***' SESSION_TOKEN '***'", keys.Scrub(sql), StringComparison.Ordinal);
        Assert.DoesNotContain("cr", keys.Scrub(sql).Replace("ACCESS_KEY", "", StringComparison.Ordinal).Replace("SECRET", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void An_upsert_deletes_by_all_keys_and_inserts_the_latest_of_each()
    {
        Assert.Equal(
            "DELETE FROM \"s\".\"t\" USING \"#sluice_staging\" WHERE \"s\".\"t\".\"a\" = \"#sluice_staging\".\"a\" AND \"s\".\"t\".\"b\" = \"#sluice_staging\".\"b\"",
            RedshiftSql.DeleteReplaced("\"s\".\"t\"", ["a", "b"]));
        Assert.Equal(
            "INSERT INTO \"t\" (\"a\", \"v\", \"day\") SELECT \"a\", \"v\", CAST('x' AS date) FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY \"a\" ORDER BY \"at\" DESC NULLS LAST) "
            + "AS \"sluice_rank\" FROM \"#sluice_staging\") AS r WHERE \"sluice_rank\" = 1) AS s",
            RedshiftSql.Insert("\"t\"", ["a", "v"], [("day", "CAST('x' AS date)")], RedshiftSql.Latest(["a"], "at")));
    }

    [Fact]
    public async Task Objects_outside_s3_are_refused()
    {
        await using var loader = new RedshiftLoader(ConnectionUri.Parse("r", "redshift://u:p@127.0.0.1:1/dev?iam_role=default"));

        var e = await Assert.ThrowsAsync<TaskFailedException>(
            () => loader.LoadAsync(Load(new()) with { Objects = [ObjectUri.Parse("file:///tmp/a.csv")] }, CancellationToken.None).AsTask());

        Assert.Contains("file:///tmp/a.csv", e.Message, StringComparison.Ordinal);
    }

    private static string Copy(CsvFormat format, CopyCredentials credentials) =>
        RedshiftSql.Copy("\"t\"", [], Object, isManifest: false, credentials, region: null, Load(format));

    private static TableLoad Load(CsvFormat format) => new() { Table = "t", Objects = [Object], Store = new FileObjectStore(), Format = format };
}
