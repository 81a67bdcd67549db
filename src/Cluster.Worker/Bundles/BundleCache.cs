using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;

namespace Sluice.Cluster.Worker.Bundles;

/// <summary>Bundles on the worker's disk, <c>{home}/bundles/{hash}</c>, each asked of the leader once in this process.</summary>
/// <remarks>The file outlives the process and spares the transfer's parsing later; the variables are asked anew with each start.</remarks>
internal sealed class BundleCache(string home, ILeaderRequests leader)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<CachedBundle>>> _bundles = new(StringComparer.Ordinal);

    /// <summary>The bundle with this hash; fetched when it is not there.</summary>
    /// <exception cref="BundleException">It cannot be had, or is not what its hash says.</exception>
    public Task<CachedBundle> GetAsync(string hash)
    {
        var bundle = _bundles.GetOrAdd(hash, static (h, self) => new(() => self.FetchAsync(h)), this).Value;
        if (bundle.IsFaulted)
        {
            _bundles.TryRemove(hash, out _);
        }

        return bundle;
    }

    private async Task<CachedBundle> FetchAsync(string hash)
    {
        var response = await leader.RequestAsync(Methods.FetchBundle, JsonSerializer.Serialize(new(hash), LeaderJson.Default.FetchById), CancellationToken.None);
        if (response is not { Code: 200, Body: { } body })
        {
            throw new BundleException($"Bundle {hash} could not be fetched: {response.Error ?? $"the scheduler answered with code {response.Code}."}");
        }

        var bundle = JsonSerializer.Deserialize(body, LeaderJson.Default.BundleContent)!;
        var found = Convert.ToHexStringLower(SHA256.HashData(bundle.Content));
        if (!found.Equals(hash, StringComparison.OrdinalIgnoreCase))
        {
            throw new BundleException($"Bundle {hash} arrived with other content (hash {found}).");
        }

        return new(hash, Store(found, bundle.Content), bundle.Variables);
    }

    private string Store(string hash, byte[] content)
    {
        var folder = Path.Combine(home, "bundles");
        var path = Path.Combine(folder, hash);
        try
        {
            Directory.CreateDirectory(folder);
            if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            {
                return path;
            }

            var temporary = Path.Combine(folder, $"{hash}.{Guid.NewGuid():N}.tmp");
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"Bundle {hash} cannot be kept in {folder}: {e.Message}", e);
        }
    }
}

/// <summary>A bundle cannot be used. Costs no retry of the task: it is not the task's fault.</summary>
internal sealed class BundleException(string message, Exception? inner = null) : Exception(message, inner);
