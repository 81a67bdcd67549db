using Sluice.Authoring.Evidence;
using Sluice.Authoring.Hooks;
using Sluice.Cli.Backfills;
using Sluice.Cli.Nodes;
using Sluice.Cli.Output;
using Sluice.Cli.Runs;
using Sluice.Cli.TaskInstances;
using Sluice.Cluster.Api;
using Sluice.Actors;

namespace Sluice.Cli.Tests.Output;

public sealed class TableTests
{
    private static readonly DateTimeOffset Noon = new(2021, 2, 5, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Runs_with_long_names_fit_80_columns(bool ofOneDag)
    {
        var run = new RunSummary
        {
            DagId = "a_dag_with_a_name_that_is_a_good_deal_longer_than_most_names_that_people_give",
            RunId = "scheduled__2021-02-05T00:00:00+00:00",
            RunType = "scheduled",
            State = "running",
            LogicalDate = Noon,
            DataIntervalStart = Noon,
            DataIntervalEnd = Noon.AddDays(1),
            StartedAt = Noon,
            EndedAt = Noon.AddHours(3),
            Version = "0",
        };

        var lines = Written(RunTable.Of([run, run with { State = "success" }], ofOneDag));

        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Contains(lines, line => line.Contains("scheduled__2021-02-05T00:00:00+00:00"));
        Assert.Contains(lines, line => line.Contains("3 h 00 m"));
    }

    [Fact]
    public void Wide_cells_wrap_instead_of_running_over()
    {
        var listing = new Listing("nothing", "file", "error");
        listing.Add("folder/file.cs", string.Join(' ', Enumerable.Repeat("word", 100)));

        Assert.All(Written(listing), line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void In_a_pipe_each_row_is_one_line_however_long()
    {
        var error = string.Join(' ', Enumerable.Repeat("word", 5000));
        var listing = new Listing("nothing", "file", "error", "since");
        listing.Add("folder/file.cs", error, "now");
        listing.Add("folder/other.cs", "short", "now");

        var lines = Written(listing, Terminal.WidthOfPipe);

        Assert.Equal(3, lines.Length);
        Assert.Contains(error, lines[1], StringComparison.Ordinal);
        Assert.Equal(lines[1].IndexOf("now", StringComparison.Ordinal), lines[2].IndexOf("now", StringComparison.Ordinal));
    }

    [Fact]
    public void An_empty_table_says_so() => Assert.Equal(["There are no runs."], Written(RunTable.Of([], ofOneDag: true)));

    [Fact]
    public void Text_of_others_cannot_command_the_terminal()
    {
        var listing = new Listing("nothing", "dag");
        listing.Add("a\u001b[2Jb");

        Assert.DoesNotContain('\u001b', string.Concat(Written(listing)));
    }

    [Fact]
    public void A_backfill_tells_its_progress_rate_and_time_to_go()
    {
        var backfill = new BackfillSummary
        {
            BackfillId = "bf-1",
            DagId = "d",
            Start = Noon,
            End = Noon.AddDays(31),
            MaxActiveRuns = 4,
            State = "running",
            Total = 31,
            Succeeded = 14,
            Failed = 1,
            CreatedAt = Noon,
        };

        (double? Rate, double? Eta, string State, string Line)[] rows =
        [
            (2.0, 8, "running", "[##############----------------] 15/31 runs, 1 failed, 2.0/s, ETA 8 s"),
            (0.05, 320, "running", "[##############----------------] 15/31 runs, 1 failed, 3.0/min, ETA 5 m 20 s"),
            (1 / 7200.0, 115_200, "running", "[##############----------------] 15/31 runs, 1 failed, 0.5/h, ETA 1 d 08 h"),
            (1 / 864_000.0, null, "running", "[##############----------------] 15/31 runs, 1 failed, 0.1/d"),
            (null, null, "running", "[##############----------------] 15/31 runs, 1 failed"),
            (null, null, "paused", "[##############----------------] 15/31 runs, 1 failed, paused"),
        ];
        Assert.All(rows, row => Assert.Equal(
            row.Line, BackfillProgress.LineOf(backfill with { RatePerSecond = row.Rate, EtaSeconds = row.Eta, State = row.State }, 100)));
        Assert.Equal("15/31 runs, 1 failed", BackfillProgress.LineOf(backfill, 24));
    }

    [Fact]
    public void Actors_stand_under_their_parents()
    {
        var actors = new[] { Actor("/b", null), Actor("/a/c/d", "/a/c"), Actor("/a", null), Actor("/a/c", "/a"), Actor("/a/b", "/a") };

        Assert.Equal(
            [("/a", 0), ("/a/b", 1), ("/a/c", 1), ("/a/c/d", 2), ("/b", 0)],
            ActorsCommand.InOrder(actors).Select(entry => (entry.Actor.Path, entry.Depth)));
    }

    private static ActorSnapshot Actor(string path, string? parent) => new(path, parent, "T", 0, 0, 0, null, null, TimeSpan.Zero, false, "");

    [Fact]
    public void Evidence_of_four_places_fits_80_columns_and_differences_are_marked()
    {
        ColumnEvidence Column(string max) => new("a_column_with_quite_a_long_name", SqlColumnKind.Timestamp, 0, "2021-02-05 00:00:00.123456+00", max);
        EvidencePlace Place(string name, string max) => new(name, null, 5_000_000, new string('a', 32), [Column(max)]);
        var evidence = new EvidenceRecord(
            [Place("manifest", "2021-02-06"), Place("objects", "2021-02-06"), Place("merged", "2021-02-06"), Place("target", "2021-02-07")],
            [new("manifest", "objects", []), new("merged", "target", ["column differs"])]);

        var lines = Written(TaskEvidence.Table(evidence));

        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Equal(["max"], lines.Where(line => line.Contains("differs", StringComparison.Ordinal)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).First(word => word is "max" or "min" or "nulls" or "hash" or "rows")));
    }

    private static string[] Written(Listing listing, int width = 80)
    {
        using var output = new StringWriter();
        listing.WriteTo(new Terminal { Out = output, Error = TextWriter.Null, Width = width });
        return output.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }
}
