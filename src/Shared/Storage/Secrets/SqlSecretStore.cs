using Sluice.Storage.Sql;

namespace Sluice.Storage.Secrets;

internal sealed class SqlSecretStore(ISqlDatabase database) : ISecretStore
{
    public async ValueTask SaveAsync(SecretKind kind, string name, ReadOnlyMemory<byte> sealedValue, CancellationToken cancellationToken)
    {
        const string Sql = "INSERT INTO secret (kind, name, sealed) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET sealed = excluded.sealed";
        await database.ExecuteAsync(Sql, [(short)kind, name, sealedValue.ToArray()], cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<byte[]?> FindAsync(SecretKind kind, string name, CancellationToken cancellationToken)
    {
        var found = await database.QueryAsync(
            "SELECT sealed FROM secret WHERE kind = $1 AND name = $2", [(short)kind, name], row => row.Bytes(0), cancellationToken).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    public async ValueTask<bool> DeleteAsync(SecretKind kind, string name, CancellationToken cancellationToken) =>
        await database.ExecuteAsync("DELETE FROM secret WHERE kind = $1 AND name = $2", [(short)kind, name], cancellationToken).ConfigureAwait(false) > 0;

    public async ValueTask<IReadOnlyList<KeyValuePair<string, byte[]>>> ListAsync(SecretKind kind, CancellationToken cancellationToken) =>
        await database.QueryAsync(
            "SELECT name, sealed FROM secret WHERE kind = $1 ORDER BY name", [(short)kind],
            row => KeyValuePair.Create(row.Text(0), row.Bytes(1)), cancellationToken).ConfigureAwait(false);
}
