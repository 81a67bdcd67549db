using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

/// <summary>Unchanged code makes no version, wherever, whenever and however often it is imported.</summary>
public sealed class VersionStabilityTests : IDisposable
{
    // Everything that might creep in: dictionaries (each process hashes strings its own way), numbers, dates, letters beyond ASCII.
    private const string Source = """
        Dag.Define("stable", dag =>
        {
            dag.Schedule = Schedule.Cron("0 2 * * 1-5");
            dag.StartDate = Date.Of(2021, 2, 5);
            dag.TimeZone = "Asia/Seoul";
            dag.Tags("ış", "weather");
            dag.Params["ratio"] = 1.5;
            dag.Params["since"] = new DateTime(2021, 2, 5);
            dag.Params["at"] = new DateTimeOffset(2021, 2, 5, 9, 0, 0, TimeSpan.FromHours(9));
            dag.Params["by_team"] = new Dictionary<string, int> { ["z"] = 1, ["a"] = 2, ["ö"] = 3 };
            foreach (var name in new HashSet<string> { "one", "two", "three" }.Order(StringComparer.Ordinal))
                dag.Add("load_" + name, new ShellOperator
                {
                    Script = "echo $A $B",
                    Env = Enumerable.Range(0, 20).ToDictionary(i => "K" + i, i => i.ToString()),
                });
            dag.Run("count", ctx => 1, task => task.RetryDelay = TimeSpan.FromSeconds(1.5));
        });
        """;

    private readonly string _home = Directory.CreateTempSubdirectory("sluice-versions-").FullName;

    [Fact]
    public async Task The_same_file_has_one_version_over_folders_processes_cultures_zones_and_times()
    {
        (string Culture, string Zone)[] places = [("en_US.UTF-8", "UTC"), ("tr_TR.UTF-8", "America/St_Johns"), ("ar_SA.UTF-8", "Asia/Seoul"), ("de_DE.UTF-8", "Pacific/Apia")];
        var found = new List<(string? Dag, string? Bundle, string Spec)>();
        for (var i = 0; i < places.Length; i++)
        {
            var folder = Path.Combine(_home, $"folder {i}");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "stable.cs"), Source);
            File.SetLastWriteTimeUtc(Path.Combine(folder, "stable.cs"), new(2020 + i, 1, 1, 0, 0, 0, DateTimeKind.Utc));

            // A process of its own, started under other settings, with another seed for hashes, and asked twice.
            using var settings = new Settings(("LC_ALL", places[i].Culture), ("LANG", places[i].Culture), ("TZ", places[i].Zone));
            await using var client = new DagProcessorClient(new());
            for (var again = 0; again < 2; again++)
            {
                var file = await client.ProcessAsync(folder, "stable.cs", new Dictionary<string, string>(), CancellationToken.None);
                Assert.Empty(file.Problems);
                found.Add((file.Dags[0].Version, file.BundleHash, file.Dags[0].Spec));
            }
        }

        Assert.True(found.Distinct().Count() == 1, string.Join('\n', found.Select(version => version.ToString()).Distinct()));
    }

    public void Dispose() => TemporaryFolder.Delete(_home);

    /// <summary>Environment variables that child processes inherit, for a while.</summary>
    private sealed class Settings : IDisposable
    {
        private readonly Dictionary<string, string?> _before;

        public Settings(params (string Name, string Value)[] values)
        {
            _before = values.ToDictionary(value => value.Name, value => Environment.GetEnvironmentVariable(value.Name));
            foreach (var (name, value) in values)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }

        public void Dispose()
        {
            foreach (var (name, value) in _before)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }
}
