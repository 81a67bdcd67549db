using System.IO.Compression;
using System.Text;
using Npgsql;

namespace Sluice.Services.Tests.Redshift;

public sealed class RedshiftCopyTests : IAsyncLifetime
{
    private RedshiftCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await RedshiftCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData("varchar(20)", "CSV", "a\n\"b,\"\"c\"\"\nd\"\n", "a\nb,\"c\"\nd")]
    [InlineData("varchar(20)", "CSV", "\"\"\n\\N\n\"\\N\"\n", "\n~\n~")] // a quoted marker is NULL, too
    [InlineData("varchar(20)", "CSV EMPTYASNULL", "\"\"\nx\n", "~\nx")]
    [InlineData("varchar(20)", "CSV NULL AS 'NULL'", "NULL\n\\N\n", "~\n\\N")]
    [InlineData("varchar(20)", "CSV BLANKSASNULL", "  \nx\n", "~\nx")]
    [InlineData("varchar(20)", "FORMAT AS CSV QUOTE AS ''''", "'a,b'\n", "a,b")]
    [InlineData("varchar(20)", "CSV IGNOREHEADER 1", "name\nx\r\ny\r\n", "x\ny")]
    [InlineData("varchar(20)", "DELIMITER '\\t' ESCAPE", "a\\\tb\\\\\n", "a\tb\\")]
    [InlineData("varchar(20)", "", "a\"b\n\\N\n", "a\"b\n~")]
    [InlineData("varchar(20)", "CSV ACCEPTINVCHARS AS '^'", "a\u00ff\n", "a^")]
    [InlineData("varchar(20)", "CSV ACCEPTINVCHARS", "\u00e9\u00e9\n", "??")]
    [InlineData("varchar(4)", "CSV TRUNCATECOLUMNS", "김치찌개\n", "김")]
    [InlineData("varchar(20)", "CSV IGNOREBLANKLINES", "x\n\ny\n", "x\ny")]
    [InlineData("int", "CSV", "1\n\n\"-7\"\n", "1\n~\n-7")]
    [InlineData("decimal(6,2)", "CSV", "1.999\n-.5\n", "1.99\n-0.50")]
    [InlineData("decimal(6,2)", "CSV ROUNDEC", "1.999\n", "2.00")]
    [InlineData("boolean", "CSV", "true\nF\n1\nno\n", "t\nf\nt\nf")]
    [InlineData("float8", "CSV", "1e300\nNaN\n", "1e+300\nNaN")]
    [InlineData("date", "CSV", "2021-02-05\n", "2021-02-05")]
    [InlineData("date", "CSV DATEFORMAT 'DD.MM.YYYY'", "05.02.2021\n", "2021-02-05")]
    [InlineData("date", "CSV DATEFORMAT 'auto'", "20210205\n", "2021-02-05")]
    [InlineData("timestamp", "CSV", "2021-02-05 10:11:12.1234567\n", "2021-02-05 10:11:12.123456")]
    [InlineData("timestamp", "CSV TIMEFORMAT 'auto'", "2021-02-05T10:11:12\n", "2021-02-05 10:11:12")]
    [InlineData("timestamp", "CSV TIMEFORMAT AS 'epochsecs'", "1612519872\n", "2021-02-05 10:11:12")]
    [InlineData("timestamptz", "CSV", "2021-02-05 10:11:12+09\n", "2021-02-05 01:11:12+00")]
    [InlineData("varchar(20)", "JSON 'auto'", "{\"v\": \"a\\n\"}\n{\"v\": null} {\"w\": 1, \"v\": [1,2]}", "a\n\n~\n[1,2]")]
    public async Task Fields_are_read_as_the_options_say(string type, string options, string file, string expected)
    {
        await _cluster.ExecuteAsync($"CREATE TABLE t (n bigint IDENTITY(1, 1), v {type}); SET timezone TO 'UTC'");
        await _cluster.PutAsync("f", options.Contains("ACCEPTINVCHARS", StringComparison.Ordinal) ? Encoding.Latin1.GetBytes(file) : Encoding.UTF8.GetBytes(file));

        await _cluster.CopyAsync("t (v)", "f", options);

        Assert.Equal(expected, await _cluster.QueryAsync("SELECT v FROM t ORDER BY n"));
    }

    [Theory]
    [InlineData("int", "CSV", "1\nx\n", 2, "x", 1207, "Invalid digit, Value 'x', Pos 0, Type: Integer")]
    [InlineData("int", "CSV IGNOREHEADER 1", "\"v\nw\"\n1\n9999999999\n", 4, "9999999999", 1222, "Overflow (Integer valid range: -2147483648 to 2147483647)")]
    [InlineData("varchar(5)", "CSV", "\"김\n\"\n김치찌개\n", 3, "김치찌개", 1204, "String length exceeds DDL length")]
    [InlineData("varchar(5)", "CSV", "a,b\n", 1, "", 1202, "Extra column(s) found")]
    [InlineData("varchar(5) NOT NULL", "CSV EMPTYASNULL", "a\n\n", 2, "", 1213, "Missing data for not-null field")]
    [InlineData("varchar(5)", "CSV", "\"a\n", 1, "", 1214, "Invalid quote formatting for CSV")]
    [InlineData("varchar(5)", "CSV", "a\"b\n", 1, "", 1214, "Invalid quote formatting for CSV")]
    [InlineData("char(5)", "CSV", "김\n", 1, "김", 1220, "Multibyte character not supported for CHAR (Hint: try using VARCHAR)")]
    [InlineData("date", "CSV", "2021-02-30\n", 1, "2021-02-30", 1205, "Invalid Date Format - length must be 10 or more")]
    [InlineData("timestamp", "CSV", "2021-02-05T10:00:00\n", 1, "2021-02-05T10:00:00", 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]")]
    [InlineData("timestamp", "CSV", "2021-02-05 10:00:00+09\n", 1, "2021-02-05 10:00:00+09", 1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]")]
    [InlineData("boolean", "CSV", "perhaps\n", 1, "perhaps", 1210, "Unknown boolean format")]
    [InlineData("decimal(4,2)", "CSV", "100\n", 1, "100", 1222, "Overflow for NUMERIC(4,2)")]
    public async Task A_row_that_does_not_fit_fails_the_copy_and_is_recorded_past_the_rollback(
        string type, string options, string file, int line, string value, int code, string reason)
    {
        await _cluster.ExecuteAsync($"CREATE TABLE t (v {type})");
        await _cluster.PutAsync("f.csv", file);

        await _cluster.ExecuteAsync("BEGIN");
        var e = await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "f.csv", options));

        Assert.Equal(("XX000", "Load into table 't' failed.  Check 'stl_load_errors' system table for details."), (e.SqlState, e.MessageText));
        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
        Assert.Equal(
            $"s3://{_cluster.Bucket}/f.csv|{line}|{value}|{code}|{reason}",
            await _cluster.QueryAsync("SELECT TRIM(filename), line_number, TRIM(raw_field_value), err_code, TRIM(err_reason) FROM stl_load_errors"));
        Assert.Equal(
            $"{line}|{code}|{reason}", await _cluster.QueryAsync("SELECT line_number, error_code, TRIM(error_message) FROM sys_load_error_detail WHERE query_id > 1000"));
    }

    [Fact]
    public async Task Rows_that_may_fail_are_left_out_up_to_a_limit()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (a int, b varchar)");
        await _cluster.PutAsync("f.csv", "1,x\nbad,y\n3\n4,z\n");

        await _cluster.CopyAsync("t", "f.csv", "CSV MAXERROR 3");

        Assert.Equal("1|x\n4|z", await _cluster.QueryAsync("SELECT * FROM t ORDER BY a"));
        Assert.Equal("2", await _cluster.QueryAsync("SELECT pg_last_copy_count()"));
        Assert.Equal("2|a\n3|b", await _cluster.QueryAsync("SELECT line_number, TRIM(colname) FROM stl_load_errors WHERE query = pg_last_copy_id() ORDER BY 1"));
        Assert.Contains(_cluster.Notices, notice => notice.Contains("2 record(s) could not be loaded", StringComparison.Ordinal));
        await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "f.csv", "CSV MAXERROR 2"));
    }

    [Fact]
    public async Task Columns_that_the_list_leaves_out_get_their_defaults()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (n int IDENTITY(1, 1), d int NOT NULL DEFAULT 7, \"Order\" varchar, x varchar)");
        await _cluster.PutAsync("f.csv", "a,b\n");

        await _cluster.CopyAsync("t (x, \"order\")", "f.csv", "CSV");

        Assert.Equal("1|7|b|a", await _cluster.QueryAsync("SELECT n, d, \"Order\", x FROM t"));
        Assert.Equal("42703", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("t (nowhere)", "f.csv", "CSV"))).SqlState);
        Assert.Equal("42P01", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("nowhere", "f.csv", "CSV"))).SqlState);
    }

    [Fact]
    public async Task A_key_is_the_beginning_of_keys_and_a_manifest_names_each()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");
        await _cluster.PutAsync("day/1.csv.gz", Packed("1\n"));
        await _cluster.PutAsync("day/10.csv.gz", Packed("10\n"));
        await _cluster.PutAsync("day/_hidden", "x\n");
        await _cluster.CopyAsync("t", "day/", "CSV GZIP");
        Assert.Equal("1\n10", await _cluster.QueryAsync("SELECT i FROM t ORDER BY i"));

        await _cluster.PutAsync("m", $$"""{"entries": [{"url": "s3://{{_cluster.Bucket}}/day/1.csv.gz", "mandatory": true}, {"url": "s3://{{_cluster.Bucket}}/gone"}]}""");
        await _cluster.CopyAsync("t", "m", "CSV GZIP MANIFEST");
        Assert.Equal("1\n1\n10", await _cluster.QueryAsync("SELECT i FROM t ORDER BY i"));

        await _cluster.PutAsync("m", $$"""{"entries": [{"url": "s3://{{_cluster.Bucket}}/day/1.csv.gz"}, {"url": "s3://{{_cluster.Bucket}}/gone", "mandatory": true}]}""");
        Assert.Contains("mandatory", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "m", "CSV GZIP MANIFEST"))).MessageText, StringComparison.Ordinal);
        Assert.Contains("Problem reading manifest", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "none", "CSV MANIFEST"))).MessageText, StringComparison.Ordinal);
        Assert.Contains("'none' does not exist", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "none", "CSV"))).MessageText, StringComparison.Ordinal);
        Assert.Contains("uncompress", (await _cluster.RefusedAsync(() => _cluster.CopyAsync("t", "m", "CSV GZIP"))).MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_keys_and_regions_are_judged()
    {
        const string Chained = "arn:aws:iam::1:role/data";
        var s3 = await S3Server.StartSharedAsync();
        var settings = _cluster.Server.Settings;
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");
        await _cluster.PutAsync("f", "1\n");
        settings.Define(Chained);
        var keys = $"ACCESS_KEY_ID '{s3.AccessKey}' SECRET_ACCESS_KEY '{s3.SecretKey}'";

        await RefusedAsync("IAM_ROLE 'arn:aws:iam::1:role/nobody'", "is not authorized to assume IAM Role arn:aws:iam::1:role/nobody");
        await RefusedAsync($"IAM_ROLE '{Chained}'", "is not authorized to assume IAM Role");
        await RefusedAsync($"IAM_ROLE '{RedshiftCluster.Role},{Chained}'", "is not authorized to assume IAM Role");
        await RefusedAsync("IAM_ROLE default", "default IAM role isn't set");
        await RefusedAsync($"ACCESS_KEY_ID 'nobody' SECRET_ACCESS_KEY '{s3.SecretKey}'", "Status 403,Error InvalidAccessKeyId");
        await RefusedAsync($"ACCESS_KEY_ID '{s3.AccessKey}' SECRET_ACCESS_KEY 'wrong'", "Status 403,Error SignatureDoesNotMatch");
        await RefusedAsync($"{keys} REGION 'eu-west-1'", "Error PermanentRedirect");
        settings.BucketRegions[_cluster.Bucket] = "eu-west-1";
        await RefusedAsync(keys, "Error PermanentRedirect");
        await LoadsAsync($"{keys} REGION AS 'eu-west-1'");
        settings.BucketRegions.Clear();

        settings.Roles[RedshiftCluster.Role].MayAssume.Add(Chained);
        await LoadsAsync($"IAM_ROLE '{RedshiftCluster.Role},{Chained}'");
        settings.Roles[Chained].Buckets = ["another"];
        await RefusedAsync($"IAM_ROLE '{RedshiftCluster.Role},{Chained}'", "Status 403,Error AccessDenied");
        settings.DefaultRole = RedshiftCluster.Role;
        await LoadsAsync("IAM_ROLE default");
        await LoadsAsync($"CREDENTIALS 'aws_access_key_id={s3.AccessKey};aws_secret_access_key={s3.SecretKey}'");

        async Task RefusedAsync(string authorization, string expected) => Assert.Contains(
            expected, (await _cluster.RefusedAsync(() => _cluster.ExecuteAsync($"COPY t FROM 's3://{_cluster.Bucket}/f' {authorization} CSV"))).MessageText, StringComparison.Ordinal);

        Task LoadsAsync(string authorization) => _cluster.ExecuteAsync($"COPY t FROM 's3://{_cluster.Bucket}/f' {authorization} CSV");
    }

    [Fact]
    public async Task A_copy_is_of_its_transaction()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");
        await _cluster.PutAsync("f", "1\n2\n");

        await _cluster.ExecuteAsync("BEGIN");
        await _cluster.CopyAsync("t", "f", "CSV STATUPDATE ON COMPUPDATE OFF");
        Assert.Equal("2", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
        await _cluster.ExecuteAsync("ROLLBACK");
        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));

        await _cluster.ExecuteAsync("BEGIN; DELETE FROM t");
        await _cluster.CopyAsync("t", "f", "CSV");
        await _cluster.ExecuteAsync("COMMIT");
        Assert.Equal("2", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
    }

    [Fact]
    public async Task An_unload_can_be_copied_back()
    {
        await _cluster.ExecuteAsync("CREATE TABLE t (i int, v varchar); INSERT INTO t VALUES (1, 'it\\'s, \"x\"\n'), (2, NULL), (3, '')");
        var unload = $"UNLOAD ('SELECT i, v FROM T WHERE v IS NULL OR v <> ''x'' ORDER BY i') TO 's3://{_cluster.Bucket}/u/' IAM_ROLE '{RedshiftCluster.Role}'";

        await _cluster.ExecuteAsync($"{unload} CSV HEADER GZIP MANIFEST NULL AS '\\\\N'");
        await _cluster.ExecuteAsync($"{unload.Replace("/u/", "/told/", StringComparison.Ordinal)} CSV HEADER MANIFEST VERBOSE; CREATE TABLE told AS SELECT pg_last_unload_count() AS rows");
        Assert.Matches("\"meta\":{\"content_length\":[0-9]+,\"record_count\":5},\"author\"", Encoding.UTF8.GetString(await _cluster.GetAsync("told/manifest"))); // with two headers
        Assert.Equal("3", await _cluster.QueryAsync("SELECT rows FROM told"));
        await _cluster.ExecuteAsync("CREATE TABLE back (i int, v varchar)");
        await _cluster.CopyAsync("back", "u/manifest", "CSV IGNOREHEADER 1 GZIP MANIFEST");

        Assert.Equal("0", await _cluster.QueryAsync("SELECT COUNT(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM back) d"));
        Assert.Equal("3", await _cluster.QueryAsync("SELECT COUNT(*) FROM back"));
        Assert.Contains("not empty", (await _cluster.RefusedAsync(() => _cluster.ExecuteAsync(unload))).MessageText, StringComparison.Ordinal);
        await _cluster.ExecuteAsync($"{unload} ALLOWOVERWRITE PARALLEL OFF DELIMITER AS '|' ADDQUOTES");
        Assert.Equal("\"1\"|\"it's, \"\"x\"\"\n\"\n\"2\"|\n\"3\"|\"\"\n", Encoding.UTF8.GetString(await _cluster.GetAsync("u/000")));
    }

    [Fact]
    public async Task Faults_come_about_when_they_are_asked_for()
    {
        var faults = _cluster.Server.Faults;
        await _cluster.ExecuteAsync("CREATE TABLE t (i int)");
        await _cluster.PutAsync("f", "1\n2\n3\n");

        faults.Conflict("^insert", times: 2);
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal("1023", (await _cluster.RefusedAsync(() => _cluster.ExecuteAsync("INSERT INTO t VALUES (1)"))).MessageText);
        }

        faults.DropBefore("^insert");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _cluster.ExecuteAsync("INSERT INTO t VALUES (2)"));
        faults.DropAfter("^insert");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _cluster.ExecuteAsync("INSERT INTO t VALUES (3)"));
        faults.DropAtRow(2);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _cluster.CopyAsync("t", "f", "CSV"));
        Assert.Equal("3", await _cluster.QueryAsync("SELECT i FROM t"));

        faults.DropAfter("^commit");
        await _cluster.ExecuteAsync("BEGIN; INSERT INTO t VALUES (4)");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => _cluster.ExecuteAsync("COMMIT"));
        Assert.Equal("3\n4", await _cluster.QueryAsync("SELECT i FROM t ORDER BY i"));
        Assert.Equal(0, faults.Left);

        var pause = faults.Pause("^copy");
        using var cancel = new CancellationTokenSource();
        await using var command = new NpgsqlCommand($"COPY t FROM 's3://{_cluster.Bucket}/f' IAM_ROLE '{RedshiftCluster.Role}' CSV", _cluster.Connection);
        var copying = command.ExecuteNonQueryAsync(cancel.Token);
        await pause.Reached;
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        Assert.Equal("2", await _cluster.QueryAsync("SELECT COUNT(*) FROM t"));
    }

    private static byte[] Packed(string text)
    {
        var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return to.ToArray();
    }
}
