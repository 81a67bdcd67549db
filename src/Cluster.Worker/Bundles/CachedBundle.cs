namespace Sluice.Cluster.Worker.Bundles;

/// <summary>A bundle that lies in the worker's cache.</summary>
/// <param name="Hash">Its content hash, lower-case hex of SHA-256.</param>
/// <param name="Path">The file; its content has been checked against the hash.</param>
/// <param name="Variables">Values that its definitions read.</param>
internal sealed record CachedBundle(string Hash, string Path, IReadOnlyDictionary<string, string> Variables);
