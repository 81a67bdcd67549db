using Microsoft.Data.Sqlite;
using Sluice.Storage.Journal;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage.Conformance.Sqlite;

public sealed class SqliteStoreTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-store").FullName;

    private string File => Path.Combine(_folder, "sluice.db");

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task Every_commit_is_flushed_to_disk()
    {
        await using var store = await SqliteStore.OpenAsync(File);
        await store.MigrateAsync(None);

        Assert.True(System.IO.File.Exists($"{File}-wal"));
        Assert.Equal(2L, store.Pragma("synchronous"));
    }

    [Fact]
    public async Task A_folder_that_is_missing_is_named()
    {
        var file = Path.Combine(_folder, "missing", "sluice.db");

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(file));

        Assert.Equal("store.cannot_open", refused.Code);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_and_left_alone()
    {
        await System.IO.File.WriteAllTextAsync(File, new string('x', 5000));

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqliteStore.OpenAsync(File));

        Assert.Equal("store.damaged", refused.Code);
        Assert.Equal(new string('x', 5000), await System.IO.File.ReadAllTextAsync(File));
    }

    [Fact]
    public async Task A_full_disk_loses_the_group_and_nothing_else()
    {
        await using var store = await SqliteStore.OpenAsync(File);
        await store.MigrateAsync(None);
        var epoch = (await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;
        store.LimitPages(100);

        var big = new JournalBatch();
        big.Entries.Add(new("a", new byte[1_000_000]));
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.Journal.AppendAsync(epoch, big, None));

        Assert.Equal(("store.disk_full", true), (refused.Code, refused.IsTransient));
        var small = new JournalBatch();
        small.Entries.Add(new("a", new byte[] { 1 }));
        await store.Journal.AppendAsync(epoch, small, None);
        var recovered = new List<RecoveredRecord>();
        await foreach (var record in store.Journal.RecoverAsync(None))
        {
            recovered.Add(record);
        }

        Assert.Equal([1], Assert.Single(recovered).Payload.ToArray());
    }

    [Fact]
    public async Task A_writer_that_another_process_keeps_waiting_says_so()
    {
        await using var store = await SqliteStore.OpenAsync(File);
        await store.MigrateAsync(None);
        await using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        await other.OpenAsync();
        await using var command = other.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None));

        Assert.Equal(("store.busy", true), (refused.Code, refused.IsTransient));
        command.CommandText = "ROLLBACK";
        await command.ExecuteNonQueryAsync();
        Assert.NotNull(await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None));
    }

    [Fact]
    public async Task Calls_complete_on_the_calling_thread()
    {
        await using var store = SqliteStore.InMemory();
        var epoch = Completed(store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;

        Completed(store.Journal.AppendAsync(epoch, new JournalBatch(), None));
        Completed(store.ReadModel.ListDagsAsync(None));
    }

    private static T Completed<T>(ValueTask<T> call)
    {
        var task = call.AsTask();
        Assert.True(task.IsCompletedSuccessfully);
        return task.Result;
    }
}
