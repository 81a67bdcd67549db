using Sluice.Core.Assets;

namespace Sluice.Core.Tests.Assets;

/// <summary>Every expression of up to three levels over three assets and an alias, with every set of events: a truth table.</summary>
public sealed class AssetExpressionTests
{
    private static readonly DateTimeOffset Start = new(2021, 2, 5, 0, 0, 0, TimeSpan.Zero);

    // What is met is said a second time, plainly, beside each expression.
    private static readonly (AssetExpression Expression, Func<ISet<string>, bool> IsMet)[] Leaves =
    [
        (new Asset("a"), names => names.Contains("a")),
        (new Asset("b"), names => names.Contains("b")),
        (new Asset("c"), names => names.Contains("c")),
        (new AssetAlias("files"), names => names.Contains("x by files")),
    ];

    [Fact]
    public void Expressions_are_met_as_their_truth_table_says()
    {
        var checkedRows = 0;
        foreach (var (expression, isMet) in Expressions())
        {
            foreach (var names in Subsets(["a", "b", "c", "x by files"]))
            {
                // Once in order, once backwards and twice over: only what there is counts.
                foreach (var events in new[] { Events(names), Events([.. names.AsEnumerable().Reverse(), .. names]) })
                {
                    Assert.True(isMet(names.ToHashSet()) == expression.IsMetBy(events), $"{expression} with {string.Join(", ", names)}");
                    var due = AssetRuns.Due(expression, AssetQueue.Empty.Add(events));
                    Assert.Equal(isMet(names.ToHashSet()) ? events.Count : null, due?.Count);
                    checkedRows++;
                }
            }
        }

        Assert.True(checkedRows > 5_000, $"{checkedRows} rows");
    }

    [Fact]
    public void A_queue_keeps_what_a_run_was_not_made_of()
    {
        foreach (var names in Subsets(["a", "b", "c", "x by files"]))
        {
            var queue = AssetQueue.Empty.Add(Events(names));
            for (long through = 0; through <= names.Count; through++)
            {
                Assert.Equal(names.Skip((int)through), queue.Without(through).Events.Select(Name));
            }

            Assert.Equal(names.Where(name => name is "a" or "c"), queue.Only([new Asset("a"), new Asset("c")]).Events.Select(Name));
            Assert.Equal(queue.Events, queue.Add(Events(names)).Events); // told again
        }
    }

    private static IEnumerable<(AssetExpression Expression, Func<ISet<string>, bool> IsMet)> Expressions()
    {
        List<(AssetExpression Expression, Func<ISet<string>, bool> IsMet)> pairs = [.. Joined(Leaves, Leaves)];
        return Leaves.Concat(pairs).Concat(Joined(pairs, Leaves)).Concat(Joined(Leaves, pairs));
    }

    private static IEnumerable<(AssetExpression Expression, Func<ISet<string>, bool> IsMet)> Joined(
        IEnumerable<(AssetExpression Expression, Func<ISet<string>, bool> IsMet)> left, IEnumerable<(AssetExpression Expression, Func<ISet<string>, bool> IsMet)> right) =>
        from one in left
        from other in right
        from both in new[] { true, false }
        select (both ? one.Expression & other.Expression : one.Expression | other.Expression,
            (Func<ISet<string>, bool>)(names => both ? one.IsMet(names) && other.IsMet(names) : one.IsMet(names) || other.IsMet(names)));

    private static IEnumerable<List<string>> Subsets(string[] names) => Enumerable.Range(0, 1 << names.Length)
        .Select(bits => names.Where((_, i) => (bits & (1 << i)) != 0).ToList());

    private static List<AssetEvent> Events(IReadOnlyList<string> names) =>
        [.. names.Select((name, i) => new AssetEvent { Id = i + 1, Asset = name.Split(' ')[0], Alias = name.Contains(' ') ? "files" : null, At = Start.AddMinutes(i) })];

    private static string Name(AssetEvent happened) => happened.Alias is null ? happened.Asset : $"{happened.Asset} by {happened.Alias}";
}
