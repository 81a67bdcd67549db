using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Authoring.Hooks;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Runner.Attempts;
using Sluice.Runner.Bundles;
using Sluice.Runner.Logs;
using Sluice.Runner.Protocol;

namespace Sluice.Runner;

/// <summary>One runner's life: reads task frames on the main thread and runs each to its end before it reads the next.</summary>
internal sealed class RunnerSession(FrameChannel data, FrameChannel control, ProviderCatalog providers, TimeProvider time)
{
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(2);

    private readonly Dictionary<int, DagSpec> _dags = [];
    private readonly Dictionary<int, RunFacts> _runs = [];
    private readonly Dictionary<int, LoadedBundle> _bundles = [];
    private readonly RunnerTaskServices _services = new(data, time);
    private readonly Lock _killing = new();
    private AttemptId? _current;
    private CancellationTokenSource? _currentKill;
    private KillFrame? _earlyKill;
    private long _workingSetAt;

    /// <summary>Returns when the worker says so, or is gone.</summary>
    public void Run()
    {
        using var output = new AttemptConsole(LogLevel.Information, _services.WriteLog);
        using var errors = new AttemptConsole(LogLevel.Error, _services.WriteLog);
        Console.SetOut(output);
        Console.SetError(errors);
        new Thread(ReadControl) { IsBackground = true, Name = "control" }.Start();

        while (data.TryReceive(out var kind, out var payload))
        {
            switch (kind)
            {
                case FrameKind.Dag:
                    _dags[payload.ReadInt32()] = DagSpecJson.Deserialize(payload.ReadBytes());
                    break;
                case FrameKind.Run:
                    _runs[payload.ReadInt32()] = JsonSerializer.Deserialize(payload.ReadBytes(), RunnerJson.Default.RunFacts)!;
                    break;
                case FrameKind.Bundle:
                    var bundle = BundleFrame.Read(ref payload);
                    _bundles[bundle.Number] = new(bundle.Path, bundle.Variables, providers);
                    break;
                case FrameKind.Forget:
                    _dags.Clear();
                    _runs.Clear();
                    break;
                case FrameKind.Task:
                    RunAttempt(TaskFrame.Read(ref payload), output, errors);
                    break;
                case FrameKind.Shutdown:
                    return;
                default:
                    throw new InvalidDataException($"A worker does not send {kind} on this channel.");
            }
        }
    }

    private void RunAttempt(TaskFrame frame, AttemptConsole output, AttemptConsole errors)
    {
        using var kill = new CancellationTokenSource();
        Begin(frame.Attempt, kill);
        var startedAt = time.GetUtcNow();

        TaskOutcome outcome;
        try
        {
            // The main thread waits here also for asynchronous code: there is nothing else for it to do.
            var bundle = frame.Bundle < 0 ? null : _bundles[frame.Bundle];
            outcome = AttemptExecution.RunAsync(
                frame, _dags[frame.Dag], _runs[frame.Run], bundle, _services, providers, time, kill.Token).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            outcome = new() { Kind = OutcomeKind.Failed, Error = $"{e.GetType().Name}: {e.Message}" };
        }

        output.EndAttempt();
        errors.EndAttempt();
        End();
        outcome = outcome with { StartedAt = startedAt, EndedAt = time.GetUtcNow() };
        data.Send(new OutcomeFrame(frame.Attempt, outcome, MayHaveLeftSomething(frame, outcome, kill), SampleWorkingSet()));
    }

    // Code that was told to stop may still be at work on some thread: such a process gets no further task.
    private bool MayHaveLeftSomething(in TaskFrame frame, TaskOutcome outcome, CancellationTokenSource kill) =>
        kill.IsCancellationRequested
        || (LimitOf(frame) is { } limit && outcome.EndedAt - outcome.StartedAt >= limit);

    private TimeSpan? LimitOf(in TaskFrame frame) => frame.Callback is { } callback
        ? CallbackSpec.TaskFor(_dags[frame.Dag], callback).ExecutionTimeout
        : _dags[frame.Dag].Tasks[frame.Task].ExecutionTimeout;

    private void Begin(AttemptId attempt, CancellationTokenSource kill)
    {
        lock (_killing)
        {
            (_current, _currentKill) = (attempt, kill);
            if (_earlyKill?.Attempt == attempt)
            {
                kill.Cancel();
            }

            _earlyKill = null;
        }
    }

    private void End()
    {
        lock (_killing)
        {
            (_current, _currentKill) = (null, null);
        }
    }

    private void ReadControl()
    {
        while (control.TryReceive(out var kind, out var payload))
        {
            switch (kind)
            {
                case FrameKind.Kill:
                    Kill(KillFrame.Read(ref payload));
                    break;
                case FrameKind.Answer:
                    _services.Complete(AnswerFrame.Read(ref payload));
                    break;
                default:
                    throw new InvalidDataException($"A worker does not send {kind} on the control channel.");
            }
        }

        EndAsOrphan();
    }

    private void Kill(KillFrame frame)
    {
        CancellationTokenSource? kill = null;
        lock (_killing)
        {
            if (_current == frame.Attempt)
            {
                kill = _currentKill;
            }
            else
            {
                _earlyKill = frame;
            }
        }

        Cancel(kill);
    }

    // The worker is gone, and with it the right to run: another worker may be given the attempt.
    private void EndAsOrphan()
    {
        CancellationTokenSource? kill;
        lock (_killing)
        {
            kill = _currentKill;
        }

        Cancel(kill);
        Thread.Sleep(OrphanGrace);
        Process.GetCurrentProcess().Kill();
    }

    // On another thread: a callback of user code that never returns must not stop the control channel.
    private static void Cancel(CancellationTokenSource? kill) => ThreadPool.QueueUserWorkItem(
        static source =>
        {
            try
            {
                source?.Cancel();
            }
            catch (Exception e) when (e is ObjectDisposedException or AggregateException)
            {
                // The attempt ended meanwhile, or its own callback threw: it is over either way.
            }
        },
        kill,
        preferLocal: false);

    private long SampleWorkingSet()
    {
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(_workingSetAt, now) < TimeSpan.FromSeconds(1))
        {
            return 0;
        }

        _workingSetAt = now;
        return Environment.WorkingSet;
    }
}
