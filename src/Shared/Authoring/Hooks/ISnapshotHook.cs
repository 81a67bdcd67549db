namespace Sluice.Authoring.Hooks;

/// <summary>A database that lets several sessions read the same moment.</summary>
public interface ISnapshotHook : ISqlHook
{
    /// <summary>Opens sessions that all see one moment, whatever is written meanwhile. They only read.</summary>
    /// <param name="readers">How many; 1 is a session whose statements all see the same.</param>
    /// <param name="schema">Schema of the table; null for the connection's own.</param>
    /// <param name="table">The table that is read; null when queries of any kind are, which some databases need more rights for.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="SqlHookException">The database refuses, or the right is missing.</exception>
    ValueTask<SqlSnapshot> OpenSnapshotAsync(int readers, string? schema, string? table, CancellationToken cancellationToken);
}

/// <summary>Sessions that see the same moment. Disposing ends them.</summary>
/// <param name="sessions">At least one.</param>
public sealed class SqlSnapshot(IReadOnlyList<ISqlHook> sessions) : IAsyncDisposable
{
    /// <summary>The sessions; each may be used by one reader at a time.</summary>
    public IReadOnlyList<ISqlHook> Sessions { get; } = sessions;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var session in Sessions)
        {
            await session.DisposeAsync();
        }
    }
}
