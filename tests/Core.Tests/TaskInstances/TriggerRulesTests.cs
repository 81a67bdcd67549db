using Sluice.Core.TaskInstances;

namespace Sluice.Core.Tests.TaskInstances;

public sealed class TriggerRulesTests
{
    private const TriggerVerdict Wait = TriggerVerdict.Wait;
    private const TriggerVerdict Run = TriggerVerdict.Run;
    private const TriggerVerdict Skip = TriggerVerdict.Skip;
    private const TriggerVerdict Fail = TriggerVerdict.UpstreamFail;

    /// <summary>Rule, upstreams, then how many of them are in success, failed, skipped, upstream_failed, removed; the verdict.</summary>
    public static TheoryData<TriggerRule, int, int[], TriggerVerdict> Table => new()
    {
        { TriggerRule.AllSuccess, 0, [0, 0, 0, 0, 0], Run },
        { TriggerRule.AllSuccess, 2, [0, 0, 0, 0, 0], Wait },
        { TriggerRule.AllSuccess, 2, [1, 0, 0, 0, 0], Wait },
        { TriggerRule.AllSuccess, 2, [2, 0, 0, 0, 0], Run },
        { TriggerRule.AllSuccess, 2, [0, 1, 0, 0, 0], Fail },
        { TriggerRule.AllSuccess, 2, [1, 0, 1, 0, 0], Skip },
        { TriggerRule.AllSuccess, 2, [0, 0, 1, 1, 0], Fail },
        { TriggerRule.AllSuccess, 2, [1, 0, 0, 0, 1], Run },
        { TriggerRule.AllFailed, 2, [0, 1, 0, 0, 0], Wait },
        { TriggerRule.AllFailed, 2, [0, 1, 0, 1, 0], Run },
        { TriggerRule.AllFailed, 2, [1, 1, 0, 0, 0], Skip },
        { TriggerRule.AllFailed, 2, [0, 0, 1, 0, 0], Skip },
        { TriggerRule.AllDone, 2, [1, 0, 0, 0, 0], Wait },
        { TriggerRule.AllDone, 2, [1, 0, 0, 1, 0], Run },
        { TriggerRule.AllDone, 2, [0, 0, 0, 0, 2], Run },
        { TriggerRule.AllDoneMinOneSuccess, 2, [1, 1, 0, 0, 0], Run },
        { TriggerRule.AllDoneMinOneSuccess, 2, [0, 2, 0, 0, 0], Fail },
        { TriggerRule.AllDoneMinOneSuccess, 2, [1, 0, 1, 0, 0], Skip },
        { TriggerRule.OneSuccess, 3, [1, 0, 0, 0, 0], Run },
        { TriggerRule.OneSuccess, 2, [0, 1, 0, 0, 0], Wait },
        { TriggerRule.OneSuccess, 2, [0, 1, 1, 0, 0], Fail },
        { TriggerRule.OneSuccess, 2, [0, 0, 2, 0, 0], Skip },
        { TriggerRule.OneFailed, 3, [0, 1, 0, 0, 0], Run },
        { TriggerRule.OneFailed, 2, [2, 0, 0, 0, 0], Skip },
        { TriggerRule.OneFailed, 2, [1, 0, 0, 0, 0], Wait },
        { TriggerRule.OneDone, 3, [0, 1, 0, 0, 0], Run },
        { TriggerRule.OneDone, 2, [0, 0, 1, 1, 0], Skip },
        { TriggerRule.OneDone, 2, [0, 0, 1, 0, 0], Wait },
        { TriggerRule.NoneFailed, 2, [1, 0, 1, 0, 0], Run },
        { TriggerRule.NoneFailed, 2, [1, 0, 0, 1, 0], Fail },
        { TriggerRule.NoneFailedMinOneSuccess, 2, [0, 0, 2, 0, 0], Skip },
        { TriggerRule.NoneFailedMinOneSuccess, 2, [1, 0, 1, 0, 0], Run },
        { TriggerRule.NoneFailedMinOneSuccess, 2, [1, 1, 0, 0, 0], Fail },
        { TriggerRule.NoneSkipped, 2, [1, 1, 0, 0, 0], Run },
        { TriggerRule.NoneSkipped, 2, [1, 0, 1, 0, 0], Skip },
        { TriggerRule.NoneSkipped, 2, [1, 0, 0, 0, 0], Wait },
        { TriggerRule.AllSkipped, 2, [0, 0, 2, 0, 0], Run },
        { TriggerRule.AllSkipped, 2, [1, 0, 1, 0, 0], Skip },
        { TriggerRule.AllSkipped, 2, [0, 0, 1, 0, 0], Wait },
        { TriggerRule.Always, 2, [0, 0, 0, 0, 0], Run },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_rule_gives_the_verdict_of_the_table(TriggerRule rule, int upstreams, int[] states, TriggerVerdict expected)
    {
        var counts = new UpstreamCounts
        {
            Success = states[0], Failed = states[1], Skipped = states[2], UpstreamFailed = states[3], Removed = states[4],
        };

        Assert.Equal(expected, TriggerRules.Evaluate(rule, upstreams, counts));
    }

    [Fact]
    public void No_rule_waits_when_every_upstream_is_done()
    {
        foreach (var rule in Enum.GetValues<TriggerRule>())
        {
            for (var mask = 0; mask < 5 * 5 * 5; mask++)
            {
                var counts = default(UpstreamCounts);
                foreach (var state in new[] { mask % 5, mask / 5 % 5, mask / 25 })
                {
                    counts.Add(TaskState.Success + (byte)state);
                }

                Assert.True(TriggerRules.Evaluate(rule, 3, counts) != Wait, $"{rule} waits over {mask}");
            }
        }
    }
}
