using Sluice.Cluster.Api;
using Sluice.Cluster.Wire;
using Sluice.Core.Callbacks;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Storage.ReadModel;

namespace Sluice.Scheduler.Tests.RemoteJobs;

/// <summary>What attempts run in services, in virtual time, with workers that the test plays.</summary>
public sealed class RemoteJobsTests
{
    private static readonly RemoteJob Query = new("athena", "q1") { ConnectionId = "lake" };
    private static readonly DagSpec Dag = SimulatedScheduler.Manual("lake");

    private readonly SimulatedScheduler _cluster = new();
    private readonly PlayedWorker _worker;
    private readonly long _run;

    public RemoteJobsTests()
    {
        _worker = _cluster.AddWorker();
        _cluster.Define(Dag);
        _run = _cluster.Trigger(Dag, "r").Facts!.Key;
    }

    [Fact]
    public void What_is_kept_is_on_disk_when_it_is_answered_and_the_next_attempt_of_the_try_is_given_it()
    {
        var attempt = _worker.Held[0];
        Assert.Null(Keep(attempt));
        _cluster.TakeOver(); // with nothing but the disk
        var other = _cluster.AddWorker();
        _cluster.Crash(_worker);
        other.BeatFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(10));

        var again = Assert.Single(Tasks(other));
        Assert.Equal((attempt with { Token = 2 }, 1, Query), (again.Id, again.TryNumber, again.RemoteJob));
        Assert.Equal(new RemoteJobRow(_run, new("only"), 1, 1, Query, Row().At), Row());
        other.Releases = true;
        other.End(again.Id);
        Assert.Empty(_cluster.Callbacks(_run));
        Assert.Equal([Query.Id, Query.Id], State().Attempts.Select(shown => shown.RemoteJob!.Id)); // both waited for it, and it stays
    }

    [Fact]
    public void It_is_not_said_to_be_kept_before_it_is_on_disk()
    {
        var attempt = _worker.Held[0];
        _cluster.Store.IsAway = static () => true;

        var response = _cluster.Request(Methods.KeepRemoteJob, WireJson.Write(new RemoteJobForAttempt(attempt, Query)));

        Assert.True(response.Code >= 500, $"{response.Code}: {response.Body}"); // the worker asks again
        Assert.Empty(Rows());
    }

    [Fact]
    public void The_next_try_is_given_nothing()
    {
        var dag = Dag with { Id = new("twice"), Tasks = [Dag.Tasks[0] with { Retries = 1, RetryDelay = TimeSpan.FromSeconds(1) }] };
        _worker.End(_worker.Held[0]);
        _cluster.Define(dag);
        var run = _cluster.Trigger(dag, "r").Facts!.Key;
        Assert.Null(Keep(_worker.Held[0]));
        _worker.End(_worker.Held[0], OutcomeKind.Failed, "athena cannot be reached");
        _worker.BeatFor(TimeSpan.FromSeconds(3));

        Assert.Equal([(1, null), (2, null)], Tasks(_worker).Where(task => task.Id.Run == run).Select(task => (task.TryNumber, task.RemoteJob)));
        Assert.Equal("athena q1: its attempt ended without it", Assert.Single(_cluster.Callbacks(run)).Why); // so that two do not run at once
    }

    [Fact]
    public void Nothing_is_kept_of_an_attempt_that_is_not_current()
    {
        var attempt = _worker.Held[0];
        Assert.Contains("is not current", Keep(attempt with { Token = 2 }), StringComparison.Ordinal);
        Assert.Contains("is not current", Keep(attempt with { Run = 99 }), StringComparison.Ordinal);
        Assert.Equal(400, _cluster.Request(Methods.KeepRemoteJob, WireJson.Write(new RemoteJobForAttempt(attempt, new("athena", "")))).Code);
        Assert.Equal(400, _cluster.Request(Methods.KeepRemoteJob, WireJson.Write(new RemoteJobForAttempt(attempt, new("athena", new('x', 1_001))))).Code);

        Assert.True(_cluster.Cancel(_run));
        Assert.Contains("is not current", Keep(attempt), StringComparison.Ordinal);

        Assert.Empty(_cluster.Callbacks(_run)); // its own kill stops what it started
        Assert.Empty(Rows());
    }

    [Fact]
    public void A_lost_attempt_that_comes_back_keeps_nothing_while_another_goes_on()
    {
        var attempt = _worker.Held[0];
        Assert.Null(Keep(attempt));
        var other = _cluster.AddWorker();
        for (var passed = 0; Tasks(other).Count == 0 && passed < 60; passed++)
        {
            other.BeatFor(TimeSpan.FromSeconds(1)); // the first one is silent, and lives
        }

        Assert.Contains("is not current", Keep(attempt, Query with { ConnectionId = "other" }), StringComparison.Ordinal);

        Assert.Equal(Query, Assert.Single(Tasks(other)).RemoteJob);
        Assert.Equal(Query, Row().Job);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_lost_worker_left_is_stopped_by_another_when_its_run_is_cancelled_whoever_leads(bool isKnownToBeLost)
    {
        Assert.Null(Keep(_worker.Held[0]));
        _cluster.Crash(_worker);
        if (isKnownToBeLost)
        {
            _cluster.RunFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(2));
        }

        Assert.True(_cluster.Cancel(_run));
        Assert.Equal(("stop_remote_job", "athena", "waiting", "only"), Told(Stop()));
        _cluster.TakeOver();
        var other = _cluster.AddWorker();
        other.BeatFor(TimeSpan.FromSeconds(2));

        var given = Assert.Single(Stops(other));
        Assert.Equal((Query, 1, 0), (given.Callback!.Job, given.TryNumber, given.Id.Task));
        _cluster.TakeOver();
        other.Join();
        other.End(given.Id);
        Assert.Equal(("stop_remote_job", "athena", "success", "only"), Told(Stop()));
        Assert.Equal((1, other.Name), (Stop().HandedOut, Stop().Worker));
        other.BeatFor(TimeSpan.FromMinutes(1));
        Assert.Single(Stops(other));
    }

    [Fact]
    public void A_cleared_attempt_that_is_lost_leaves_its_job_to_be_stopped_and_the_next_one_starts_its_own()
    {
        Assert.Null(Keep(_worker.Held[0]));
        Assert.Equal(200, _cluster.Call(Operations.ClearTasks, new ChangeRequest { DagId = "lake", RunId = "r" }).Code);
        Assert.Empty(_cluster.Callbacks(_run)); // the kill is on its way to a worker that may live
        _cluster.Crash(_worker);
        var other = _cluster.AddWorker(slots: 2);
        other.BeatFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(10));

        Assert.Equal("athena q1: cleared by ann", Stop().Why);
        Assert.Equal((2, null), Assert.Single(Tasks(other).Select(task => (task.TryNumber, task.RemoteJob))));
        Assert.Single(Stops(other));
    }

    [Fact]
    public void A_stop_that_fails_is_tried_again_after_growing_pauses_until_it_is_given_up_for_people_to_see()
    {
        Assert.Null(Keep(_worker.Held[0]));
        Assert.True(_cluster.Cancel(_run));
        var handedOut = new List<DateTimeOffset>();
        for (var passed = 0; Stop().EndedAt is null && passed < 4 * 60 * 60; passed++)
        {
            foreach (var id in _worker.Held.Where(id => id.Run != _run).ToList())
            {
                handedOut.Add(_cluster.Simulation.Now);
                _worker.End(id, OutcomeKind.Failed, "athena cannot be reached");
                Assert.Contains("athena cannot be reached", Stop().Error, StringComparison.Ordinal); // also while it waits
            }

            _worker.BeatFor(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(("failed", CallbackState.MostTokensOfStop), (Stop().State, Stop().HandedOut));
        Assert.Equal($"It was handed out {CallbackState.MostTokensOfStop} times and never done: athena cannot be reached", Stop().Error);
        var pauses = handedOut.Zip(handedOut.Skip(1), (one, next) => next - one).ToList();
        Assert.Equal(pauses.Order(), pauses);
        Assert.InRange(handedOut[^1] - handedOut[0], TimeSpan.FromHours(2), TimeSpan.FromHours(3));
    }

    [Fact]
    public void A_worker_that_is_lost_with_a_stop_leaves_it_to_another()
    {
        Assert.Null(Keep(_worker.Held[0]));
        Assert.True(_cluster.Cancel(_run));
        _worker.BeatFor(TimeSpan.FromSeconds(1));
        Assert.Single(Stops(_worker));
        var other = _cluster.AddWorker();
        _cluster.Crash(_worker);
        other.BeatFor(SimulatedScheduler.LostAfter + TimeSpan.FromSeconds(15));

        other.End(Assert.Single(Stops(other)).Id);

        Assert.Equal(("success", 2), (Stop().State, Stop().HandedOut));
    }

    private string? Keep(AttemptId attempt, RemoteJob? job = null)
    {
        var response = _cluster.Request(Methods.KeepRemoteJob, WireJson.Write(new RemoteJobForAttempt(attempt, job ?? Query)));
        Assert.True(response.Code == 200, response.Error);
        return WireJson.Read<RemoteJobAnswer>(response.Body!).Refusal;
    }

    private TaskStateAnswer State() => ApiJson.Deserialize<TaskStateAnswer>(_cluster.Call(Operations.TaskState, new TaskName("lake", "only", "r")).Body!);

    private IReadOnlyList<RemoteJobRow> Rows() => _cluster.Store.Inner.ReadModel.ListRemoteJobsAsync(_run, default).AsTask().GetAwaiter().GetResult();

    private RemoteJobRow Row() => Assert.Single(Rows());

    private CallbackRow Stop() => Assert.Single(_cluster.Callbacks(_run));

    private static (string, string, string, string?) Told(CallbackRow row) => (row.Event, row.Notifier, row.State, row.Task?.Value);

    private static List<TaskAssignment> Given(PlayedWorker worker) => [.. worker.Told.OfType<RunTasks>().SelectMany(run => run.Tasks).DistinctBy(task => task.Id)];

    private static List<TaskAssignment> Tasks(PlayedWorker worker) => [.. Given(worker).Where(task => task.Callback is null)];

    private static List<TaskAssignment> Stops(PlayedWorker worker) => [.. Given(worker).Where(task => task.Callback is { On: CallbackTrigger.StopRemoteJob })];
}
