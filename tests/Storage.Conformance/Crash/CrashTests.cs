using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage.Conformance.Crash;

public sealed class CrashTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-crash").FullName;

    public void Dispose() => TemporaryFolder.Delete(_folder);

    [Fact]
    public async Task What_was_acknowledged_before_a_kill_is_there_and_no_group_is_half_there()
    {
        var file = Path.Combine(_folder, "sluice.db");
        var acknowledged = -1;
        for (var round = 0; round < 4; round++)
        {
            acknowledged = await AppendUntilKilledAsync(file, atLeast: acknowledged + 150 + (round * 37));

            var groups = new Dictionary<string, List<int>> { ["a"] = [], ["b"] = [] };
            await using var store = await SqliteStore.OpenAsync(file);
            await foreach (var record in store.Journal.RecoverAsync(CancellationToken.None))
            {
                groups[record.Stream].Add(int.Parse(Encoding.UTF8.GetString(record.Payload.Span), CultureInfo.InvariantCulture));
            }

            var rows = (await store.ReadModel.ListXComsAsync(1, CancellationToken.None)).Select(row => int.Parse(row.Key, CultureInfo.InvariantCulture)).Order();
            Assert.Equal(Enumerable.Range(0, groups["a"].Count), groups["a"]);
            Assert.Equal(groups["a"], groups["b"]);
            Assert.Equal(groups["a"], rows);
            Assert.True(groups["a"].Count > acknowledged, $"{acknowledged} was acknowledged, but only {groups["a"].Count} groups are there.");
        }
    }

    private static async Task<int> AppendUntilKilledAsync(string file, int atLeast)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "exec", typeof(CrashTests).Assembly.Location, "append", file })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var last = -1;
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                last = int.Parse(line, CultureInfo.InvariantCulture);
                if (last == atLeast)
                {
                    process.Kill(); // SIGKILL; what it printed before is still in the pipe
                }
            }

            Assert.True(last >= atLeast, $"The appender ended by itself: {await errors}");
            return last;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
