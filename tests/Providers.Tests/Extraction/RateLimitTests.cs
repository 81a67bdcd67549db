using Sluice.Authoring.Extraction;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;
using Sluice.Providers.Files.Objects;
using Sluice.Services;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>Extracts that may read so much a second, with a clock that leaps over each wait.</summary>
public sealed class RateLimitTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 2_000, null)]
    [InlineData(3, 2_000, null)]
    [InlineData(1, null, 200_000)]
    [InlineData(2, 1_000_000, 200_000)]
    public async Task All_readers_together_read_no_more_than_the_limit(int readers, int? rows, int? bytes)
    {
        const int Rows = 20_000;
        var run = new TaskRun().With("db", await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync());
        await run.ExecuteSqlAsync("db", $"CREATE TABLE t (id int PRIMARY KEY, v varchar(100)); INSERT INTO t SELECT seq, REPEAT('x', 90) FROM seq_1_to_{Rows}");
        var time = new LeapingTime();
        await using var sql = await run.Context().SqlAsync("db");
        await using var store = new FileObjectStore();

        var wrote = await new RowExtract(
            sql,
            new()
            {
                Table = "t", Readers = readers, PartitionBy = readers > 1 ? "id" : null, MaxRowsPerSecond = rows, MaxBytesPerSecond = bytes,
                Uri = ObjectUri.Parse(_folder.Uri("t.csv")), Store = store, WrittenBy = "test",
            },
            time).RunAsync(CancellationToken.None);

        Assert.Equal(Rows, wrote.Rows);
        var least = Math.Max(rows is { } r ? (double)Rows / r : 0, bytes is { } b ? (double)wrote.Bytes / b : 0);
        Assert.InRange(time.Waited.TotalSeconds, least - 1.5, readers == 1 ? least + 0.5 : double.MaxValue); // a second may be saved up; waits at once are counted one after the other here
    }

    [Fact]
    public async Task Who_was_slow_catches_up_by_one_second_at_most()
    {
        var time = new LeapingTime();
        var limit = new RateLimit(100, null, time);
        time.Leap(TimeSpan.FromHours(1));

        await limit.WaitAsync(100, 0, CancellationToken.None); // saved up
        Assert.Equal(TimeSpan.Zero, time.Waited);
        await limit.WaitAsync(250, 0, CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(2.5), time.Waited);
    }

    private sealed class LeapingTime : TimeProvider
    {
        private readonly Lock _gate = new();
        private DateTimeOffset _now = new(2021, 2, 5, 0, 0, 0, default);

        internal TimeSpan Waited { get; private set; }

        public override DateTimeOffset GetUtcNow()
        {
            lock (_gate)
            {
                return _now;
            }
        }

        internal void Leap(TimeSpan by) => _now += by;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                _now += dueTime;
                Waited += dueTime;
            }

            return new Fired(Task.Run(() => callback(state)));
        }

        private sealed class Fired(Task task) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => false;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => new(task);
        }
    }
}
