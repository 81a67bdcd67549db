using Microsoft.Extensions.Logging;
using Sluice.Authoring.Execution;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Cluster.Worker.Bundles;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Cluster.Worker.Logs;
using Sluice.Cluster.Worker.Runners;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>Runs attempts for real: built-in operators in this process, user code in runners.</summary>
internal sealed class AttemptExecutor(
    WorkerOptions options, RunnerPool runners, BundleCache bundles, ILeaderRequests leader, ProviderCatalog providers, TimeProvider time, ILogger logger)
    : IAttemptExecutor
{
    // The runner looks at the clock itself; this is for one that cannot, because its code holds every thread.
    private static readonly TimeSpan RunnerTimeoutMargin = TimeSpan.FromSeconds(1);

    private readonly OperatorFactory _operators = new(providers);
    private readonly LargeXComs _large = new(options.XComStore, options.XComStoreConnection, providers);

    public async Task<TaskOutcome> ExecuteAsync(AttemptWork work, CancellationToken kill)
    {
        var log = new AttemptLog(
            () => LogPaths.For(options.Home, work.Run.Dag.Value, work.Run.Id.Value, work.Name.Value, work.Id.Token), options.LogLimit, time, logger);
        using var services = new AttemptServices(work.Id, work.Name, work.RemoteJob, leader, log, _large);
        var startedAt = time.GetUtcNow();
        TaskOutcome outcome;
        try
        {
            outcome = work.Task.Host == TaskHost.Runner
                ? await InRunnerAsync(work, services, kill).ConfigureAwait(false)
                : await InProcessAsync(work, services, kill).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            services.WriteLog(LogLevel.Error, e.Message);
            outcome = new() { Kind = e is BundleException ? OutcomeKind.Lost : OutcomeKind.Failed, StartedAt = startedAt, EndedAt = time.GetUtcNow(), Error = e.Message };
        }

        // What leaves the worker is masked first, wherever it goes.
        return await _large.MoveAsync(work, services.Mask(outcome), services.GetConnectionAsync, kill).ConfigureAwait(false);
    }

    private async Task<TaskOutcome> InProcessAsync(AttemptWork work, AttemptServices services, CancellationToken kill)
    {
        var context = new TaskContext(work.Run, work.Dag, work.Task, work.TryNumber, services, providers) { Attempt = work.Id, FirstPokeAt = work.FirstPokeAt, Reschedules = work.Reschedules, Map = work.Map, Callback = work.Callback, RemoteJob = work.RemoteJob };

        // On the pool: an operator that computes before its first await must not hold up the actor that started it.
        var outcome = await Task.Run(() => OperatorExecution.RunAsync(OperatorOf(work), context, time, kill), CancellationToken.None).ConfigureAwait(false);
        return outcome.Kind == OutcomeKind.Failed && kill.IsCancellationRequested && work.KillReason is { } reason ? outcome with { Error = reason } : outcome;
    }

    private Operator OperatorOf(AttemptWork work) =>
        work.Callback is { Job: { } job } ? RemoteJobStop.Of(_operators.Create(work.Task), job) : _operators.Create(work.Task);

    private async Task<TaskOutcome> InRunnerAsync(AttemptWork work, AttemptServices services, CancellationToken kill)
    {
        var bundle = work.Run.Bundle is { } hash ? await bundles.GetAsync(hash).ConfigureAwait(false) : null;
        if (!work.IsSlotless || work.Callback is not null)
        {
            return await RunOnceAsync(new(work, bundle, services, work.FirstPokeAt, pokeOnce: false), work.Task.ExecutionTimeout, kill).ConfigureAwait(false);
        }

        // The wait between pokes is here, so that it holds neither a slot nor a runner. It is one attempt all the same: its time counts on.
        var begunAt = time.GetUtcNow();
        var firstPokeAt = work.FirstPokeAt ?? begunAt;
        while (true)
        {
            var outcome = await RunOnceAsync(new(work, bundle, services, firstPokeAt, pokeOnce: true), LeftAt(time.GetUtcNow()), kill).ConfigureAwait(false);
            if (outcome is not { Kind: OutcomeKind.Rescheduled, ResumeAt: { } resumeAt })
            {
                return outcome;
            }

            try
            {
                var now = time.GetUtcNow();
                var pause = resumeAt - now;
                pause = pause < LeftAt(now) || LeftAt(now) is null ? pause : LeftAt(now)!.Value;
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, time, kill).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return new() { Kind = OutcomeKind.Failed, StartedAt = outcome.StartedAt, EndedAt = time.GetUtcNow(), Error = work.KillReason ?? "Killed." };
            }

            if (LeftAt(time.GetUtcNow()) <= TimeSpan.Zero)
            {
                var timedOut = ExecutionTimeouts.Outcome(work.Task);
                services.WriteLog(LogLevel.Error, timedOut.Error!);
                return timedOut with { StartedAt = begunAt, EndedAt = time.GetUtcNow() };
            }
        }

        TimeSpan? LeftAt(DateTimeOffset now) => work.Task.ExecutionTimeout - (now - begunAt);
    }

    /// <summary>Hands an attempt to a runner, and stops it when it is still there after its time.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="left">Of its execution timeout; null when it has none.</param>
    /// <param name="kill">Cancelled to stop it.</param>
    private async Task<TaskOutcome> RunOnceAsync(RunnerAttempt attempt, TimeSpan? left, CancellationToken kill)
    {
        if (left is not { } limit)
        {
            return await runners.RunAsync(attempt, kill).ConfigureAwait(false);
        }

        var timedOut = ExecutionTimeouts.Outcome(attempt.Work.Task);
        var allowed = limit + RunnerTimeoutMargin;
        ITimer timer = null!;
        await using var watch = timer = time.CreateTimer(_ => StopWhenOver(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(allowed, Timeout.InfiniteTimeSpan);
        var outcome = await runners.RunAsync(attempt, kill).ConfigureAwait(false);
        return outcome.Kind == OutcomeKind.Failed && ReferenceEquals(attempt.StopReason, timedOut.Error)
            ? outcome with { Kind = timedOut.Kind, RetryAfter = timedOut.RetryAfter }
            : outcome;

        // The time until there is a runner is not the task's: on a busy machine one takes long to come up.
        void StopWhenOver()
        {
            if (runners.LeftOf(attempt, allowed) is var more && more > TimeSpan.Zero)
            {
                timer.Change(more, Timeout.InfiniteTimeSpan);
            }
            else
            {
                runners.Stop(attempt, timedOut.Error!);
            }
        }
    }
}
