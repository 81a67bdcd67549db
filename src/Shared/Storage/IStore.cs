using Sluice.Storage.Bundles;
using Sluice.Storage.Journal;
using Sluice.Storage.Leases;
using Sluice.Storage.ReadModel;
using Sluice.Storage.Secrets;

namespace Sluice.Storage;

/// <summary>One deployment's database: what Sluice asks of PostgreSQL or SQLite. Safe for concurrent use.</summary>
public interface IStore : IAsyncDisposable
{
    ILeaseStore Leases { get; }

    IJournalStore Journal { get; }

    IReadModel ReadModel { get; }

    IBundleStore Bundles { get; }

    ISecretStore Secrets { get; }

    /// <summary>Creates or upgrades the schema. Forward only; safe to call from several processes at once.</summary>
    /// <exception cref="StoreException"><c>store.newer_schema</c>: the database was upgraded by a newer Sluice.</exception>
    ValueTask MigrateAsync(CancellationToken cancellationToken);
}

/// <summary>The database could not do what was asked.</summary>
/// <param name="code">Stable code, such as <c>store.unreachable</c>.</param>
/// <param name="message">What, where, and what to do; never a password.</param>
/// <param name="isTransient">True when trying again may help.</param>
/// <param name="inner">What the driver threw.</param>
public class StoreException(string code, string message, bool isTransient = false, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;

    public bool IsTransient { get; } = isTransient;
}

/// <summary>A write was refused: a newer leader holds the lease.</summary>
/// <remarks>Never retried. This holder has lost its lease and stops; the new one replays the journal.</remarks>
public sealed class FencedOutException(long held, long current)
    : StoreException("journal.fenced_out", $"The lease is at epoch {current}; this writer holds epoch {held}.")
{
    public long Held { get; } = held;

    public long Current { get; } = current;
}
