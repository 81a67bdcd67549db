using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Providers.Aws.Sensors;
using Sluice.Providers.Files.Objects;
using Sluice.Providers.Files.Sensors;

namespace Sluice.Providers.Tests.Files;

public sealed class FilesTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FileObjectStore _store = new();
    private readonly TaskRun _run = new() { TimeZone = "Asia/Seoul" };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_appears_whole_at_the_commit_and_an_abort_leaves_nothing()
    {
        var uri = ObjectUri.Parse(_folder.Uri("깊은/곳/a b#1%.csv"));
        await using (var write = await _store.OpenWriteAsync(uri, replace: false, CancellationToken.None))
        {
            await write.Body.WriteAsync(new byte[10]);
            Assert.Null(await _store.HeadAsync(uri, CancellationToken.None));
        }

        Assert.Empty(_folder.AllFiles());
        await WriteAsync(uri, replace: false);
        Assert.Equal(_folder["깊은/곳/a b#1%.csv"], Assert.Single(_folder.AllFiles()));
        Assert.Equal(3, (await _store.HeadAsync(uri, CancellationToken.None))!.Size);
    }

    [Fact]
    public async Task Of_two_who_write_without_replace_the_second_fails_at_its_commit()
    {
        var uri = ObjectUri.Parse(_folder.Uri("x.csv"));
        await using var late = await _store.OpenWriteAsync(uri, replace: false, CancellationToken.None);
        await WriteAsync(uri, replace: false);

        await Assert.ThrowsAsync<ObjectExistsException>(() => late.CommitAsync(CancellationToken.None).AsTask());
        await late.DisposeAsync();
        Assert.Equal(3, new FileInfo(Assert.Single(_folder.AllFiles())).Length);
    }

    // A killed process holds no lock; how long it is dead is known by the file's age only.
    [Fact]
    public async Task A_write_removes_what_killed_ones_left_a_day_ago_and_nothing_that_somebody_writes()
    {
        var uri = ObjectUri.Parse(_folder.Uri("x.csv"));
        await using var slow = await _store.OpenWriteAsync(uri, replace: true, CancellationToken.None);
        var held = Assert.Single(_folder.AllFiles());
        string[] others = [_folder[".sluice-new.partial"], _folder["sluice-old.partial"], _folder["deeper/.sluice-old.partial"]];
        Directory.CreateDirectory(_folder["deeper"]);
        foreach (var path in (string[])[.. others, _folder[".sluice-old.partial"]])
        {
            await File.WriteAllBytesAsync(path, new byte[5]);
        }

        foreach (var path in (string[])[held, others[1], others[2], _folder[".sluice-old.partial"]])
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-25));
        }

        await WriteAsync(uri, replace: true);

        Assert.Equal([.. others.Append(held).Append(_folder["x.csv"]).Order(StringComparer.Ordinal)], _folder.AllFiles().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Files_are_listed_by_prefix_in_order_without_those_being_written()
    {
        foreach (var name in (string[])["d=2/a", "d=1/b", "d=1/a", "e"])
        {
            await WriteAsync(ObjectUri.Parse(_folder.Uri(name)), replace: true);
        }

        await using var open = await _store.OpenWriteAsync(ObjectUri.Parse(_folder.Uri("d=1/c")), replace: true, CancellationToken.None);
        var found = new List<string>();
        await foreach (var one in _store.ListAsync(ObjectUri.Parse(_folder.Uri("d=")), CancellationToken.None))
        {
            found.Add(ObjectUri.Text(one.Uri));
        }

        Assert.Equal([_folder.Uri("d=1/a"), _folder.Uri("d=1/b"), _folder.Uri("d=2/a")], found);
    }

    [Theory]
    [InlineData("file:///a/../b")]
    [InlineData("no address")]
    [InlineData("s3://bucket-only")]
    public void What_is_no_address_is_refused(string text) => Assert.Throws<TaskFailedException>(() => ObjectUri.Parse(text));

    [Fact]
    public async Task The_file_sensor_waits_for_a_file_also_by_wildcard()
    {
        Assert.False((await _run.PokeAsync(new FileSensor { Path = _folder["in/a.csv"] })).IsDone);
        Assert.False((await _run.PokeAsync(new FileSensor { Path = _folder["*/a.???"] })).IsDone);

        await WriteAsync(ObjectUri.Parse(_folder.Uri("in/a.csv")), replace: true);

        Assert.True((await _run.PokeAsync(new FileSensor { Path = _folder["in/a.csv"] })).IsDone);
        Assert.Equal(_folder["in/a.csv"], (await _run.PokeAsync(new FileSensor { Path = _folder["*/[ab].???"] })).Value);
        Assert.False((await _run.PokeAsync(new FileSensor { Path = _folder["*.csv"] })).IsDone);
        await Assert.ThrowsAsync<TaskFailedException>(() => _run.PokeAsync(new FileSensor { Path = "relative.csv" }));
    }

    [Fact]
    public async Task Sensors_that_watch_tell_one_occurrence_from_the_next()
    {
        var run = new TaskRun { Watches = true }.With("db", _folder.SqliteUri("x.db"));
        var (first, second) = (new DateTime(2021, 2, 5, 0, 0, 0, DateTimeKind.Utc), new DateTime(2021, 2, 6, 0, 0, 0, DateTimeKind.Utc));
        foreach (var name in new[] { "in/a.csv", "in/b.csv" })
        {
            await WriteAsync(ObjectUri.Parse(_folder.Uri(name)), replace: true);
            File.SetLastWriteTimeUtc(_folder[name], first);
        }

        Sensor[] sensors =
        [
            new FileSensor { Path = _folder["in/*.csv"] },
            new S3KeySensor { BucketKey = _folder.Uri("in/*.csv"), WildcardMatch = true },
            new S3KeySensor { BucketKeys = [_folder.Uri("in/a.csv"), _folder.Uri("in/b.csv")] },
        ];
        foreach (var sensor in sensors)
        {
            File.SetLastWriteTimeUtc(_folder["in/b.csv"], first);
            var before = await run.PokeAsync(sensor);
            Assert.Equal(before, await run.PokeAsync(sensor));

            File.SetLastWriteTimeUtc(_folder["in/b.csv"], second); // written again
            var after = await run.PokeAsync(sensor);

            Assert.True(before.IsDone && after.IsDone);
            Assert.NotEqual(before.Mark, after.Mark);
            Assert.EndsWith("in/b.csv", (string)after.Value!, StringComparison.Ordinal);
        }

        Assert.Equal(new(true, "7"), await run.PokeAsync(new SqlSensor { Sql = "SELECT 7", ConnectionId = "db" }));
        Assert.False((await run.PokeAsync(new SqlSensor { Sql = "SELECT 0", ConnectionId = "db" })).IsDone);
    }

    [Theory]
    [InlineData("09:30", "2021-02-06T00:29:59Z", false)]
    [InlineData("09:30", "2021-02-06T00:30:00Z", true)]
    [InlineData("2021-02-07T08:00:00+09:00", "2021-02-06T22:59:59Z", false)]
    [InlineData("2021-02-07T08:00:00+09:00", "2021-02-06T23:00:00Z", true)]
    [InlineData("2021-02-07 08:00:00", "2021-02-06T22:59:59Z", false)]
    [InlineData("2021-02-07 08:00:00", "2021-02-06T23:00:00Z", true)]
    public async Task The_time_sensor_waits_in_the_zone_of_the_dag(string target, string now, bool done) =>
        Assert.Equal(done, (await _run.PokeAsync(new TimeSensor { Target = target, Clock = new FixedClock(DateTimeOffset.Parse(now)) })).IsDone);

    [Theory]
    [InlineData("SELECT 1", true)]
    [InlineData("SELECT 0", false)]
    [InlineData("SELECT '0'", false)]
    [InlineData("SELECT ''", false)]
    [InlineData("SELECT NULL", false)]
    [InlineData("SELECT 0.0", false)]
    [InlineData("SELECT 'yes'", true)]
    [InlineData("SELECT 1 WHERE 0", false)]
    public async Task The_sql_sensor_looks_at_the_first_cell(string sql, bool done)
    {
        _run.With("db", _folder.SqliteUri("x.db"));

        Assert.Equal(done, (await _run.PokeAsync(new SqlSensor { Sql = sql, ConnectionId = "db" })).IsDone);
    }

    private async Task WriteAsync(Uri uri, bool replace)
    {
        await using var write = await _store.OpenWriteAsync(uri, replace, CancellationToken.None);
        await write.Body.WriteAsync(new byte[3]);
        await write.CommitAsync(CancellationToken.None);
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
