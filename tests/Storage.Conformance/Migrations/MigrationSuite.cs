using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.Migrations;

public abstract class MigrationSuite(IEngine engine) : IAsyncLifetime
{
    private static readonly int Latest = Storage.Migrations.Migration.Of(typeof(Storage.Sqlite.SqliteStore).Assembly).Count;
    private static readonly CancellationToken None = CancellationToken.None;
    private IDatabase _database = null!;

    public async Task InitializeAsync() => _database = await engine.CreateAsync();

    public async Task DisposeAsync() => await _database.DisposeAsync();

    public static TheoryData<int> Versions => new(Enumerable.Range(0, Latest + 1));

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task From_every_version_the_schema_becomes_the_latest_and_a_second_time_changes_nothing(int from)
    {
        var store = await _database.OpenAsync();
        if (from > 0)
        {
            await _database.MigrateUpToAsync(store, from);
        }

        await store.MigrateAsync(None);
        await store.MigrateAsync(None);

        await AssertWorksAsync(store);
    }

    [Fact]
    public async Task What_an_older_version_wrote_is_still_there()
    {
        var old = await _database.OpenAsync();
        await _database.MigrateUpToAsync(old, 1);
        var epoch = (await old.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;
        var batch = new Storage.Journal.JournalBatch();
        batch.Entries.Add(new("s", new byte[] { 1, 2 }));
        await old.Journal.AppendAsync(epoch, batch, None);

        var store = await _database.OpenAsync();
        await store.MigrateAsync(None);

        await foreach (var record in store.Journal.RecoverAsync(None))
        {
            Assert.Equal([1, 2], record.Payload.ToArray());
        }

        Assert.Equal(epoch, (await store.Leases.ReadAsync(None))!.Epoch);
    }

    [Fact]
    public async Task Processes_that_migrate_at_once_do_not_disturb_each_other()
    {
        var stores = new List<IStore>();
        for (var i = 0; i < 4; i++)
        {
            stores.Add(await _database.OpenAsync());
        }

        await Task.WhenAll(stores.Select(store => Task.Run(async () => await store.MigrateAsync(None))));

        await AssertWorksAsync(stores[3]);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_one_sentence()
    {
        var store = await _database.OpenAsync();
        await store.MigrateAsync(None);
        await _database.PretendNewerSchemaAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.MigrateAsync(None));

        Assert.Equal("store.newer_schema", refused.Code);
        Assert.Contains("999", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asking_a_database_without_schema_says_that_it_must_be_migrated()
    {
        var store = await _database.OpenAsync();

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.ReadModel.ListDagsAsync(None));

        Assert.Equal("store.no_schema", refused.Code);
    }

    private static async Task AssertWorksAsync(IStore store)
    {
        var epoch = (await store.Leases.TryAcquireAsync("a", "ws://a:1", TimeSpan.FromMinutes(1), None))!.Epoch;
        var batch = new Storage.Journal.JournalBatch();
        batch.Changes.Add(new ImportErrorRow("x.cs", "bad", DateTimeOffset.UnixEpoch));
        await store.Journal.AppendAsync(epoch, batch, None);
        await store.Bundles.SaveAsync("h", new byte[] { 1 }, None);
        Assert.Single(await store.ReadModel.ListImportErrorsAsync(None));
    }
}
