using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Core.DagRuns;
using Sluice.Scheduler.Dags;
using Sluice.Scheduler.Elections;
using Sluice.Scheduler.Journal;
using Sluice.Storage.Journal;
using static Sluice.Scheduler.Tests.SimulatedScheduler;

namespace Sluice.Scheduler.Tests.Journal;

public sealed class JournalActorTests
{
    private readonly SimulationDispatcher _simulation = new(1);
    private readonly ObservedStore _store;
    private readonly ActorSystem _system;
    private readonly List<object> _told = [];
    private readonly ActorRef _owner;

    public JournalActorTests()
    {
        _store = new(_simulation);
        _system = new("test", _simulation, _simulation.Time, NullLoggerFactory.Instance);
        _owner = _system.Spawn(Props.Create(() => new Recorder(_told)), "owner");
        Assert.True(_store.TryAcquireAsync("n", "a", TimeSpan.FromDays(1), default).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public void Whatever_gathers_is_one_commit_and_is_told_after_it_in_order()
    {
        var journal = Spawn();
        for (var i = 0; i < 100; i++)
        {
            journal.Tell(Of("s", $"{i}", tell: i), _owner);
        }

        _store.Written = _ => Assert.Empty(_told);
        _simulation.RunUntilIdle();
        Assert.Equal(Enumerable.Range(0, 100).Cast<object>(), _told);
        Assert.True(_store.Epochs.Count <= 2, $"{_store.Epochs.Count} commits");
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), Recovered("s"));
    }

    [Fact]
    public void A_message_without_a_write_keeps_its_place_behind_the_writes()
    {
        var journal = Spawn();
        journal.Tell(Of("s", "e", tell: "after the event"), _owner);
        var only = new Append("s");
        only.OnCommitted.Add(new(_owner, "after that"));
        journal.Tell(only, _owner);

        _simulation.RunUntilIdle();
        Assert.Equal(["after the event", "after that"], _told);
    }

    [Fact]
    public void A_write_that_fails_is_told_to_nobody_and_ends_the_leadership()
    {
        var cluster = new SimulatedScheduler();
        cluster.Define(Manual());
        var away = true;
        cluster.Store.IsAway = () => away;
        var answer = cluster.Scheduler.Scheduler.Elector.AskAsync<object>(
            new ToScheduler(new ToDag(new("manual"), new TriggerRun(null, "r", "{}"))), TimeSpan.FromSeconds(30));
        cluster.RunFor(TimeSpan.FromSeconds(2));
        Assert.Empty(cluster.Runs());
        Assert.False(answer.IsCompletedSuccessfully);

        away = false;
        cluster.RunFor(LeaseLife * 2);
        Assert.True(cluster.Leads(cluster.Scheduler));
        Assert.NotNull(cluster.Trigger(Manual(), "r").Facts);
        Assert.True(cluster.Store.Epochs[^1] > cluster.Store.Epochs[0]);
    }

    [Fact]
    public void Old_groups_go_when_every_stream_that_lives_has_a_snapshot_after_them()
    {
        var journal = Spawn(groupsKept: 10);
        journal.Tell(new Owns("old"), _owner);
        Write(journal, Of("old", "first"));
        Write(journal, Of("ends", "x", ends: true));
        for (var i = 0; i < 20; i++)
        {
            Write(journal, Of("busy", $"{i}"));
        }

        Assert.Contains(SnapshotDue.Instance, _told);
        Assert.Equal(["first"], Recovered("old"));
        Write(journal, new Append("old") { Snapshot = Encoding.UTF8.GetBytes("state") });
        Write(journal, new Append("busy") { Snapshot = Encoding.UTF8.GetBytes("twenty") });
        Write(journal, Of("old", "second"));
        for (var i = 0; i < 20; i++)
        {
            Write(journal, Of("busy", $"more {i}"));
        }

        Assert.Equal(["state", "second"], Recovered("old"));
        Assert.Equal(["twenty", .. Enumerable.Range(0, 20).Select(i => $"more {i}")], Recovered("busy"));
        Assert.Equal(22, _store.Truncated);
    }

