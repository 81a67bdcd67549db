using Sluice.Core.DagRuns;
using Sluice.Core.Watermarks;

namespace Sluice.Providers.Tests.Extraction;

/// <summary>The windows of one task in memory, by the engine's own rules. Runs are days.</summary>
internal sealed class Marks
{
    private readonly SortedDictionary<int, (WatermarkWindow Window, bool IsMark)> _days = [];

    internal RunType Type { get; set; } = RunType.Scheduled;

    internal string? Mark(int day) => _days.TryGetValue(day, out var kept) && kept.IsMark ? WatermarkRules.MarkOf(kept.Window) : null;

    internal void Set(int day, string to) => _days[day] = (new(null, to), true);

    /// <summary>What an attempt of a day asks.</summary>
    internal Func<WatermarkQuestion, WatermarkAnswer> Of(int day) => question =>
    {
        var before = _days.Where(one => one.Key < day && one.Value.IsMark && Mark(one.Key) is not null).Select(one => Mark(one.Key)).LastOrDefault();
        var after = _days.Where(one => one.Key > day).Select(one => one.Value.Window).FirstOrDefault();
        var own = _days.TryGetValue(day, out var kept) ? kept.Window : null;
        var answer = WatermarkRules.Settle(Type, before, after, own);
        if (question.Open is { } open)
        {
            Assert.Equal(answer.From, open.From);
            _days[day] = (open, kept.IsMark);
        }

        return answer;
    };

    internal void Succeed(int day) => _days[day] = (_days[day].Window, true);
}
