using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;

namespace Sluice.Providers.Tests.Loading;

/// <summary>A load of all that lies below a prefix takes what was published, and nothing that attempts have left there.</summary>
public sealed class PrefixLoadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Parts_of_attempts_that_were_killed_or_superseded_do_not_count()
    {
        var run = await RunAsync();
        await ExtractAsync(run, "in/a.csv", "id <= 2");
        await ExtractAsync(run, "in/b.csv", "id > 2");
        await ExtractAsync(run, "other/c.csv", "id = 1");

        // What a killed worker leaves: whole parts that no manifest names, a manifest of a COPY, refused rows, a file being written.
        Write($"in/a.csv.parts/{Guid.NewGuid():n}/00000-0000.csv", "id,v\n1,stale\n");
        Write($"in/dead.csv.parts/{Guid.NewGuid():n}/00000-0000.csv.gz", "no gzip");
        Write("in/a.csv.0123.manifest", """{"entries": [{"url": "s3://bucket/x", "mandatory": true, "meta": {"content_length": 1}}]}""");
        Write("in/bad.jsonl", "{}\n");
        Write("in/refused.txt", "{}\n");

        Assert.Equal(new LoadResult(4, 4), await LoadAsync(run, "in/", load => load.Quarantine = _folder.Uri("in/refused.txt")));
        Assert.Equal([[4L, 0L]], await run.QueryAsync("db", "SELECT COUNT(*), SUM(v = 'stale') FROM t"));
        Assert.Contains(run.Log, line => line.StartsWith("Passed over 2 parts that no manifest names", StringComparison.Ordinal));

        // The evidence of one manifest is good for a prefix, too.
        var one = await LoadAsync(run, "other/", load => load.Reconcile = Reconciliation.Checksums);
        Assert.Equal((1, 1), (one.RowsInTable, one.Evidence!.Rows));
    }

    [Fact]
    public async Task What_cannot_be_told_apart_is_refused_and_nothing_published_is_nothing()
    {
        var run = await RunAsync();
        await ExtractAsync(run, "mixed/a.csv", "id <= 2");
        Write("mixed/b.csv", "id,v\n7,x\n");
        await ExtractAsync(run, "formats/a.csv", "id <= 2");
        await ExtractAsync(run, "formats/b.csv", "id <= 2", extract => extract.Delimiter = ";");
        await ExtractAsync(run, "lines/a.json", "id <= 2", extract => extract.FileFormat = FileFormat.JsonLines);
        Write($"dead/a.csv.parts/{Guid.NewGuid():n}/00000-0000.csv", "id,v\n1,stale\n");
        Write("loose/a.csv", "id,v\n7,x\n");
        Write("loose/b.csv", "id,v\n8,x\n");

        Assert.Contains("from extracts of different kinds", (await RefusedAsync<TaskFailedException>("mixed/")).Message, StringComparison.Ordinal);
        Assert.Contains("are written differently", (await RefusedAsync<TaskFailedException>("formats/")).Message, StringComparison.Ordinal);
        Assert.Contains("only CSV can be loaded", (await RefusedAsync<TaskFailedException>("lines/")).Message, StringComparison.Ordinal);
        Assert.Contains("no extract has published them", (await RefusedAsync<TaskErrorException>("dead/")).Message, StringComparison.Ordinal);
        Assert.Equal(new LoadResult(2, 2), await LoadAsync(run, "loose/"));

        async Task<T> RefusedAsync<T>(string prefix)
            where T : Exception => await Assert.ThrowsAsync<T>(() => LoadAsync(run, prefix));
    }

    private static Task<LoadResult> LoadAsync(TaskRun run, TestFolder folder, string prefix, Action<S3ToSqliteOperator>? set)
    {
        var load = new S3ToSqliteOperator { Table = "t", Uri = folder.Uri(prefix), SqliteConnectionId = "db", Method = LoadMethod.Replace };
        set?.Invoke(load);
        return run.ExecuteAsync<LoadResult>(load);
    }

    private Task<LoadResult> LoadAsync(TaskRun run, string prefix, Action<S3ToSqliteOperator>? set = null) => LoadAsync(run, _folder, prefix, set);

    private async Task ExtractAsync(TaskRun run, string name, string where, Action<SqlToS3Operator>? set = null)
    {
        var extract = new SqlToS3Operator
        {
            Query = $"SELECT id, v FROM s WHERE {where}", SqlConnectionId = "db", Uri = _folder.Uri(name), MaxRowsPerFile = 1, Reconcile = Reconciliation.Checksums,
        };
        set?.Invoke(extract);
        await run.ExecuteAsync(extract);
        Assert.NotNull(await new FileObjectStore().HeadAsync(ObjectUri.Parse(_folder.Uri(name) + ObjectManifest.Ending), CancellationToken.None));
    }

    private async Task<TaskRun> RunAsync()
    {
        var run = new TaskRun().With("db", _folder.SqliteUri("t.db"));
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int, v text); INSERT INTO s VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'); CREATE TABLE t (id int, v text)");
        return run;
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllText(_folder[name], text);
    }
}
