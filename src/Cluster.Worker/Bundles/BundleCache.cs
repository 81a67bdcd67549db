using System.Collections.Concurrent;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;

namespace Sluice.Cluster.Worker.Bundles;

/// <summary>Bundles on the worker's disk, <c>{home}/bundles/{hash}</c>, where its runners read them; each is asked of the leader once in this process.</summary>
/// <remarks>The hash covers source and variables, not the bytes of the assembly, so it cannot be checked against them.</remarks>
internal sealed class BundleCache(string home, ILeaderRequests leader, TimeProvider time)
{
    private static readonly TimeSpan KeptUnused = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<string, Lazy<Task<CachedBundle>>> _bundles = new(StringComparer.Ordinal);
    private readonly string _folder = Path.Combine(home, "bundles");

    /// <summary>The bundle with this hash; fetched when it is not there.</summary>
    /// <exception cref="BundleException">It cannot be had.</exception>
    public Task<CachedBundle> GetAsync(string hash)
    {
        var bundle = _bundles.GetOrAdd(hash, static (h, self) => new(() => self.FetchAsync(h)), this).Value;
        if (bundle.IsFaulted)
        {
            // This caller learns why; the next one asks again.
            _bundles.TryRemove(hash, out _);
        }

        return bundle;
    }

    /// <summary>Deletes files that no process has asked for in a month.</summary>
    public void DeleteUnused()
    {
        try
        {
            var before = (time.GetUtcNow() - KeptUnused).UtcDateTime;
            foreach (var file in Directory.Exists(_folder) ? Directory.GetFiles(_folder) : [])
            {
                if (File.GetLastWriteTimeUtc(file) < before)
                {
                    File.Delete(file);
                    if (Directory.Exists(file + ".files"))
                    {
                        Directory.Delete(file + ".files", recursive: true); // Unpacked by runners.
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another worker of the same home is at it, or it is not ours to delete: no harm.
        }
    }

    private async Task<CachedBundle> FetchAsync(string hash)
    {
        if (hash.Length == 0 || !hash.All(char.IsAsciiLetterOrDigit))
        {
            throw new BundleException($"'{hash}' is not the hash of a bundle.");
        }

        var response = await leader.RequestAsync(Methods.FetchBundle, WireJson.Write(new FetchById(hash)), CancellationToken.None);
        if (response is not { Code: 200, Body: { } body })
        {
            throw new BundleException($"Bundle {hash} could not be fetched: {response.Error ?? $"the scheduler answered with code {response.Code}."}");
        }

        var bundle = WireJson.Read<BundleContent>(body);
        return new(hash, Store(hash, bundle.Content), bundle.Variables);
    }

    private string Store(string hash, byte[] content)
    {
        var path = Path.Combine(_folder, hash);
        try
        {
            Directory.CreateDirectory(_folder);
            var temporary = Path.Combine(_folder, $"{hash}.{Guid.NewGuid():N}.tmp");
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"Bundle {hash} cannot be kept in {_folder}: {e.Message}", e);
        }
    }
}

/// <summary>A bundle cannot be used. Costs no retry of the task: it is not the task's fault.</summary>
internal sealed class BundleException(string message, Exception? inner = null) : Exception(message, inner);
