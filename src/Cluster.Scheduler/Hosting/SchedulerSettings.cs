using Sluice.Cluster.Configuration;
using Sluice.Storage;
using Sluice.Storage.Postgres;
using Sluice.Storage.Secrets;
using Sluice.Storage.Sqlite;

namespace Sluice.Scheduler.Hosting;

/// <summary>The scheduler's settings turned into what it works with.</summary>
public static class SchedulerSettings
{
    /// <exception cref="SettingException">A value makes no sense.</exception>
    public static SchedulerOptions Options(SettingValues values)
    {
        var options = new SchedulerOptions
        {
            DagFolder = values.Find("dag_folder") ?? "",
            LeaseDuration = values.Duration("lease_duration"),
            HeartbeatEvery = values.Duration("heartbeat_every"),
            FenceAfter = values.Duration("fence_after"),
            LostAfter = values.Duration("lost_after"),
            ScanEvery = values.Duration("scan_every"),
            ImportTimeout = values.Duration("import_timeout"),
            ImportMemoryMiB = values.Number("import_memory_mib", 1, 1 << 20),
            RenderedFieldsKept = values.Number("rendered_fields_kept", 1, 1 << 20),
            AssetEventsKept = values.Number("asset_events_kept", 1, 1 << 20),
        };
        var problems = options.Validate().ToList();
        return problems.Count == 0 ? options : throw new SettingException(string.Join(' ', problems));
    }

    /// <summary>Opens and migrates the database.</summary>
    /// <exception cref="StoreException">It cannot be reached, written or upgraded.</exception>
    public static async Task<IStore> OpenStoreAsync(SettingValues values, CancellationToken cancellationToken)
    {
        var database = values.Find("database") ?? "sqlite:" + Path.Combine(values.Get("home"), "sluice.db");
        IStore store;
        if (database.StartsWith("postgres://", StringComparison.Ordinal) || database.StartsWith("postgresql://", StringComparison.Ordinal))
        {
            store = await PostgresStore.OpenAsync(database, cancellationToken);
        }
        else if (database.StartsWith("sqlite:", StringComparison.Ordinal))
        {
            var path = database["sqlite:".Length..].Replace("///", "/", StringComparison.Ordinal);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            store = await SqliteStore.OpenAsync(path);
        }
        else
        {
            throw values.Nonsense("database", "postgres://login:password@host/db or sqlite:/path");
        }

        try
        {
            await store.MigrateAsync(cancellationToken);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The key that seals secrets; made on first use, readable by this user only.</summary>
    public static SecretBox OpenBox(SettingValues values) =>
        new(SecretKeys.LoadOrCreate(values.Find("secret_key_file") ?? Path.Combine(values.Get("home"), "secret.key")));
}
