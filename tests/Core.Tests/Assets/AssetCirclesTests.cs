using Sluice.Core.Assets;
using Sluice.Core.Dags;

namespace Sluice.Core.Tests.Assets;

public sealed class AssetCirclesTests
{
    /// <summary>Dags as <c>name waits-for updates</c>: <c>a&amp;b</c> all, <c>a|b</c> any, <c>-</c> nothing, <c>@a</c> an alias; the circles that there are.</summary>
    [Theory]
    [InlineData("two", "A y x; B x y", "A -> x -> B -> y -> A")]
    [InlineData("three", "C y z; A z x; B x y", "A -> x -> B -> y -> C -> z -> A")]
    [InlineData("none: a chain", "A - x; B x y; C y z", "")]
    [InlineData("none: it forks and joins", "A - x,y; B x z; C y w; D z&w v", "")]
    [InlineData("it waits for something else as well", "A y&z x; B x y", "")]
    [InlineData("any of two is enough", "A y|z x; B x y", "A -> x -> B -> y -> A")]
    [InlineData("what else it waits for is of the circle, too", "A y&z x; B x y; C x z", "A -> x -> B -> y -> A")]
    [InlineData("what else it waits for comes from one that the circle runs and that waits for more", "A y&z x; B x y; C x&w z", "")]
    [InlineData("a shorter one inside", "A d x; B x|e y; C y d; D y e", "A -> x -> B -> y -> C -> d -> A")]
    [InlineData("one of two groups", "A y x; B x y; C w&o v; D v w", "A -> x -> B -> y -> A")]
    [InlineData("two groups", "A y x; B x y; C w v; D v w", "A -> x -> B -> y -> A|C -> v -> D -> w -> C")]
    [InlineData("two circles of one group", "A y x; B x y,z; C z y", "A -> x -> B -> y -> A")]
    [InlineData("a circle behind one that stops", "A y&o x; B x y,p; C p|r q; D q r", "C -> q -> D -> r -> C")]
    [InlineData("it hangs on a circle", "A y x; B x y; C y z", "A -> x -> B -> y -> A")]
    [InlineData("an alias may be any asset", "A @y x; B x y", "")]
    [InlineData("its own is another rule's", "A x x", "")]
    public void Dags_that_make_each_other_run_without_end_are_named(string what, string dags, string expected)
    {
        var links = dags.Split("; ").Select(dag => dag.Split(' ')).Select(dag => new AssetLinks(
            new(dag[0]), [.. dag[2].Split(',').Select(name => new Asset(name))], Condition(dag[1]))).ToList();

        Assert.True(expected == string.Join('|', AssetCircle.Find(links).Select(circle => circle.Path)), what + ": " + string.Join('|', AssetCircle.Find(links).Select(circle => circle.Path)));
        Assert.Equal(AssetCircle.Find(links).Select(circle => circle.Path), AssetCircle.Find(Enumerable.Reverse(links)).Select(circle => circle.Path));
    }

    [Fact]
    public void A_long_way_round_takes_no_time_and_no_stack()
    {
        var links = Enumerable.Range(0, 20_000).Select(i => new AssetLinks(new($"d{i:00000}"), [new Asset($"a{i}")], new Asset($"a{(i + 19_999) % 20_000}"))).ToList();

        var circle = Assert.Single(AssetCircle.Find(links));

        Assert.Equal((20_000, "d00000", "a0"), (circle.Dags.Count, circle.Dags[0].Value, circle.Assets[0].Name));
        Assert.Empty(AssetCircle.Find(links.Skip(1)));
    }

    private static AssetExpression? Condition(string text) => text switch
    {
        "-" => null,
        _ when text.Contains('&', StringComparison.Ordinal) => new AllOfAssets([.. text.Split('&').Select(name => Condition(name)!)]),
        _ when text.Contains('|', StringComparison.Ordinal) => new AnyOfAssets([.. text.Split('|').Select(name => Condition(name)!)]),
        ['@', ..] => new AssetAlias(text[1..]),
        _ => new Asset(text),
    };
}
