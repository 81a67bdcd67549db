using Sluice.Storage.Secrets;

namespace Sluice.Storage.Conformance.Secrets;

public sealed class FilePlacementTests
{
    /// <summary>The drafts are there before anyone begins, so that the writers meet in the placing itself, time after time.</summary>
    [Fact]
    public async Task Of_those_that_place_a_file_at_once_one_does_and_its_file_stays()
    {
        const int Rounds = 1_000;
        const int Writers = 4;
        using var folder = new TemporaryFolder("placement");
        for (var round = 0; round < Rounds; round++)
        {
            for (var writer = 0; writer < Writers; writer++)
            {
                File.WriteAllText(Draft(round, writer), $"{writer}");
            }
        }

        using var start = new Barrier(Writers);
        var placed = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Factory.StartNew(
            () =>
            {
                var mine = new List<int>();
                for (var round = 0; round < Rounds; round++)
                {
                    start.SignalAndWait();
                    if (FilePlacement.TryPlace(Draft(round, writer), folder[$"{round}"]))
                    {
                        mine.Add(round);
                    }
                }

                return mine;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        Assert.Equal(Enumerable.Range(0, Rounds), placed.SelectMany(rounds => rounds).Order());
        Assert.All(
            placed.SelectMany((rounds, writer) => rounds.Select(round => (round, writer))), place => Assert.Equal($"{place.writer}", File.ReadAllText(folder[$"{place.round}"])));
        Assert.Equal(Rounds * Writers, Directory.GetFiles(folder.Path).Length); // the drafts that were placed are gone

        string Draft(int round, int writer) => folder[$"{round}.{writer}"];
    }
}
