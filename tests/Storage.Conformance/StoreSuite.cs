using Sluice.Storage.Journal;
using Sluice.Storage.Leases;

namespace Sluice.Storage.Conformance;

/// <summary>A migrated database for each test, and a leader.</summary>
public abstract class StoreSuite(IEngine engine) : IAsyncLifetime
{
    protected static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected static readonly CancellationToken None = CancellationToken.None;

    protected IDatabase Database { get; private set; } = null!;

    protected IStore Store { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Database = await engine.CreateAsync();
        Store = await Database.OpenAsync();
        await Store.MigrateAsync(None);
    }

    public async Task DisposeAsync() => await Database.DisposeAsync();

    protected async Task<long> LeadAsync(string holder = "leader") => (await AcquireAsync(holder)).Epoch;

    protected async Task<Lease> AcquireAsync(string holder) =>
        await Store.Leases.TryAcquireAsync(holder, $"ws://{holder}:1", Minute, None) ?? throw new InvalidOperationException("The lease is taken.");

    protected static JournalBatch Batch(params (string Stream, string Event)[] entries)
    {
        var batch = new JournalBatch();
        foreach (var (stream, text) in entries)
        {
            batch.Entries.Add(new(stream, Bytes(text)));
        }

        return batch;
    }

    protected static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>What recovery gives, each record as <c>stream:event</c>, snapshots as <c>stream=state</c>.</summary>
    protected static async Task<List<string>> RecoverAsync(IStore store)
    {
        var records = new List<string>();
        await foreach (var record in store.Journal.RecoverAsync(None))
        {
            records.Add($"{record.Stream}{(record.IsSnapshot ? '=' : ':')}{System.Text.Encoding.UTF8.GetString(record.Payload.Span)}");
        }

        return records;
    }
}
