using FsCheck;
using FsCheck.Fluent;
using Sluice.Storage.Journal;

namespace Sluice.Storage.Conformance.Journal;

/// <summary>One step of a random history, over few streams so that they meet often.</summary>
/// <param name="Entries">Stream of each entry.</param>
/// <param name="Snapshots">Streams of which a snapshot is taken, and after how many entries.</param>
/// <param name="Ended">Streams that end.</param>
/// <param name="Truncate">Whether everything that snapshots cover is deleted afterwards.</param>
public sealed record Step(int[] Entries, (int Stream, int After)[] Snapshots, int[] Ended, bool Truncate);

public abstract class RecoveryProperty(IEngine engine) : StoreSuite(engine)
{
    private const int Streams = 4;

    /// <summary>How many histories are tried.</summary>
    protected abstract int Histories { get; }

    [Fact]
    public async Task Recovery_rebuilds_what_a_simple_model_holds()
    {
        var steps =
            from entries in Gen.ArrayOf(Gen.Choose(0, Streams - 1))
            from snapshots in Gen.ArrayOf(Gen.Choose(0, Streams - 1).SelectMany(stream => Gen.Choose(0, entries.Length).Select(after => (stream, after))))
            from ended in Gen.Frequency((3, Gen.Constant(Array.Empty<int>())), (1, Gen.ArrayOf(Gen.Choose(0, Streams - 1))))
            from truncate in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
            select new Step(entries, snapshots, ended, truncate);
        var epoch = await LeadAsync();
        var number = 0;
        foreach (var history in Gen.ArrayOf(steps).Sample(12, Histories))
        {
            await CheckAsync(epoch, history, $"h{number++}/");
        }
    }

    private async Task CheckAsync(long epoch, Step[] history, string prefix)
    {
        // The model: a stream's state is the text of all its events. It must not matter which of them come by snapshot.
        var states = new Dictionary<string, string>();
        var count = 0;
        foreach (var step in history)
        {
            var batch = new JournalBatch();
            var before = new List<Dictionary<string, string>> { new(states) };
            foreach (var entry in step.Entries)
            {
                var stream = $"{prefix}{entry}";
                var text = $"{count++},";
                batch.Entries.Add(new(stream, Bytes(text)));
                states[stream] = states.GetValueOrDefault(stream, "") + text;
                before.Add(new(states));
            }

            foreach (var (index, after) in step.Snapshots)
            {
                var stream = $"{prefix}{index}";
                batch.Snapshots.Add(new(stream, Bytes(before[after].GetValueOrDefault(stream, "")), after));
                states.TryAdd(stream, "");
            }

            foreach (var stream in step.Ended.Select(index => $"{prefix}{index}"))
            {
                batch.EndedStreams.Add(stream);
                states.Remove(stream);
            }

            await Store.Journal.AppendAsync(epoch, batch, None);
            if (step.Truncate)
            {
                var full = new JournalBatch();
                foreach (var (stream, state) in states)
                {
                    full.Snapshots.Add(new(stream, Bytes(state), 0));
                }

                await Store.Journal.TruncateAsync(epoch, await Store.Journal.AppendAsync(epoch, full, None), None);
            }
        }

        var recovered = new Dictionary<string, string>();
        await foreach (var record in Store.Journal.RecoverAsync(None))
        {
            if (record.Stream.StartsWith(prefix, StringComparison.Ordinal))
            {
                Assert.False(record.IsSnapshot && recovered.ContainsKey(record.Stream), "A snapshot came after events of its stream.");
                recovered[record.Stream] = recovered.GetValueOrDefault(record.Stream, "") + System.Text.Encoding.UTF8.GetString(record.Payload.Span);
            }
        }

        Assert.True(
            states.OrderBy(pair => pair.Key).SequenceEqual(recovered.OrderBy(pair => pair.Key)),
            $"History {prefix}: {string.Join(" | ", history.AsEnumerable())}; expected {string.Join(' ', states)}, recovered {string.Join(' ', recovered)}");
    }
}
