using Sluice.Cluster.Worker.Runners;

namespace Sluice.Worker.Tests.Runners;

public sealed class SocketFolderTests
{
    [Fact]
    public void What_a_dead_worker_left_is_removed_and_what_a_living_one_has_stays()
    {
        using var folder = new TemporaryFolder("sluice-test-");
        var parent = folder.Path;
        using (var living = SocketFolder.Create(parent))
        {
            var dead = Directory.CreateDirectory(Path.Combine(parent, "sluice-runners-dead")).FullName;
            File.WriteAllText(Path.Combine(dead, "lock"), "");
            File.WriteAllText(Path.Combine(dead, "1.sock"), "");
            var beingMade = Directory.CreateDirectory(Path.Combine(parent, "sluice-runners-new")).FullName;
            var other = Directory.CreateDirectory(Path.Combine(parent, "sluice-other")).FullName;

            using var next = SocketFolder.Create(parent);

            Assert.Equal(
                new[] { living.Path, next.Path, beingMade, other }.Order(StringComparer.Ordinal),
                Directory.GetDirectories(parent).Order(StringComparer.Ordinal));
        }
    }
}
