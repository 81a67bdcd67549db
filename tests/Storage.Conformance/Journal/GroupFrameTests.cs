using FsCheck;
using FsCheck.Fluent;
using Sluice.Storage.Journal;

namespace Sluice.Storage.Conformance.Journal;

public sealed class GroupFrameTests
{
    [Fact]
    public void A_group_is_read_as_it_was_framed() => Prop.ForAll<(int Stream, byte[] Payload)[]>(entries =>
    {
        var group = entries.Select(entry => new JournalEntry($"s{entry.Stream}", entry.Payload)).ToList();

        var read = GroupFrame.Decode(GroupFrame.Encode(group));

        return read.Select(entry => (entry.Stream, Convert.ToHexString(entry.Payload.Span)))
            .SequenceEqual(group.Select(entry => (entry.Stream, Convert.ToHexString(entry.Payload.Span))));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Damaged_bytes_are_refused_and_nothing_else_happens()
    {
        var frame = GroupFrame.Encode([new("run/1", new byte[] { 1, 2, 3 }), new("run/2", new byte[200])]);
        var random = new Random(7);
        for (var i = 0; i < 5000; i++)
        {
            var damaged = frame[..random.Next(frame.Length + 1)];
            for (var flips = random.Next(1, 4); flips > 0 && damaged.Length > 0; flips--)
            {
                damaged[random.Next(Math.Min(damaged.Length, 24))] = (byte)random.Next(256);
            }

            try
            {
                GroupFrame.Decode(damaged);
            }
            catch (StoreException refused)
            {
                Assert.Equal("journal.damaged", refused.Code);
            }
        }
    }

    [Fact]
    public void A_stream_that_writes_often_is_named_once()
    {
        var entries = Enumerable.Range(0, 200).Select(_ => new JournalEntry("run/weather/scheduled__2021-02-05", new byte[80])).ToList();

        Assert.InRange(GroupFrame.Encode(entries).Length, 200 * 80, (200 * 82) + 60);
    }
}
