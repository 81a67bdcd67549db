using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Cluster.Worker.Logs;

namespace Sluice.Worker.Tests.Logs;

public sealed class AttemptLogTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("sluice-test-").FullName;

    public void Dispose() => TemporaryFolder.Delete(_home);

    [Fact]
    public void An_attempt_that_says_nothing_leaves_no_file()
    {
        Log("r", 1_000).Dispose();

        Assert.False(Directory.Exists(Path.Combine(_home, "logs")));
    }

    [Fact]
    public void A_log_that_is_too_long_is_cut_and_says_so()
    {
        using var log = Log("r", 1_024);
        for (var i = 0; i < 100; i++)
        {
            log.Write(LogLevel.Information, $"line {i}");
        }

        var lines = Read("r").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("The log was cut here", lines[^1], StringComparison.Ordinal);
        Assert.EndsWith("INFO line 0", lines[0], StringComparison.Ordinal);
        Assert.InRange(lines.Length, 20, 40);
    }

    [Fact]
    public void Lines_are_there_while_the_log_is_open()
    {
        using var log = Log("manual__2021-02-05T00:00:00+00:00", 1_000);
        log.Write(LogLevel.Warning, "안녕");

        Assert.EndsWith("Z WARN 안녕\n", Read("manual__2021-02-05T00:00:00+00:00"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_piece_that_is_read_ends_with_a_whole_character()
    {
        var path = LogPaths.For(_home, "d", "r", "t", 1);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, new string('한', 400_000));

        var text = "";
        long offset = 0;
        for (var piece = LogReader.Read(_home, new("d", "r", "t", 1, 0)); piece.Text.Length > 0; piece = LogReader.Read(_home, new("d", "r", "t", 1, offset)))
        {
            text += piece.Text;
            offset = piece.Next;
        }

        Assert.Equal(new string('한', 400_000), text);
    }

    [Fact]
    public void A_log_that_is_not_here_is_said_to_be_missing() =>
        Assert.False(LogReader.Read(_home, new("d", "r", "none", 1, 0)).Exists);

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../../etc/passwd")]
    [InlineData("a/b")]
    [InlineData("")]
    public void No_id_leads_out_of_the_folder(string id)
    {
        var path = Path.GetFullPath(LogPaths.For(_home, id.Length == 0 ? "d" : id, "r", "t", 1));

        Assert.StartsWith(Path.Combine(_home, "logs") + Path.DirectorySeparatorChar, path, StringComparison.Ordinal);
        Assert.Equal(5, path[_home.Length..].Count(c => c == Path.DirectorySeparatorChar));
    }

    [Fact]
    public void Different_ids_have_different_files()
    {
        var ids = new[] { "a:b", "a%3Ab", "a_b", "A:b", new string('x', 300), new string('x', 299) + "y" };

        Assert.Equal(ids.Length, ids.Select(LogPaths.Safe).Distinct(StringComparer.Ordinal).Count());
    }

    private AttemptLog Log(string run, long limit) =>
        new(() => LogPaths.For(_home, "d", run, "t", 1), limit, TimeProvider.System, NullLogger.Instance);

    private string Read(string run) => File.ReadAllText(LogPaths.For(_home, "d", run, "t", 1));
}
