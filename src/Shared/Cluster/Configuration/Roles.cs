namespace Sluice.Cluster.Configuration;

/// <summary>The settings of each role.</summary>
public static class Roles
{
    private static readonly Setting[] Common =
    [
        new("config", "JSON file with settings; flags and environment win"),
        new("home", "folder for databases, logs, keys and caches", DefaultHome),
        new("log_level", "trace, debug, information, warning or error", "information"),
    ];

    private static readonly Setting[] Joining =
    [
        new("seeds", "addresses of the seed nodes, host:port,host:port"),
        new("cluster_secret", "secret that the nodes of a cluster share, 16 characters or more") { IsSecret = true },
        new("cluster_secret_file", "file that holds the cluster secret"),
    ];

    private static readonly Setting[] OfScheduler =
    [
        new("database", "postgres://login:password@host/db, or sqlite:/path; default: SQLite in the home") { IsSecret = true },
        new("secret_key_file", "file with the key that seals connections and variables; default: in the home"),
        new("dag_folder", "folder with the Dag files"),
        new("lease_duration", "life of the leader lease without renewal", "15s"),
        new("heartbeat_every", "gap between a worker's heartbeats", "2s"),
        new("fence_after", "a worker that heard no leader for so long stops its tasks", "30s"),
        new("lost_after", "a worker that was silent for so long is lost", "40s"),
        new("scan_every", "gap between two looks at the Dag folder that no notice of a change asked for", "30s"),
        new("import_timeout", "longest time for the code of one Dag file; compiling does not count", "30s"),
        new("import_memory_mib", "memory for one Dag file, MiB", "512"),
        new("rendered_fields_kept", "runs of each task whose rendered templates are kept", "30"),
        new("asset_events_kept", "events of each asset that are kept", "1000"),
    ];

    private static readonly Setting[] OfWorker =
    [
        new("slots", "tasks at once", "8"),
        new("queues", "queues that it serves, a,b", "default"),
        new("warm_runners", "runner processes kept ready", "1"),
        new("tasks_per_runner", "tasks after which a runner is replaced", "100000"),
        new("runner_idle", "a runner beyond the warm ones ends after so long without a task", "5m"),
        new("kill_grace", "how long a cancelled task may go on before its runner is killed", "10s"),
        new("drain_timeout", "how long running tasks may take when it stops", "30s"),
        new("xcom_store", "where large XComs go, s3://bucket/prefix or file:///folder, for all workers the same; default: the database"),
        new("xcom_store_connection", "connection that xcom_store is opened with"),
    ];

    /// <summary>The folder when none is given: <c>~/.sluice</c>.</summary>
    public static string DefaultHome => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".sluice");

    public static IReadOnlyList<Setting> Seed { get; } =
    [
        .. Common, .. Joining[1..], TlsSettings.Authority, .. TlsSettings.Own,
        new("listen", "host:port for the API and for other nodes", "127.0.0.1:8080"),
        new("advertise", "host:port that others reach it at; default: listen"),
    ];

    public static IReadOnlyList<Setting> Scheduler { get; } =
    [
        .. Common, .. Joining, TlsSettings.Authority, .. TlsSettings.Own,
        new("listen", "host:port for workers", "127.0.0.1:8081"),
        new("advertise", "host:port that others reach it at; default: listen"),
        .. OfScheduler,
    ];

    public static IReadOnlyList<Setting> Worker { get; } = [.. Common, .. Joining, TlsSettings.Authority, .. OfWorker];

    /// <summary>All roles in one process.</summary>
    public static IReadOnlyList<Setting> Up { get; } =
        [.. Common, new("listen", "host:port for the API", "127.0.0.1:8080"), .. OfScheduler, .. OfWorker];

    /// <summary>Every setting of any role, once.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [.. Seed.Concat(Scheduler).Concat(Worker).Concat(Up).DistinctBy(setting => setting.Name)];

    /// <summary>The cluster secret, from the setting or its file.</summary>
    /// <exception cref="SettingException">Neither is given, or it is too short to be one.</exception>
    public static string ClusterSecret(SettingValues values)
    {
        var secret = values.Find("cluster_secret");
        if (secret is null && values.Find("cluster_secret_file") is { } path)
        {
            try
            {
                secret = File.ReadAllText(path).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw values.Nonsense("cluster_secret_file", $"a file that can be read ({e.Message})");
            }
        }

        return secret switch
        {
            null => throw new SettingException(
                "The cluster secret is not set. Give all nodes the same one by SLUICE_CLUSTER_SECRET or --cluster-secret-file; make one with: openssl rand -hex 32"),
            { Length: < 16 } => throw new SettingException("The cluster secret is shorter than 16 characters; make one with: openssl rand -hex 32"),
            _ => secret,
        };
    }
}
