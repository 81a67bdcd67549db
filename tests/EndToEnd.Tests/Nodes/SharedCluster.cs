namespace Sluice.EndToEnd.Tests.Nodes;

/// <summary>One cluster for tests that leave its nodes alone. Each takes Dags of its own names.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    internal TestCluster Cluster { get; private set; } = null!;

    internal ClusterApi Api => Cluster.Api;

    public async Task InitializeAsync() => Cluster = await TestCluster.StartAsync(slots: 16);

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class SharedClusterTests : ICollectionFixture<SharedCluster>
{
    public const string Name = "Shared cluster";
}
