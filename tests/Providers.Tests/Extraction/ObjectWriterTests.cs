using Sluice.Authoring.Hooks;
using Sluice.Core.DagRuns;
using Sluice.Core.Schedules;
using Sluice.Core.TaskInstances;
using Sluice.Providers.Aws.Operators;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>An object knows who wrote it: an attempt takes over what an earlier one of its own left behind, and nothing else.</summary>
public sealed class ObjectWriterTests : IDisposable
{
    private const int Large = 9 * 1024 * 1024; // several parts
    private static readonly ObjectWriter First = new("me", 1);
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("file")]
    [InlineData("s3")]
    public async Task A_retry_replaces_what_its_own_task_published_and_no_one_elses(string scheme)
    {
        var (run, folder) = await RunAsync(scheme);
        await run.ExecuteSqlAsync("db", "CREATE TABLE s (id int); INSERT INTO s VALUES (1)");
        var connection = scheme == "s3" ? "s3" : null;
        var extract = new SqlToS3Operator { Table = "s", SqlConnectionId = "db", Uri = $"{folder}/s.csv", AwsConnectionId = connection };
        var copy = new S3CopyOperator { SourceUri = $"{folder}/s.csv", DestinationUri = $"{folder}/copy.csv", SourceConnectionId = connection };
        foreach (var task in new Authoring.Operators.Operator[] { extract, copy })
        {
            await run.As(attempt: 1).ExecuteAsync(task);
        }

        await run.ExecuteSqlAsync("db", "INSERT INTO s VALUES (2)");
        var again = run.As(attempt: 3);
        again.Dag = "renamed";
        Assert.Equal(2, (await again.ExecuteAsync<SqlToS3Result>(extract)).Rows);
        await again.ExecuteAsync(copy);

        Assert.Contains(run.Log, line => line.EndsWith("s.csv was written by an earlier try of this task in this run (attempt 1); it is written again.", StringComparison.Ordinal));
        await using var store = run.Context().Providers.OpenObjectStore(scheme, scheme == "s3" ? run.Connection("s3") : null);
        foreach (var name in new[] { "s.csv", "copy.csv" })
        {
            using var text = new StreamReader(await store.OpenReadAsync(ObjectUri.Parse($"{folder}/{name}"), CancellationToken.None));
            Assert.Equal("id\n1\n2\n", (await text.ReadToEndAsync()).ReplaceLineEndings("\n"));
        }

        var mapped = run.As(attempt: 4);
        mapped.MapIndex = 0;
        foreach (var other in new[] { run.As(attempt: 4, key: 2), mapped, run.As(attempt: 2) })
        {
            foreach (var task in new Authoring.Operators.Operator[] { extract, copy })
            {
                await Assert.ThrowsAsync<ObjectExistsException>(() => other.ExecuteAsync(task));
            }
        }
    }

    [Theory]
    [InlineData("file", 5)]
    [InlineData("s3", 5)]
    [InlineData("s3", Large)]
    public async Task Of_attempts_of_one_task_whoever_began_last_has_the_say(string scheme, int size)
    {
        var (run, folder) = await RunAsync(scheme);
        await using var store = run.Context().Providers.OpenObjectStore(scheme, scheme == "s3" ? run.Connection("s3") : null);
        var uri = ObjectUri.Parse($"{folder}/object");

        // Both began when nothing was there.
        await using (var held = await OpenAsync(First))
        {
            await WriteAsync(First with { Attempt = 2 });
            await Assert.ThrowsAsync<ObjectExistsException>(async () => await held.CommitAsync(CancellationToken.None));
        }

        await Assert.ThrowsAsync<ObjectExistsException>(() => OpenAsync(First)); // woken up after it was superseded
        await Assert.ThrowsAsync<ObjectExistsException>(() => OpenAsync(new("other", 9)));
        await Assert.ThrowsAsync<ObjectExistsException>(() => OpenAsync(null));

        // Both took over the same.
        await using (var held = await OpenAsync(First with { Attempt = 3 }))
        {
            Assert.Equal(2, held.TakesOverFrom!.Attempt);
            await WriteAsync(First with { Attempt = 4 });
            await Assert.ThrowsAsync<ObjectChangedException>(async () => await held.CommitAsync(CancellationToken.None));
        }

        Assert.Equal((First with { Attempt = 4 }, (long)size), await StateAsync());

        // One that gives up leaves what is there.
        await using (await OpenAsync(First with { Attempt = 5 }))
        {
        }

        Assert.Equal(4, (await StateAsync()).Writer!.Attempt);

        // What others wrote is theirs, whoever wrote before them.
        await using (var theirs = await store.OpenWriteAsync(uri, replace: true, CancellationToken.None))
        {
            Assert.Null(theirs.TakesOverFrom);
            await theirs.CommitAsync(CancellationToken.None);
        }

        Assert.Equal((null, 0), await StateAsync());
        await Assert.ThrowsAsync<ObjectExistsException>(() => OpenAsync(First with { Attempt = 6 }));

        async Task<IObjectWrite> OpenAsync(ObjectWriter? writer)
        {
            var write = await store.OpenWriteAsync(uri, new() { Writer = writer }, CancellationToken.None);
            var bytes = new byte[size];
            bytes[0] = (byte)(writer?.Attempt ?? 0); // S3 tells versions by what is in them
            await write.Body.WriteAsync(bytes);
            return write;
        }

        async Task WriteAsync(ObjectWriter writer)
        {
            await using var write = await OpenAsync(writer);
            await write.CommitAsync(CancellationToken.None);
        }

        async Task<(ObjectWriter? Writer, long Size)> StateAsync() =>
            await store.HeadAsync(uri, CancellationToken.None) is { } there ? (there.Writer, there.Size) : throw new InvalidOperationException("Nothing is there.");
    }

    [Fact]
    public async Task A_file_that_somebody_wrote_into_or_copied_is_nobodys()
    {
        var store = new FileObjectStore();
        var uri = ObjectUri.Parse(_folder.Uri("a.csv"));
        await using (var write = await store.OpenWriteAsync(uri, new() { Writer = First }, CancellationToken.None))
        {
            await write.CommitAsync(CancellationToken.None);
        }

        Assert.Equal(First, (await store.HeadAsync(uri, CancellationToken.None))!.Writer);
        using (var copied = System.Diagnostics.Process.Start("cp", ["--preserve=all", _folder["a.csv"], _folder["b.csv"]]))
        {
            await copied.WaitForExitAsync();
        }

        Assert.Null((await store.HeadAsync(ObjectUri.Parse(_folder.Uri("b.csv")), CancellationToken.None))!.Writer);
        await File.AppendAllTextAsync(_folder["a.csv"], "mine");
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await store.OpenWriteAsync(uri, new() { Writer = First with { Attempt = 2 } }, CancellationToken.None));
    }

    [Fact]
    public void A_writer_is_one_task_of_one_run_of_one_deployment()
    {
        var facts = new RunFacts
        {
            Key = 7, Dag = new("dag"), Id = new("run"), Type = RunType.Manual, Interval = new DataInterval(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch), Version = "v", CreatedAt = DateTimeOffset.UnixEpoch,
        };
        var writers = new[]
        {
            ObjectWriter.Of(facts, new("task"), null, 1), ObjectWriter.Of(facts with { Key = 8 }, new("task"), null, 1), ObjectWriter.Of(facts, new("other"), null, 1),
            ObjectWriter.Of(facts with { CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(1) }, new("task"), null, 1),
            ObjectWriter.Of(facts, new("task"), new MapPosition(0, 0, 2), 1), ObjectWriter.Of(facts, new("task"), new MapPosition(0, 1, 2), 1),
        };

        Assert.Equal(writers.Length, writers.Select(writer => writer.Owner).Distinct().Count());
        Assert.Equal(writers[0], ObjectWriter.Of(facts with { Dag = new("renamed") }, new("task"), null, 1));
        Assert.All(writers, writer => Assert.Equal(writer, ObjectWriter.TryParse(writer.ToString())));
        Assert.All(new[] { null, "", "me", "/1", "me/x", "me/1/2", "me/-1" }, text => Assert.Null(ObjectWriter.TryParse(text)));
    }

    private async Task<(TaskRun Run, string Folder)> RunAsync(string scheme)
    {
        var run = new TaskRun().With("db", _folder.SqliteUri("s.db"));
        var server = await S3Server.StartSharedAsync();
        run.With("s3", $"s3://{server.AccessKey}:{server.SecretKey}@/?endpoint_url={Uri.EscapeDataString(server.Endpoint.ToString().TrimEnd('/'))}&region={server.Region}");
        return (run, scheme == "s3" ? $"s3://{await server.CreateBucketAsync()}/out" : _folder.Uri("out"));
    }
}
