namespace Sluice.Architecture.Tests;

/// <summary>Who may know whom: design.md, 2.</summary>
public sealed class ArrowTests
{
    /// <summary>What each project may name directly. Fewer is fine; more needs a line here, and a reason.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Shared/Core"] = [],
        ["Shared/Actors"] = [],
        ["Shared/Authoring"] = ["Shared/Core"],
        ["Shared/Storage"] = ["Shared/Actors", "Shared/Core"],
        ["Shared/Storage.Sqlite"] = ["Shared/Storage"],
        ["Shared/Storage.Postgres"] = ["Shared/Storage"],
        ["Shared/Cluster"] = ["Shared/Actors", "Shared/Core"],
        ["Cluster.Seed"] = ["Shared/Cluster"],
        ["Cluster.Scheduler"] = ["DagProcessor", "Shared/Cluster", "Shared/Storage", "Shared/Storage.Postgres", "Shared/Storage.Sqlite"],

        // The runner owns the protocol of the pipe between the two.
        ["Cluster.Worker"] = ["Providers/All", "Runner", "Shared/Authoring", "Shared/Cluster"],

        // Child processes that run user code.
        ["DagProcessor"] = ["Providers/All", "Shared/Authoring"],
        ["Runner"] = ["Providers/All", "Shared/Authoring"],

        // Whoever asks a deployment over HTTP needs its contracts alone.
        ["Client"] = ["Shared/Cluster"],

        // "sluice up" hosts all roles in one process.
        ["Cli"] =
        [
            "Client", "Cluster.Scheduler", "Cluster.Seed", "Cluster.Worker", "Shared/Actors", "Shared/Authoring", "Shared/Cluster", "Shared/Core",
            "Shared/Storage", "Shared/Storage.Postgres", "Shared/Storage.Sqlite", "Providers/All",
        ],
    };

    /// <summary>Redshift speaks PostgreSQL's protocol.</summary>
    private static readonly Dictionary<string, string[]> AllowedBetweenProviders = new(StringComparer.Ordinal) { ["Providers/Aws"] = ["Providers/Postgres"] };

    [Fact]
    public void Every_arrow_is_one_of_the_design()
    {
        var forbidden =
            from project in ProjectGraph.Arrows
            from to in project.Value
            where !IsAllowed(project.Key, to)
            select $"{project.Key} -> {to}";

        Assert.Empty(forbidden);
    }

    [Fact]
    public void Every_project_has_its_place_in_the_design() =>
        Assert.DoesNotContain(ProjectGraph.Arrows.Keys, project => !Allowed.ContainsKey(project) && !IsProvider(project));

    [Fact]
    public void A_worker_never_reaches_a_database_of_ours()
    {
        foreach (var project in new[] { "Cluster.Worker", "Cluster.Seed", "Runner", "DagProcessor" })
        {
            Assert.DoesNotContain(ProjectGraph.Reach(project), reached => reached.StartsWith("Shared/Storage", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Providers_and_authors_reach_no_actors() =>
        Assert.Empty(
            from project in ProjectGraph.Arrows.Keys
            where IsProvider(project) || project is "Shared/Authoring" or "Runner" or "DagProcessor"
            where ProjectGraph.Reach(project).Any(reached => reached is "Shared/Actors" or "Shared/Cluster")
            select project);

    [Fact]
    public void Core_and_actors_know_nobody()
    {
        Assert.Empty(ProjectGraph.Reach("Shared/Core"));
        Assert.Empty(ProjectGraph.Reach("Shared/Actors"));
    }

    private static bool IsProvider(string project) => project.StartsWith("Providers/", StringComparison.Ordinal);

    private static bool IsAllowed(string from, string to)
    {
        if (!IsProvider(from))
        {
            return Allowed.TryGetValue(from, out var targets) && targets.Contains(to);
        }

        return to is "Shared/Authoring" or "Shared/Core"
            || (from == "Providers/All" && IsProvider(to))
            || (AllowedBetweenProviders.TryGetValue(from, out var others) && others.Contains(to));
    }
}
