using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Aws.S3;
using Sluice.Services;
using Sluice.Services.S3Faults;

namespace Sluice.Providers.Tests.Aws;

/// <summary>S3 fails in the middle: an extract is whole in the end, or fails in one sentence and leaves nothing that counts.</summary>
public sealed class S3FaultTests : IAsyncLifetime
{
    // Three parts of 8 MiB and a rest; and seven and a rest.
    private const string Large = "SELECT seq AS id, REPEAT('x', 10000) AS v FROM seq_1_to_2600";
    private const string Larger = "SELECT seq AS id, REPEAT('x', 100000) AS v FROM seq_1_to_620";
    private const string Small = "SELECT seq AS id FROM seq_1_to_10";

    private readonly TaskRun _run = new();
    private S3FaultProxy _s3 = null!;
    private S3ObjectStore _store = null!;
    private string _bucket = null!;

    public async Task InitializeAsync()
    {
        _s3 = await S3FaultProxy.StartAsync();
        _bucket = await (await S3Server.StartSharedAsync()).CreateBucketAsync();
        _run.With("s3", _s3.Uri).With("db", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        _store = new(_run.Connection("s3"));
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _s3.DisposeAsync();
    }

    [Fact]
    public async Task What_passes_is_tried_again_and_the_extract_is_whole()
    {
        _s3.Faults.ResetInAnswer(r => r.Operation == S3Operation.Head);
        _s3.Faults.Refuse(r => r.Operation == S3Operation.BeginUpload, 503, "SlowDown");
        _s3.Faults.Refuse(r => r.Part is 1 or 4, 500, "InternalError", times: 2);
        _s3.Faults.Refuse(r => r.Part == 2, 503, "SlowDown");
        _s3.Faults.ResetInBody(r => r.Part == 3);
        _s3.Faults.Refuse(r => r.Operation == S3Operation.CompleteUpload, 503, "ServiceUnavailable");
        _s3.Faults.Refuse(r => r.Operation == S3Operation.Put, 503, "SlowDown", times: 2);

        await AssertWholeAsync(await ExtractAsync(Large, manifest: true), 2600);
        Assert.Equal(0, _s3.Faults.Left); // all of it did come about
    }

    [Fact]
    public async Task A_connection_that_is_reset_in_the_middle_of_part_7_costs_that_part_only()
    {
        _s3.Faults.ResetInBody(r => r.Part == 7);

        await AssertWholeAsync(await ExtractAsync(Larger, manifest: false), 620);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 7, 8], _s3.Requests.Select(r => r.Part).Where(part => part > 0).Order());
    }

    [Theory]
    [InlineData(503, "SlowDown", "S3 failed on s3://", "SlowDown")]
    [InlineData(400, "ExpiredToken", "refused the credentials of connection 's3': ExpiredToken", "")]
    [InlineData(403, "AccessDenied", "connection 's3' may not access s3://", "access denied")]
    public async Task What_does_not_pass_from_a_part_on_fails_clearly_and_leaves_no_parts(int status, string code, string expected, string also)
    {
        foreach (var manifest in (bool[])[false, true])
        {
            _s3.Faults.Refuse(r => r.Part >= 2, status, code, S3FaultList.Always);

            var e = await Assert.ThrowsAsync<TaskErrorException>(() => ExtractAsync(Large, manifest));

            Assert.Contains(expected, e.Message, StringComparison.Ordinal);
            Assert.Contains(also, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            Assert.Empty(_s3.Uploads);
            Assert.Empty(await KeysAsync());
        }

        Assert.Contains(_s3.Requests, r => r.Part == 1);
    }

    [Fact]
    public async Task Credentials_that_expire_for_good_leave_nothing_that_counts_and_the_next_attempt_with_new_ones_is_whole()
    {
        var expired = true;
        _s3.Faults.Refuse(r => expired && r.Part != 1 && _s3.Requests.Any(earlier => earlier.Part == 1), 400, "ExpiredToken", S3FaultList.Always);
        Assert.Contains("ExpiredToken", (await Assert.ThrowsAsync<TaskErrorException>(() => ExtractAsync(Large, manifest: true))).Message, StringComparison.Ordinal);
        expired = false;
        Assert.Empty(await KeysAsync());

        await AssertWholeAsync(await ExtractAsync(Large, manifest: true), 2600, uploadsLeft: 1); // nobody could abort the first: the bucket's rule must
    }

    [Theory]
    [InlineData(Small, S3Operation.Put, false, false, 1)]
    [InlineData(Small, S3Operation.Put, false, false, 10)] // the SDK gives up before
    [InlineData(Small, S3Operation.Put, false, true, 1)]
    [InlineData(Small, S3Operation.Put, true, false, 1)]
    [InlineData(Small, S3Operation.Put, true, true, 10)]
    [InlineData(Large, S3Operation.CompleteUpload, false, false, 1)]
    [InlineData(Large, S3Operation.CompleteUpload, false, true, 10)]
    public async Task A_write_whose_answer_was_lost_is_known_as_ones_own(string query, S3Operation operation, bool manifest, bool replace, int times)
    {
        if (replace)
        {
            await ExtractAsync(Small, manifest); // so that the next one asks for If-Match
        }

        _s3.Faults.SwallowAnswer(r => r.Operation == operation && r.Key.EndsWith(".manifest", StringComparison.Ordinal) == manifest, times);

        await AssertWholeAsync(await ExtractAsync(query, manifest, replace), query == Small ? 10 : 2600);
        Assert.Contains(_s3.Requests, r => r.Operation == operation);
    }

    [Fact]
    public async Task A_write_that_met_someone_elses_object_is_told_so()
    {
        await using (var losing = await _store.OpenWriteAsync(Object("raced"), new() { Replace = false }, CancellationToken.None))
        {
            await losing.Body.WriteAsync("same"u8.ToArray());
            await PutAsync("raced", "same");
            await Assert.ThrowsAsync<ObjectExistsException>(async () => await losing.CommitAsync(CancellationToken.None));
        }

        // Between looking and writing, where only the condition helps.
        foreach (var replace in (bool[])[false, true])
        {
            var key = $"between {replace}";
            if (replace)
            {
                await PutAsync(key, "old");
            }

            await using var losing = await _store.OpenWriteAsync(Object(key), new() { Replace = replace }, CancellationToken.None);
            await losing.Body.WriteAsync("mine"u8.ToArray());
            var pause = _s3.Faults.Pause(r => r.Operation == S3Operation.Put);
            var commit = losing.CommitAsync(CancellationToken.None).AsTask();
            await pause.Reached.WaitAsync(TimeSpan.FromSeconds(120));
            await PutAsync(key, "theirs");
            pause.Release();

            Assert.IsType(replace ? typeof(ObjectChangedException) : typeof(ObjectExistsException), await Record.ExceptionAsync(() => commit));
            Assert.Equal("theirs", await ReadAsync(Object(key)));
        }
    }

    [Fact]
    public async Task A_manifest_of_which_nobody_knows_whether_it_is_there_names_nothing_that_is_missing()
    {
        await ExtractAsync(Small, manifest: true);
        var isCut = false;
        _s3.Faults.SwallowAnswer(r => r.Operation == S3Operation.Put && r.Key.EndsWith(".manifest", StringComparison.Ordinal) && (isCut = true));
        _s3.Faults.ResetInBody(_ => isCut, S3FaultList.Always);

        await Assert.ThrowsAsync<TaskErrorException>(() => ExtractAsync(Large, manifest: true, replace: true));
        isCut = false;
        await AssertNamedAsync(2600);

        await AssertWholeAsync(await ExtractAsync(Small, manifest: true, replace: true), 10);
    }

    [Fact]
    public async Task An_object_that_breaks_off_while_it_is_loaded_leaves_the_table_as_it_was()
    {
        _run.With("warehouse", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync());
        await _run.ExecuteSqlAsync("warehouse", "CREATE TABLE t (id int, v text); INSERT INTO t VALUES (0, 'old')");
        foreach (var key in (string[])["rows.csv", "rows.csv.gz"])
        {
            var wrote = await ExtractAsync(Large, manifest: true, key: key);
            foreach (var method in (LoadMethod[])[LoadMethod.Append, LoadMethod.Replace])
            {
                var load = new S3ToRedshiftOperator { Table = "t", Uri = wrote.Uri, AwsConnectionId = "s3", RedshiftConnectionId = "warehouse", Method = method };
                _s3.Faults.ResetInAnswer(r => r.Operation == S3Operation.Get && r.Key.Contains("parts", StringComparison.Ordinal), times: S3FaultList.Always);

                var e = await Assert.ThrowsAsync<TaskErrorException>(() => _run.ExecuteAsync(load));

                Assert.Contains(" broke off while it was read: ", e.Message, StringComparison.Ordinal);
                Assert.Equal([[0, "old"]], await _run.QueryAsync("warehouse", "SELECT * FROM t"));
            }
        }
    }

    private async Task<SqlToS3Result> ExtractAsync(string query, bool manifest, bool replace = false, string key = "rows.csv") =>
        await _run.ExecuteAsync<SqlToS3Result>(new SqlToS3Operator
        {
            Query = query, SqlConnectionId = "db", S3Bucket = _bucket, S3Key = key, AwsConnectionId = "s3", Manifest = manifest, Replace = replace,
        });

    // What was told is there, row by row, and nothing beside it.
    private async Task AssertWholeAsync(SqlToS3Result wrote, int rows, int uploadsLeft = 0)
    {
        Assert.Equal(rows, wrote.Rows);
        Assert.Equal(uploadsLeft, _s3.Uploads.Count);
        if (wrote.Uri.EndsWith(".manifest", StringComparison.Ordinal))
        {
            await AssertNamedAsync(rows);
        }
        else
        {
            AssertRows(await ReadAsync(Object("rows.csv")), rows);
        }
    }

    private async Task AssertNamedAsync(int rows)
    {
        var manifest = await ObjectManifest.ReadAsync(_store, Object("rows.csv.manifest"), CancellationToken.None);
        AssertRows(await ReadAsync(Assert.Single(manifest.Entries).Uri), rows);
    }

    private static void AssertRows(string csv, int rows) =>
        Assert.Equal(Enumerable.Range(1, rows), csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => int.Parse(line.Split(',')[0])));

    private async Task<string> ReadAsync(Uri uri)
    {
        using var reader = new StreamReader(await _store.OpenReadAsync(uri, CancellationToken.None));
        return await reader.ReadToEndAsync();
    }

    private async Task PutAsync(string key, string text)
    {
        await using var write = await _store.OpenWriteAsync(Object(key), new() { Replace = true }, CancellationToken.None);
        await write.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text));
        await write.CommitAsync(CancellationToken.None);
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var one in _store.ListAsync(Object(""), CancellationToken.None))
        {
            keys.Add(ObjectUri.Key(one.Uri));
        }

        return keys;
    }

    private Uri Object(string key) => ObjectUri.Create("s3", _bucket, key);
}
