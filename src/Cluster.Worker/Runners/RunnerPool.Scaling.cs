using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Runners;

/// <content>How many processes there are: more while attempts wait, fewer when they are idle, others for those that have grown old.</content>
internal sealed partial class RunnerPool
{
    private void WatchTheQueue()
    {
        if (!_scaleUpIsOn)
        {
            _scaleUpIsOn = true;
            _scaleUp.Change(_limits.ScaleUp, Timeout.InfiniteTimeSpan);
        }
    }

    private void ScaleUp()
    {
        lock (_lock)
        {
            _scaleUpIsOn = false;
            if (_isDisposed || _waiting.First is not { } first)
            {
                return;
            }

            if (_time.GetElapsedTime(first.Value.WaitingSince) >= _limits.ScaleUp)
            {
                // At most twice as many at a time: when the first of them takes up tiny tasks quickly, the rest is not needed.
                var room = Math.Min(_limits.Most - _all.Count, Math.Max(1, _all.Count));
                for (var more = Math.Min(_waiting.Count, room) - _starting; more > 0; more--)
                {
                    StartInBackground(null);
                }
            }

            WatchTheQueue();
        }
    }

    private void EndIdle()
    {
        List<RunnerProcess> over = [];
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            while (_all.Count > _limits.Warm && _idle.Count > 0 && _time.GetElapsedTime(_idle[0].IdleSince, now) > _limits.Idle)
            {
                over.Add(Retire(_idle[0]));
            }
        }

        foreach (var runner in over)
        {
            _ = runner.ShutdownAsync();
        }
    }

    private RunnerProcess Retire(RunnerProcess runner)
    {
        runner.IsRetiring = true;
        _idle.Remove(runner);
        _all.Remove(runner);
        return runner;
    }

    private void KeepWarm()
    {
        for (var missing = Math.Max(_limits.Warm, Math.Min(_waiting.Count, 1)) - _all.Count - _starting; missing > 0; missing--)
        {
            StartInBackground(null);
        }
    }

    private void StartInBackground(RunnerProcess? replaced)
    {
        if (_isDisposed)
        {
            return;
        }

        _starting++;
        var start = Task.Run(async () =>
        {
            try
            {
                await StartOneAsync(replaced).ConfigureAwait(false);
            }
            catch (RunnerStartException e)
            {
                RunnerDidNotStart(_logger, e.Message);
                await FailWaitingAsync(e.Message).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The pool is being disposed.
            }
        });
        _starts.Add(start);
        _ = start.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Forget(Task start)
    {
        lock (_lock)
        {
            _starts.Remove(start);
        }
    }

    private async Task StartOneAsync(RunnerProcess? replaced)
    {
        RunnerProcess runner;
        try
        {
            var before = _time.GetTimestamp();
            runner = await RunnerProcess.StartAsync(Interlocked.Increment(ref _numbers), _launch, _sockets.Path, StartPatience, this, _stopping.Token).ConfigureAwait(false);
            var took = _time.GetElapsedTime(before);
            RunnerStarted(_logger, runner.Number, runner.ProcessId, took);
        }
        catch
        {
            lock (_lock)
            {
                _starting--;
            }

            throw;
        }

        RunnerAttempt? next = null;
        var over = false;
        lock (_lock)
        {
            _starting--;
            over = _isDisposed;
            if (!over)
            {
                _all.Add(runner);
                if (_waiting.First is { } first)
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

                if (replaced is not null)
                {
                    replaced.IsRetiring = true;
                    replaced = _idle.Contains(replaced) ? Retire(replaced) : null;
                }
            }
        }

        if (over)
        {
            await runner.ShutdownAsync().ConfigureAwait(false);
        }

        _ = replaced?.ShutdownAsync();
        next?.Runner?.Begin(next);
    }

    // Nobody is left to run what waits: say so instead of letting it wait for ever.
    private async Task FailWaitingAsync(string why)
    {
        RunnerAttempt[] failed;
        lock (_lock)
        {
            if (_all.Count > 0 || _starting > 0)
            {
                return;
            }

            failed = [.. _waiting];
            _waiting.Clear();
        }

        await Task.Delay(RestartPause, _time, CancellationToken.None).ConfigureAwait(false);
        foreach (var attempt in failed)
        {
            attempt.Complete(Ended(OutcomeKind.Lost, why));
        }
    }
}
