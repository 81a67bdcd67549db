using System.Text;
using Sluice.Storage.Journal;
using Sluice.Storage.ReadModel;

namespace Sluice.Storage.Conformance.Journal;

public abstract class JournalSuite(IEngine engine) : StoreSuite(engine)
{
    [Fact]
    public async Task Events_come_back_in_the_order_in_which_they_were_appended()
    {
        var epoch = await LeadAsync();

        var first = await Store.Journal.AppendAsync(epoch, Batch(("a", "1"), ("b", "2"), ("a", "3")), None);
        var second = await Store.Journal.AppendAsync(epoch, Batch(("b", "4"), ("a", "5")), None);

        Assert.True(second > first);
        Assert.Equal(["a:1", "b:2", "a:3", "b:4", "a:5"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Another_store_on_the_same_database_recovers_the_same()
    {
        var epoch = await LeadAsync();
        await Store.Journal.AppendAsync(epoch, Batch(("a", "1")), None);

        Assert.Equal(["a:1"], await RecoverAsync(await Database.OpenAsync()));
    }

    [Fact]
    public async Task An_empty_journal_recovers_nothing() => Assert.Empty(await RecoverAsync(Store));

    [Fact]
    public async Task Empty_payloads_large_payloads_and_odd_names_survive()
    {
        var epoch = await LeadAsync();
        var large = new string('x', 3_000_000);

        await Store.Journal.AppendAsync(epoch, Batch(("", ""), ("실행/매일 🙂", large)), None);

        Assert.Equal([":", $"실행/매일 🙂:{large}"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task A_group_without_events_still_gets_a_sequence_number()
    {
        var epoch = await LeadAsync();
        var first = await Store.Journal.AppendAsync(epoch, new JournalBatch(), None);
        var second = await Store.Journal.AppendAsync(epoch, new JournalBatch(), None);

        Assert.True(second > first);
        Assert.Empty(await RecoverAsync(Store));
    }

    [Fact]
    public async Task A_deposed_writer_writes_nothing()
    {
        var old = await AcquireAsync("old");
        await Store.Journal.AppendAsync(old.Epoch, Batch(("a", "1")), None);
        await Database.PassAsync(Store, old);
        var other = await Database.OpenAsync();
        var current = (await other.Leases.TryAcquireAsync("new", "ws://new:1", Minute, None))!.Epoch;

        var batch = Batch(("a", "2"));
        batch.Snapshots.Add(new("a", Bytes("state"), 1));
        batch.EndedStreams.Add("b");
        batch.Changes.Add(new ImportErrorRow("x.cs", "late", DateTimeOffset.UnixEpoch));
        var refused = await Assert.ThrowsAsync<FencedOutException>(async () => await Store.Journal.AppendAsync(old.Epoch, batch, None));

        Assert.Equal((old.Epoch, current), (refused.Held, refused.Current));
        Assert.False(refused.IsTransient);
        Assert.Equal(["a:1"], await RecoverAsync(other));
        Assert.Empty(await other.ReadModel.ListImportErrorsAsync(None));

        await other.Journal.AppendAsync(current, Batch(("a", "3")), None);
        Assert.Equal(["a:1", "a:3"], await RecoverAsync(other));
    }

    [Fact]
    public async Task An_epoch_that_was_never_given_is_fenced_too()
    {
        await Assert.ThrowsAsync<FencedOutException>(async () => await Store.Journal.AppendAsync(1, Batch(("a", "1")), None));
        var epoch = await LeadAsync();
        await Assert.ThrowsAsync<FencedOutException>(async () => await Store.Journal.AppendAsync(epoch + 1, Batch(("a", "1")), None));

        Assert.Empty(await RecoverAsync(Store));
    }

    [Fact]
    public async Task A_group_that_fails_halfway_leaves_nothing()
    {
        var epoch = await LeadAsync();
        var batch = Batch(("a", "1"));
        batch.Changes.Add(new ImportErrorRow("x.cs", "new", DateTimeOffset.UnixEpoch));
        batch.Changes.Add(new DagVersionRow("v1", new("d"), null!, DateTimeOffset.UnixEpoch)); // violates NOT NULL

        await Assert.ThrowsAsync<StoreException>(async () => await Store.Journal.AppendAsync(epoch, batch, None));

        Assert.Empty(await RecoverAsync(Store));
        Assert.Empty(await Store.ReadModel.ListImportErrorsAsync(None));

        await Store.Journal.AppendAsync(epoch, Batch(("a", "2")), None);
        Assert.Equal(["a:2"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Two_writers_that_take_the_lease_from_each_other_never_write_under_an_old_epoch()
    {
        // Each writer says in its events under which epoch it wrote; epochs must never go back in the journal.
        var deadline = TimeSpan.FromSeconds(60);
        using var stop = new CancellationTokenSource(deadline);
        var other = await Database.OpenAsync();
        var written = 0;

        async Task WriteAsync(IStore store, string name)
        {
            for (var turn = 0; turn < 15 && !stop.IsCancellationRequested; turn++)
            {
                // Both under one name: a holder may take its own lease again at any time, and gets a new epoch.
                var epoch = (await store.Leases.TryAcquireAsync("shared", name, Minute, None))!.Epoch;
                try
                {
                    for (var i = 0; i < 20; i++)
                    {
                        await store.Journal.AppendAsync(epoch, Batch(("s", $"{epoch:D6}")), None);
                        Interlocked.Increment(ref written);
                    }
                }
                catch (FencedOutException)
                {
                    // deposed: takes the lease anew
                }
            }
        }

        await Task.WhenAll(Task.Run(() => WriteAsync(Store, "one")), Task.Run(() => WriteAsync(other, "two")));

        var epochs = await RecoverAsync(Store);
        Assert.Equal(written, epochs.Count);
        Assert.Equal(epochs.Order(StringComparer.Ordinal), epochs);
    }

    [Fact]
    public async Task Appends_from_many_callers_are_all_kept_each_caller_in_its_order()
    {
        var epoch = await LeadAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await Store.Journal.AppendAsync(epoch, Batch(($"s{caller}", $"{i:D3}")), None);
            }
        })));

        var records = await RecoverAsync(Store);
        for (var caller = 0; caller < 8; caller++)
        {
            Assert.Equal(Enumerable.Range(0, 25).Select(i => $"s{caller}:{i:D3}"), records.Where(record => record.StartsWith($"s{caller}:", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_snapshot_replaces_the_events_before_it()
    {
        var epoch = await LeadAsync();
        await Store.Journal.AppendAsync(epoch, Batch(("a", "1"), ("b", "2")), None);
        var batch = Batch(("a", "3"));
        batch.Snapshots.Add(new("a", Bytes("1+3"), EntriesBefore: 1));
        await Store.Journal.AppendAsync(epoch, batch, None);
        await Store.Journal.AppendAsync(epoch, Batch(("a", "4")), None);

        Assert.Equal(["a=1+3", "b:2", "a:4"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task A_snapshot_in_the_middle_of_a_group_covers_only_the_entries_before_it()
    {
        var epoch = await LeadAsync();
        var batch = Batch(("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"));
        batch.Snapshots.Add(new("a", Bytes("1"), EntriesBefore: 1));
        batch.Snapshots.Add(new("b", Bytes("2"), EntriesBefore: 3));
        await Store.Journal.AppendAsync(epoch, batch, None);

        Assert.Equal(["a=1", "b=2", "a:3", "b:4"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Of_two_snapshots_in_one_group_the_later_counts()
    {
        var epoch = await LeadAsync();
        var batch = Batch(("a", "1"), ("a", "2"));
        batch.Snapshots.Add(new("a", Bytes("1"), EntriesBefore: 1));
        batch.Snapshots.Add(new("a", Bytes("1+2"), EntriesBefore: 2));
        await Store.Journal.AppendAsync(epoch, batch, None);

        Assert.Equal(["a=1+2"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task An_ended_stream_is_not_recovered_and_its_name_may_live_again()
    {
        var epoch = await LeadAsync();
        var first = Batch(("a", "1"), ("b", "2"));
        first.Snapshots.Add(new("a", Bytes("1"), EntriesBefore: 1));
        await Store.Journal.AppendAsync(epoch, first, None);
        var last = Batch(("a", "3"));
        last.Snapshots.Add(new("a", Bytes("1+3"), EntriesBefore: 1));
        last.EndedStreams.Add("a");
        last.EndedStreams.Add("a");
        await Store.Journal.AppendAsync(epoch, last, None);
        Assert.Equal(["b:2"], await RecoverAsync(Store));

        await Store.Journal.AppendAsync(epoch, Batch(("a", "4")), None);
        Assert.Equal(["b:2", "a:4"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Truncation_deletes_old_groups_and_keeps_snapshots()
    {
        var epoch = await LeadAsync();
        await Store.Journal.AppendAsync(epoch, Batch(("a", "1"), ("gone", "2")), None);
        var batch = Batch(("a", "3"));
        batch.Snapshots.Add(new("a", Bytes("1+3"), EntriesBefore: 1));
        batch.EndedStreams.Add("gone");
        var covered = await Store.Journal.AppendAsync(epoch, batch, None);
        await Store.Journal.AppendAsync(epoch, Batch(("a", "4")), None);

        await TruncateAsync(epoch, covered);

        Assert.Equal(["a=1+3", "a:4"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Truncating_everything_does_not_give_a_sequence_number_twice()
    {
        var epoch = await LeadAsync();
        var last = 0L;
        for (var i = 0; i < 2500; i++)
        {
            last = await Store.Journal.AppendAsync(epoch, new JournalBatch(), None);
        }

        Assert.InRange(await TruncateAsync(epoch, last), 3, 4);
        await TruncateAsync(epoch, last + 100);
        var again = await Database.OpenAsync();

        Assert.Empty(await RecoverAsync(again));
        Assert.True(await again.Journal.AppendAsync(epoch, Batch(("a", "1")), None) > last);
    }

    [Fact]
    public async Task One_step_of_truncation_deletes_the_oldest_thousand_groups_and_says_that_more_are_left()
    {
        var epoch = await LeadAsync();
        var last = 0L;
        for (var i = 1; i <= 1500; i++)
        {
            last = await Store.Journal.AppendAsync(epoch, Batch(("a", $"{i}")), None);
        }

        Assert.True(await Store.Journal.TruncateAsync(epoch, last - 1, None));
        Assert.Equal(500, (await RecoverAsync(Store)).Count);
        await TruncateAsync(epoch, last - 1);
        Assert.Equal(["a:1500"], await RecoverAsync(Store));
        Assert.False(await Store.Journal.TruncateAsync(epoch, last - 1, None));
    }

    [Fact]
    public async Task A_deposed_writer_cannot_truncate()
    {
        var epoch = await LeadAsync();
        var sequence = await Store.Journal.AppendAsync(epoch, Batch(("a", "1")), None);

        await Assert.ThrowsAsync<FencedOutException>(async () => await Store.Journal.TruncateAsync(epoch - 1, sequence, None));

        Assert.Equal(["a:1"], await RecoverAsync(Store));
    }

    [Fact]
    public async Task Appending_while_recovering_disturbs_neither()
    {
        var epoch = await LeadAsync();
        for (var i = 0; i < 50; i++)
        {
            await Store.Journal.AppendAsync(epoch, Batch(("a", $"{i}")), None);
        }

        var seen = 0;
        await foreach (var record in Store.Journal.RecoverAsync(None))
        {
            seen++;
            await Store.Journal.AppendAsync(epoch, Batch(("b", Encoding.UTF8.GetString(record.Payload.Span))), None);
        }

        Assert.Equal(50, seen);
        Assert.Equal(100, (await RecoverAsync(Store)).Count);
    }

    [Fact]
    public async Task A_cancelled_append_says_so()
    {
        var epoch = await LeadAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.Journal.AppendAsync(epoch, Batch(("a", "1")), cancelled.Token));

        await Store.Journal.AppendAsync(epoch, Batch(("a", "2")), None);
        Assert.Contains("a:2", await RecoverAsync(Store));
    }

    /// <returns>How many steps it took.</returns>
    private async Task<int> TruncateAsync(long epoch, long through)
    {
        var steps = 1;
        for (; await Store.Journal.TruncateAsync(epoch, through, None); steps++)
        {
            Assert.True(steps < 100, "it does not end");
        }

        return steps;
    }
}
