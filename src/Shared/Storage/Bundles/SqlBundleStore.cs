using Sluice.Storage.Sql;

namespace Sluice.Storage.Bundles;

internal sealed class SqlBundleStore(ISqlDatabase database) : IBundleStore
{
    public async ValueTask SaveAsync(string hash, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "INSERT INTO bundle (hash, content) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING", [hash, content.ToArray()], cancellationToken)
            .ConfigureAwait(false);

    public async ValueTask<byte[]?> FindAsync(string hash, CancellationToken cancellationToken)
    {
        var found = await database.QueryAsync("SELECT content FROM bundle WHERE hash = $1", [hash], row => row.Bytes(0), cancellationToken)
            .ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }
}
