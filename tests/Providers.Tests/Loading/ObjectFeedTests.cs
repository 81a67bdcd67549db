using System.Collections.Concurrent;
using Sluice.Authoring.Loading;

namespace Sluice.Providers.Tests.Loading;

/// <summary>How large the objects are that a load reads while they are written.</summary>
public sealed class ObjectFeedTests
{
    [Fact]
    public void The_first_object_is_a_tenth_of_the_largest_and_none_makes_a_load_that_keeps_up_wait_much_longer_than_the_one_before()
    {
        var feed = new ObjectFeed();
        var sizes = Enumerable.Range(0, 40).Select(_ => feed.NextRows()).ToList();

        Assert.Equal(25_000, sizes[0]);
        Assert.Equal(250_000, sizes[^1]);
        Assert.All(sizes.Zip(sizes.Skip(1)), pair => Assert.InRange(pair.Second, pair.First, pair.First * 5 / 4));
        Assert.InRange(sizes.TakeWhile(size => size < 250_000).Count(), 1, 12); // a request to the store each
    }

    [Fact]
    public void Several_readers_that_begin_objects_at_once_get_the_sizes_that_one_would()
    {
        var (one, several) = (new ObjectFeed(), new ObjectFeed());
        var sizes = new ConcurrentBag<long>();

        Parallel.For(0, 1000, _ => sizes.Add(several.NextRows()));

        Assert.Equal(Enumerable.Range(0, 1000).Select(_ => one.NextRows()), sizes.Order());
    }

    [Fact]
    public void What_one_extract_has_written_does_not_count_for_the_next()
    {
        Assert.Equal(new ObjectFeed().NextRows(), new ObjectFeed().NextRows());
    }
}
