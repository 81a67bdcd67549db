using Sluice.Core.DagRuns;
using Sluice.Storage;
using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Simulation.Tests;

/// <summary>The real store, with an eye on what is written: every event of every run, in the order of the commits.</summary>
internal sealed class WatchedStore(IStore inner, TimeProvider time) : IStore, IJournalStore
{
    public ILeaseStore Leases => inner.Leases;

    public IJournalStore Journal => this;

    public IReadModel ReadModel => inner.ReadModel;

    public IBundleStore Bundles => inner.Bundles;

    public ISecretStore Secrets => inner.Secrets;

    public List<(string Stream, long Epoch, DagRunEvent Event)> RunEvents { get; } = [];

    /// <summary>How long a group takes to be durable.</summary>
    public Func<JournalBatch, TimeSpan>? CommitTakes { get; set; }

    public async ValueTask<long> AppendAsync(long epoch, JournalBatch batch, CancellationToken cancellationToken)
    {
        if (CommitTakes?.Invoke(batch) is { } wait)
        {
            await Task.Delay(wait, time, cancellationToken);
        }

        var sequence = await inner.Journal.AppendAsync(epoch, batch, cancellationToken);
        foreach (var entry in batch.Entries.Where(entry => entry.Stream.StartsWith("r:", StringComparison.Ordinal)))
        {
            RunEvents.Add((entry.Stream, epoch, DagRunJson.DeserializeEvent(entry.Payload.Span)));
        }

        return sequence;
    }

    public IAsyncEnumerable<RecoveredRecord> RecoverAsync(CancellationToken cancellationToken) => inner.Journal.RecoverAsync(cancellationToken);

    public ValueTask<bool> TruncateAsync(long epoch, long throughSequence, CancellationToken cancellationToken) =>
        inner.Journal.TruncateAsync(epoch, throughSequence, cancellationToken);

    public ValueTask MigrateAsync(CancellationToken cancellationToken) => inner.MigrateAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
