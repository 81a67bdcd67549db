namespace Sluice.Storage.Leases;

/// <summary>A lease as its row stands.</summary>
/// <param name="Holder">Node id of whoever holds or held it.</param>
/// <param name="Address">Where the holder can be reached.</param>
/// <param name="Epoch">Fencing token: grows by one each time that the lease is taken, never when it is renewed.</param>
/// <param name="Remaining">Time left by the database's clock; zero or less when it has expired.</param>
public sealed record Lease(string Holder, string Address, long Epoch, TimeSpan Remaining);

/// <summary>The leader lease. Only the database's clock counts.</summary>
public interface ILeaseStore
{
    /// <summary>
    /// Takes the lease when it is free, expired, or this holder's own (a process that was started again), always with the next epoch; null when
    /// someone else holds it.
    /// </summary>
    ValueTask<Lease?> TryAcquireAsync(string holder, string address, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Extends the lease, even a late one that no one has taken; false when it was released or is no longer this holder's at this epoch.</summary>
    ValueTask<bool> RenewAsync(string holder, long epoch, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Gives it back, so that another need not wait for it to expire. No effect when it is no longer this holder's.</summary>
    ValueTask ReleaseAsync(string holder, long epoch, CancellationToken cancellationToken);

    /// <summary>Who holds it; null when no one ever did.</summary>
    ValueTask<Lease?> ReadAsync(CancellationToken cancellationToken);
}