    /// <summary>Snapshots of all of them in one commit would hold up everyone; asking for them every ten commits would cost more the more there are.</summary>
    [Fact]
    public void Many_streams_are_asked_for_snapshots_a_few_a_commit_and_less_often()
    {
        var journal = Spawn(groupsKept: 10);
        for (var i = 0; i < 100; i++)
        {
            journal.Tell(new Owns($"{i}"), _owner);
            journal.Tell(Of($"{i}", "first"), _owner);
        }

        _simulation.RunUntilIdle();
        var asked = new List<int>();
        for (var commit = 0; commit < 700; commit++)
        {
            var before = _told.Count;
            Write(journal, Of("busy", "more"));
            asked.Add(_told.Count - before);
        }

        Assert.InRange(asked.Max(), 1, 16);
        Assert.InRange(asked.Sum(), 300, 400); // each of the hundred once in two hundred commits
    }

    [Fact]
    public void Commits_do_not_wait_for_the_deletion_of_old_groups()
    {
        _store.TruncationTakes = TimeSpan.FromMinutes(1);
        var journal = Spawn(groupsKept: 10);
        for (var i = 0; i < 30; i++)
        {
            journal.Tell(Of("s", $"{i}", tell: i), _owner);
            _simulation.RunFor(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(Enumerable.Range(0, 30).Cast<object>(), _told);
        Assert.Equal(0, _store.Truncated);
    }

    [Fact]
    public void An_old_group_that_cannot_be_deleted_is_tried_again_later_and_ends_nothing()
    {
        var failures = 0;
        _store.TruncationFails = () => failures++ == 1 ? new Sluice.Storage.StoreException("store.busy", "busy", isTransient: true) : null;
        var journal = Spawn(groupsKept: 10);
        for (var i = 0; i < 35; i++)
        {
            var append = Of("s", $"{i}", tell: i);
            append.Snapshot = Encoding.UTF8.GetBytes("state");
            journal.Tell(append, _owner);
            _simulation.RunUntilIdle();
        }

        Assert.Equal(35, _told.Count);
        Assert.Equal((4, 30L), (failures, _store.Truncated));
    }

    [Fact]
    public void A_run_gives_its_own_snapshot_and_lives_on_from_it()
    {
        var cluster = new SimulatedScheduler();
        cluster.Define(Manual());
        var run = cluster.Trigger(Manual(), "r").Facts!.Key;
        var owners = new List<string>();
        cluster.Store.Written = batch => owners.AddRange(batch.Snapshots.Select(snapshot => snapshot.Stream));
        for (var i = 0; i < 2; i++)
        {
            // Enough commits that the journal asks for snapshots by itself.
            for (var commit = 0; commit < 20_010; commit++)
            {
                cluster.Scheduler.Scheduler.Elector.Tell(new ToScheduler(new Audit("test", "count", "", "")));
                cluster.Simulation.RunUntilIdle();
            }
        }

        Assert.Contains($"r:{run}", owners);
        cluster.TakeOver();
        var worker = cluster.AddWorker();
        worker.WorkFor(TimeSpan.FromSeconds(1));
        Assert.Equal(RunState.Success, cluster.RunOf(run).State);
    }

    private ActorRef Spawn(int groupsKept = 20_000) =>
        _system.Spawn(Props.Create(() => new JournalActor(_store, 1, new Dictionary<string, long>(), groupsKept)), "journal");

    private void Write(ActorRef journal, Append append)
    {
        journal.Tell(append, _owner);
        _simulation.RunUntilIdle();
    }

    private static Append Of(string stream, string text, bool ends = false) =>
        new(stream) { Events = { Encoding.UTF8.GetBytes(text) }, Ends = ends };

    private Append Of(string stream, string text, object tell)
    {
        var append = Of(stream, text);
        append.OnCommitted.Add(new(_owner, tell));
        return append;
    }

    private List<string> Recovered(string stream) =>
        [.. _store.RecoverAsync(default).ToBlockingEnumerable().Where(record => record.Stream == stream).Select(record => Encoding.UTF8.GetString(record.Payload.Span))];

    private sealed class Recorder(List<object> seen) : Actor
    {
        protected override ValueTask ReceiveAsync(object message)
        {
            seen.Add(message);
            return ValueTask.CompletedTask;
        }
    }
}
