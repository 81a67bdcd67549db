using Sluice.Core.Backfills;

namespace Sluice.Core.Tests.Backfills;

public sealed class BackfillClaimsTests
{
    private static readonly DateTimeOffset Day0 = new(2021, 2, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(3, 5, null)]
    [InlineData(5, 6, "a")]
    [InlineData(9, 12, "a")]
    [InlineData(0, 20, "a")]
    [InlineData(6, 7, "a")]
    [InlineData(10, 12, null)]
    [InlineData(14, 20, "b")]
    [InlineData(15, 20, null)]
    public void A_range_is_given_to_one_backfill_at_a_time(int start, int end, string? holder)
    {
        var claims = Claimed(new BackfillClaims(new Sluice.Core.Dags.DagId("dag")), ("a", 5, 10), ("b", 12, 15));

        var (after, refusal) = claims.Claim("c", new(Day0.AddDays(start), Day0.AddDays(end)));

        Assert.Equal(
            holder is null ? null : $"Backfill '{holder}' of Dag 'dag' is running over part of this range; wait for it, or cancel it with: sluice backfill cancel {holder}",
            refusal);
        Assert.Equal(holder is not null, ReferenceEquals(claims, after));
        if (holder is not null)
        {
            Assert.Null(claims.Release("a").Release("b").Claim("c", new(Day0.AddDays(start), Day0.AddDays(end))).Refusal);
        }
    }

    [Fact]
    public void Claiming_again_under_the_same_id_is_harmless() =>
        Assert.Null(Claimed(new BackfillClaims(new Sluice.Core.Dags.DagId("dag")), ("a", 5, 10)).Claim("a", new(Day0.AddDays(5), Day0.AddDays(10))).Refusal);

    private static BackfillClaims Claimed(BackfillClaims claims, params (string Id, int Start, int End)[] ranges) =>
        ranges.Aggregate(claims, (held, range) => held.Claim(range.Id, new(Day0.AddDays(range.Start), Day0.AddDays(range.End))).Claims);
}
