using Microsoft.Extensions.Logging;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>Hands attempts to warm runner processes, one at a time each. An attempt that finds none idle waits a moment for a busy one,
/// then another process is started: a burst of tiny tasks shares a few runners, long tasks soon have one each.</summary>
internal sealed partial class RunnerPool : IRunnerOwner, IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<RunnerProcess> _idle = []; // last used at the end: it is the warmest
    private readonly HashSet<RunnerProcess> _all = [];
    private readonly LinkedList<RunnerAttempt> _waiting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly RunnerLimits _limits;
    private readonly RunnerLaunch _launch;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _scaleUp;
    private readonly ITimer _sweep;
    private readonly SocketFolder _sockets = SocketFolder.Create();
    private readonly HashSet<Task> _starts = [];
    private int _starting;
    private int _numbers;
    private bool _scaleUpIsOn;
    private bool _isDisposed;

    public RunnerPool(RunnerLimits limits, RunnerLaunch launch, TimeProvider time, ILogger logger)
    {
        _limits = limits;
        _launch = launch;
        _time = time;
        _logger = logger;
        _scaleUp = time.CreateTimer(_ => ScaleUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _sweep = time.CreateTimer(_ => EndIdle(), null, Sweep, Sweep);
    }

    /// <summary>Processes that are up.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Starts the runners that are kept ready.</summary>
    /// <exception cref="RunnerStartException">A runner does not come up on this machine.</exception>
    public Task StartAsync()
    {
        lock (_lock)
        {
            _starting += _limits.Warm;
        }

        return Task.WhenAll(Enumerable.Range(0, _limits.Warm).Select(_ => StartOneAsync(null)));
    }

    /// <summary>Runs an attempt to its end.</summary>
    public Task<TaskOutcome> RunAsync(RunnerAttempt attempt, CancellationToken kill)
    {
        RunnerProcess? runner;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return Task.FromResult(Ended(OutcomeKind.Lost, "The worker is stopping."));
            }

            runner = TakeIdle(attempt);
            if (runner is null)
            {
                attempt.WaitingSince = _time.GetTimestamp();
                _waiting.AddLast(attempt);
                if (_all.Count + _starting == 0)
                {
                    StartInBackground(null);
                }

                WatchTheQueue();
            }
        }

        runner?.Begin(attempt);
        return kill.CanBeCanceled ? KillableAsync(attempt, kill) : attempt.Outcome;
    }

    public void Finished(RunnerProcess runner, RunnerAttempt attempt, TaskOutcome outcome, bool isSpent)
    {
        RunnerAttempt? next = null;
        var isOver = false;
        lock (_lock)
        {
            runner.Assigned = null;
            attempt.Runner = null;
            runner.TasksRun++;
            runner.IsRetiring |= isSpent || attempt.StopReason is not null;
            if (!runner.IsRetiring && !runner.IsBeingReplaced && (runner.TasksRun >= _limits.TasksPerRunner || runner.WorkingSet > _limits.Memory))
            {
                runner.IsBeingReplaced = true;
                StartInBackground(runner);
            }

            if (runner.IsRetiring || _isDisposed)
            {
                isOver = true;
            }
            else if (_waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                next = first.Value;
                Assign(runner, next);
            }
            else
            {
                runner.IdleSince = _time.GetTimestamp();
                _idle.Add(runner);
            }
        }

        if (isOver)
        {
            _ = runner.ShutdownAsync();
        }

        next?.Runner?.Begin(next);
        attempt.Complete(outcome.Kind == OutcomeKind.Failed && attempt.StopReason is { } reason ? outcome with { Error = reason } : outcome);
    }

    public void Ended(RunnerProcess runner, RunnerEnd end)
    {
        RunnerAttempt? attempt;
        lock (_lock)
        {
            attempt = runner.Assigned;
            runner.Assigned = null;
            _all.Remove(runner);
            _idle.Remove(runner);
            KeepWarm();
        }

        if (attempt is null)
        {
            return;
        }

        var text = attempt.StopReason is { } reason
            ? $"{reason} The task went on for {_limits.KillGrace.TotalSeconds:0.###} s after it was cancelled, so its runner process was killed."
            : Describe(end);
        RunnerDied(_logger, runner.Number, attempt.Work.Id, text);
        attempt.Services.WriteLog(LogLevel.Error, text);
        attempt.Complete(Ended(OutcomeKind.Failed, text) with { StartedAt = attempt.StartedAt });
    }

    public async ValueTask DisposeAsync()
    {
        RunnerProcess[] all;
        RunnerAttempt[] waiting;
        Task[] starts;
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            all = [.. _all];
            starts = [.. _starts];
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        await _stopping.CancelAsync();
        await _scaleUp.DisposeAsync();
        await _sweep.DisposeAsync();
        foreach (var attempt in waiting)
        {
            attempt.Complete(Ended(OutcomeKind.Lost, "The worker is stopping."));
        }

        await Task.WhenAll(all.Select(r => r.Assigned is null ? r.ShutdownAsync() : Task.Run(r.Kill)));

        // A process that is just coming up has its socket in the folder.
        await Task.WhenAll(starts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sockets.Dispose();
        _stopping.Dispose();
    }

    private static string Describe(RunnerEnd end)
    {
        var how = end switch
        {
            { Broken: { } broken } => $"broke the protocol with its worker ({broken})",
            { ExitCode: 134 } when end.LastErrors.Contains("Stack overflow", StringComparison.Ordinal) => "overflowed its stack (exit code 134)",
            { ExitCode: 134 } => "aborted (exit code 134)",
            { ExitCode: 137 } => "was killed from outside (exit code 137; out of memory?)",
            { ExitCode: { } code } => $"exited with code {code}",
            _ => "stopped answering",
        };
        return $"The runner process {how} before the task ended{(end.LastErrors.Length > 0 ? $": {end.LastErrors}" : ".")}";
    }

    private async Task<TaskOutcome> KillableAsync(RunnerAttempt attempt, CancellationToken kill)
    {
        await using var registration = kill.UnsafeRegister(
            static state =>
            {
                var (pool, attempt) = ((RunnerPool, RunnerAttempt))state!;
                pool.Stop(attempt, attempt.Work.KillReason ?? "Killed.");
            },
            (this, attempt)).ConfigureAwait(false);
        return await attempt.Outcome.ConfigureAwait(false);
    }

    /// <summary>What is left of the time that an attempt may take; all of it while it waits for a runner.</summary>
    public TimeSpan LeftOf(RunnerAttempt attempt, TimeSpan allowed)
    {
        lock (_lock)
        {
            return attempt.Runner is null ? allowed : allowed - (_time.GetUtcNow() - attempt.StartedAt);
        }
    }

    /// <summary>Cancels an attempt, and kills its runner when it is still at it after the grace.</summary>
    public void Stop(RunnerAttempt attempt, string reason)
    {
        RunnerProcess? runner;
        lock (_lock)
        {
            if (attempt.StopReason is not null || attempt.Outcome.IsCompleted)
            {
                return;
            }

            attempt.StopReason = reason;
            runner = attempt.Runner;
            if (runner is null && !_waiting.Remove(attempt))
            {
                return;
            }
        }

        if (runner is null)
        {
            attempt.Complete(Ended(OutcomeKind.Failed, $"{reason} It had not begun."));
            return;
        }

        attempt.Services.WriteLog(LogLevel.Warning, reason);
        runner.Cancel(attempt.Work.Id, reason);
        _ = KillAfterGraceAsync(runner, attempt);
    }

    private async Task KillAfterGraceAsync(RunnerProcess runner, RunnerAttempt attempt)
    {
        try
        {
            await attempt.Outcome.WaitAsync(_limits.KillGrace, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            runner.Kill();
        }
    }

    // The warmest runner that has the bundle, else the warmest.
    private RunnerProcess? TakeIdle(RunnerAttempt attempt)
    {
        if (_idle.Count == 0)
        {
            return null;
        }

        var index = _idle.Count - 1;
        if (attempt.Bundle is { Hash: var hash })
        {
            for (var i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].HasBundle(hash))
                {
                    index = i;
                    break;
                }
            }
        }

        var runner = _idle[index];
        _idle.RemoveAt(index);
        Assign(runner, attempt);
        return runner;
    }

    private void Assign(RunnerProcess runner, RunnerAttempt attempt)
    {
        runner.Assigned = attempt;
        attempt.Runner = runner;
        attempt.StartedAt = _time.GetUtcNow();
    }

    private TaskOutcome Ended(OutcomeKind kind, string error)
    {
        var now = _time.GetUtcNow();
        return new() { Kind = kind, StartedAt = now, EndedAt = now, Error = error };
    }
}
