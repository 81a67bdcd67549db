using FsCheck;
using FsCheck.Fluent;
using Sluice.Core.DagRuns;
using Sluice.Core.Watermarks;

namespace Sluice.Core.Tests.Watermarks;

public sealed class WatermarkRulesTests
{
    public static TheoryData<string?, WatermarkWindow?, WatermarkWindow?, WatermarkAnswer> Windows { get; } = new()
    {
        { null, null, null, new(null) }, // the first run
        { "10", null, null, new("10") },
        { "10", null, new("10", "20"), new("10", true, "20") }, // a retry, or the latest run cleared: the window that it had
        { "10", null, new("5", "20"), new("10") }, // the mark was moved by hand since
        { null, null, new(null, null), new(null) }, // nothing was there; perhaps now
        { "10", new("20", "30"), new("10", "20"), new("10", true, "20") }, // an earlier run cleared
        { "10", new("10", "30"), new("10", "20"), new("10", true, "10") }, // it failed, and a later run has read its rows
        { null, new(null, "30"), null, new(null, true) }, // made after a later run has read everything
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public void A_run_reads_from_the_mark_before_it_to_where_the_next_has_begun(string? before, WatermarkWindow? after, WatermarkWindow? own, WatermarkAnswer expected) =>
        Assert.Equal(expected, WatermarkRules.Settle(RunType.Scheduled, before, after, own));

    [Fact]
    public void A_backfill_reads_windows_again_and_opens_none()
    {
        Assert.Contains("A backfill cannot read by a watermark", WatermarkRules.Settle(RunType.Backfill, "10", null, null).Refusal, StringComparison.Ordinal);
        Assert.Equal(new("10", true, "20"), WatermarkRules.Settle(RunType.Backfill, "10", new("20", "30"), new("10", "20")));
    }

    /// <summary>Runs end, fail, are retried and cleared in any order while rows come in: each row is in the windows of the successes, and in one of them.</summary>
    [Fact]
    public void Whatever_fails_and_is_cleared_no_row_is_lost_and_none_is_in_two_windows() => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, 5), Gen.Choose(0, 3)).ListOf().ToArbitrary(),
        steps =>
        {
            var windows = new SortedDictionary<int, (WatermarkWindow Window, bool IsMark)>();
            var rows = 0;
            foreach (var (day, what) in steps.Append((6, 1)))
            {
                rows += what; // that many rows come in
                var before = windows.Where(one => one.Key < day && one.Value is { IsMark: true, Window: var kept } && WatermarkRules.MarkOf(kept) is not null)
                    .Select(one => WatermarkRules.MarkOf(one.Value.Window)).LastOrDefault();
                var after = windows.Where(one => one.Key > day).Select(one => one.Value.Window).FirstOrDefault();
                var own = windows.TryGetValue(day, out var known) ? known.Window : null;
                var answer = WatermarkRules.Settle(RunType.Scheduled, before, after, own);
                var greatest = rows > Number(answer.From) ? $"{rows}" : null;
                var window = new WatermarkWindow(answer.From, answer.IsSettled ? answer.To : greatest ?? answer.From);
                windows[day] = (window, known.IsMark || what != 3); // 3: the attempt fails
            }

            var read = windows.Values.Where(one => one.IsMark).SelectMany(one => Rows(one.Window)).Order().ToList();
            return read.SequenceEqual(Enumerable.Range(1, rows)).Label($"{rows} rows: {string.Join(' ', read)}");
        }).QuickCheckThrowOnFailure();

    private static int Number(string? mark) => mark is null ? 0 : int.Parse(mark, System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<int> Rows(WatermarkWindow window) => Enumerable.Range(Number(window.From) + 1, Math.Max(0, Number(window.To) - Number(window.From)));
}
