using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Objects;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Providers.Postgres.Hooks;
using Sluice.Providers.Tests.MySql;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Who publishes, and what becomes of the others.</summary>
[Collection(AloneCollection.Name)]
public sealed class PublishingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_two_who_replace_a_file_at_once_one_does()
    {
        var store = new FileObjectStore();
        var uri = ObjectUri.Parse(_folder.Uri("one.csv"));
        for (var round = 0; round < 200; round++)
        {
            await using var a = await store.OpenWriteAsync(uri, replace: true, CancellationToken.None);
            await using var b = await store.OpenWriteAsync(uri, replace: true, CancellationToken.None);
            await a.Body.WriteAsync("a"u8.ToArray());
            await b.Body.WriteAsync("b"u8.ToArray());
            using var start = new Barrier(2);

            var done = await Task.WhenAll(CommitAsync(a), CommitAsync(b));

            Assert.Equal(1, done.Count(one => one));
            Assert.Equal(done[0] ? "a" : "b", await File.ReadAllTextAsync(_folder["one.csv"]));

            Task<bool> CommitAsync(IObjectWrite write) => Task.Run(async () =>
            {
                start.SignalAndWait();
                try
                {
                    await write.CommitAsync(CancellationToken.None);
                    return true;
                }
                catch (ObjectChangedException)
                {
                    return false;
                }
            });
        }

        Assert.Equal([_folder["one.csv"]], _folder.AllFiles());
    }

    [Fact]
    public async Task A_task_that_was_killed_after_it_published_may_try_again_and_nobody_else()
    {
        var run = new TaskRun().With("db", _folder.SqliteUri("s.db"));
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int); INSERT INTO s VALUES (1)");
        var extract = new SqlToS3Operator { Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("out/s.csv"), Manifest = true };
        await run.As(attempt: 1).ExecuteAsync(extract);
        await run.ExecuteSqlAsync("db", "INSERT INTO s VALUES (2)");

        var again = run.As(attempt: 2);
        again.TryNumber = 2;
        var wrote = await again.ExecuteAsync<SqlToS3Result>(extract);

        Assert.Equal(2, wrote.Rows);
        Assert.Contains(run.Log, line => line.Contains("written by an earlier try of this task in this run", StringComparison.Ordinal));
        var manifest = await ObjectManifest.ReadAsync(new FileObjectStore(), ObjectUri.Parse(wrote.Uri), CancellationToken.None);
        Assert.EndsWith("try 2", manifest.Meta.Sluice!.WrittenBy, StringComparison.Ordinal);
        Assert.Equal(2, _folder.AllFiles().Count(file => file.Contains("/out/", StringComparison.Ordinal))); // what the first try wrote is gone
        await Assert.ThrowsAsync<ObjectExistsException>(() => run.As(attempt: 1, key: 2).ExecuteAsync(extract)); // another run
        again.MapIndex = 1;
        await Assert.ThrowsAsync<ObjectExistsException>(() => again.ExecuteAsync(extract)); // another instance
    }

    [Fact]
    public async Task A_manifest_that_is_replaced_takes_nothing_with_it_that_an_extract_has_not_written()
    {
        var run = new TaskRun().With("db", _folder.SqliteUri("s.db"));
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int); INSERT INTO s VALUES (1)");
        await File.WriteAllTextAsync(_folder["precious.csv"], "id\n7\n");
        await File.WriteAllTextAsync(_folder["s.csv.manifest"], $$"""{"entries": [{"url": "{{_folder.Uri("precious.csv")}}", "mandatory": true, "meta": {"content_length": 5} }], "meta": {} }""");

        var extract = new SqlToS3Operator { Table = "s", SqlConnectionId = "db", Uri = _folder.Uri("s.csv"), Manifest = true, Replace = true };
        await run.ExecuteAsync(extract);
        await run.ExecuteAsync(extract);

        Assert.Equal("id\n7\n", await File.ReadAllTextAsync(_folder["precious.csv"]));
        Assert.Single(_folder.AllFiles(), file => file.Contains("s.csv.parts/", StringComparison.Ordinal)); // its own go
    }

    [Fact]
    public async Task Rows_of_a_query_with_parameters_cost_no_text_each()
    {
        await using var hook = new PostgresHook(Core.Connections.ConnectionUri.Parse("db", await (await PostgresServer.StartSharedAsync()).CreateDatabaseUriAsync()));
        const string Query = "SELECT i, repeat('x', 40) AS a, repeat('y', 40) AS b, i % 2 = 0 AS c, NULL::text AS d, '' AS e FROM generate_series(1, @rows::int) i";
        var rows = new RowList();
        await hook.ExtractAsync(Query, new Dictionary<string, object?> { ["rows"] = 2 }, rows, CancellationToken.None);
        Assert.Equal([["1", new string('x', 40), new string('y', 40), "false", null, ""], ["2", new string('x', 40), new string('y', 40), "true", null, ""]], rows.Rows);

        var counter = new RowCounter();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await hook.ExtractAsync(Query, new Dictionary<string, object?> { ["rows"] = 100_000 }, counter, CancellationToken.None);

        Assert.Equal(100_000, counter.Rows);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 20_000_000); // two texts a row would be more
    }
}
