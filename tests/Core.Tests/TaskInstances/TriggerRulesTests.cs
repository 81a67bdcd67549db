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

    /// <summary>Every count of up to four upstreams in each state, and of setups among them, against the table of semantics.md, 4, taken word by word.</summary>
    [Fact]
    public void Every_rule_gives_what_a_naive_reading_of_the_table_gives()
    {
        var rows = 0;
        for (var waiting = 0; waiting <= 2; waiting++)
        {
            for (var packed = 0; packed < 3 * 3 * 3 * 3 * 3; packed++)
            {
                int[] n = [packed % 3, packed / 3 % 3, packed / 9 % 3, packed / 27 % 3, packed / 81];
                for (var setups = 0; setups < 3 * 3 * 3; setups++)
                {
                    var (ss, sk, sf) = (setups % 3, setups / 3 % 3, setups / 9);
                    if (ss > n[0] || sk > n[2] || sf > n[1])
                    {
                        continue;
                    }

                    var upstreams = n.Sum() + waiting;
                    var counts = new UpstreamCounts
                    {
                        Success = n[0], Failed = n[1], Skipped = n[2], UpstreamFailed = n[3], Removed = n[4], SetupSuccess = ss, SetupSkipped = sk,
                    };
                    foreach (var rule in Enum.GetValues<TriggerRule>())
                    {
                        var expected = Naive(rule, waiting, n[0], n[1], n[2], n[3], n[4], ss, sk, ss + sk + sf);
                        var actual = TriggerRules.Evaluate(rule, upstreams, counts, ss + sk + sf);
                        Assert.True(expected == actual, $"{rule} over S{n[0]} F{n[1]} K{n[2]} U{n[3]} R{n[4]}, {waiting} waiting, setups {ss}/{sk}/{sf}: {actual}, not {expected}");
                        rows++;
                    }
                }
            }
        }

        Assert.True(rows > 10_000);
    }

    /// <summary>Removed upstreams are done for "done" rules and not there for the others (semantics.md, 0.8).</summary>
    private static TriggerVerdict Naive(TriggerRule rule, int waiting, int s, int f, int k, int u, int r, int setupOk, int setupSkipped, int setups)
    {
        var all = s + f + k + u + r + waiting;
        if (all == 0)
        {
            return Run;
        }

        var n = all - r;
        var done = waiting == 0;
        switch (rule)
        {
            case TriggerRule.AllSuccess:
                if (u > 0 || f > 0) return Fail;
                if (k > 0) return Skip;
                return s == n ? Run : Wait;
            case TriggerRule.AllFailed:
                if (s > 0 || k > 0) return Skip;
                return f + u == n ? Run : Wait;
            case TriggerRule.AllDone:
                return done ? Run : Wait;
            case TriggerRule.AllDoneMinOneSuccess:
                if (done && k == 0 && s == 0) return Fail;
                if (k > 0) return Skip;
                return done ? Run : Wait;
            case TriggerRule.AllDoneSetupSuccess:
                if (!done) return Wait;
                if (setups == 0 || setupOk > 0) return Run;
                return setupSkipped == setups ? Skip : Fail;
            case TriggerRule.OneSuccess:
                if (done && s == 0) return k == n ? Skip : Fail;
                return s > 0 ? Run : Wait;
            case TriggerRule.OneFailed:
                if (done && f + u == 0) return Skip;
                return f + u > 0 ? Run : Wait;
            case TriggerRule.OneDone:
                if (done && s + f == 0) return Skip;
                return s + f > 0 ? Run : Wait;
            case TriggerRule.NoneFailed:
                if (u > 0 || f > 0) return Fail;
                return s + k == n ? Run : Wait;
            case TriggerRule.NoneFailedMinOneSuccess:
                if (u > 0 || f > 0) return Fail;
                if (k == n) return Skip;
                return s + k == n ? Run : Wait;
            case TriggerRule.NoneSkipped:
                if (k > 0) return Skip;
                return done ? Run : Wait;
            case TriggerRule.AllSkipped:
                if (s > 0 || f > 0 || u > 0) return Skip;
                return k == n ? Run : Wait;
            default:
                return Run;
        }
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
