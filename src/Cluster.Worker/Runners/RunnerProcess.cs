using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Cluster.Worker.Attempts;
using Sluice.Core.Assets;
using Sluice.Core.Dags;
using Sluice.Core.TaskInstances;
using Sluice.Runner.Protocol;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>One runner process as its worker holds it: the two channels, a thread that reads, and what it has been told so far.</summary>
internal sealed class RunnerProcess : IDisposable
{
    private const int MostRemembered = 1024;

    // Between the end of its channel and its own.
    private static readonly TimeSpan EndTakesAtMost = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly FrameChannel _data;
    private readonly FrameChannel _control;
    private readonly StandardStreams _streams;
    private readonly IRunnerOwner _owner;
    private readonly Dictionary<string, int> _dags = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> _runs = [];
    private readonly Dictionary<string, int> _bundles = new(StringComparer.Ordinal);
    private volatile RunnerAttempt? _current;

    private RunnerProcess(int number, Process process, StandardStreams streams, FrameChannel data, FrameChannel control, IRunnerOwner owner)
    {
        Number = number;
        _process = process;
        _streams = streams;
        _data = data;
        _control = control;
        _owner = owner;
    }

    /// <summary>Counted by the pool, for people.</summary>
    public int Number { get; }

    public int ProcessId => _process.Id;

    /// <summary>Guarded by the pool: the attempt that it has; null while it is idle.</summary>
    public RunnerAttempt? Assigned { get; set; }

    /// <summary>Guarded by the pool.</summary>
    public int TasksRun { get; set; }

    /// <summary>Guarded by the pool: since when it has no task.</summary>
    public long IdleSince { get; set; }

    /// <summary>Guarded by the pool: it gets no further task.</summary>
    public bool IsRetiring { get; set; }

    /// <summary>Guarded by the pool: a fresh one is on its way to take its place.</summary>
    public bool IsBeingReplaced { get; set; }

    /// <summary>Resident bytes when last told.</summary>
    public long WorkingSet { get; private set; }

    public bool HasBundle(string hash)
    {
        lock (_bundles)
        {
            return _bundles.ContainsKey(hash);
        }
    }

    /// <summary>Starts a process and waits until it has connected.</summary>
    /// <exception cref="RunnerStartException">It did not come up.</exception>
    public static async Task<RunnerProcess> StartAsync(
        int number, RunnerLaunch launch, string folder, TimeSpan patience, IRunnerOwner owner, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{number}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(2);
        Process? process = null;
        StandardStreams? streams = null;
        RunnerProcess? runner = null;
        try
        {
            process = launch.Start(path);
            streams = new(process, (line, isError) => Volatile.Read(ref runner)?.TakeRawLine(line, isError));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            _ = process.WaitForExitAsync(limit.Token).ContinueWith(
                _ => CancelQuietly(limit), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            var data = await AcceptAsync(listener, isControl: false, limit.Token).ConfigureAwait(false);
            var control = await AcceptAsync(listener, isControl: true, limit.Token).ConfigureAwait(false);
            runner = new(number, process, streams, data, control, owner);
            new Thread(runner.Read) { IsBackground = true, Name = $"runner {number}" }.Start();
            return runner;
        }
        catch (Exception e) when (process is not null)
        {
            var ended = process.HasExited ? $"ended with exit code {process.ExitCode}" : $"did not connect within {patience}";
            PosixSignals.KillTree(process);
            var said = streams?.LastErrors();
            process.Dispose();
            throw new RunnerStartException($"Runner process {number} {ended}{(string.IsNullOrEmpty(said) ? "." : $": {said}")}", e);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Hands over an attempt. The runner must be idle.</summary>
    public void Begin(RunnerAttempt attempt)
    {
        _current = attempt;
        _streams.BeginAttempt();
        if (_runs.Count + _dags.Count > MostRemembered)
        {
            _runs.Clear();
            _dags.Clear();
            _data.Post(default(ForgetFrame));
        }

        var work = attempt.Work;
        if (!_dags.TryGetValue(work.Run.Version, out var dag))
        {
            dag = _dags.Count;
            _dags.Add(work.Run.Version, dag);
            _data.Post(new DagFrame(dag, DagSpecJson.SerializeToUtf8Bytes(work.Dag)));
        }

        if (!_runs.TryGetValue(work.Run.Key, out var run))
        {
            run = _runs.Count;
            _runs.Add(work.Run.Key, run);
            _data.Post(new RunFrame(run, JsonSerializer.SerializeToUtf8Bytes(work.Run, RunnerJson.Default.RunFacts)));
        }

        try
        {
            _data.Send(new TaskFrame(work.Id, dag, run, NumberOf(attempt), work.TryNumber, attempt.FirstPokeAt, attempt.PokeOnce, work.Map, work.Callback, work.Reschedules, attempt.Services.RemoteJob));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is dead; the reading thread finds out and says so.
        }
    }

    /// <summary>Asks the attempt to stop.</summary>
    public void Cancel(AttemptId attempt, string reason) => SendControl(new KillFrame(attempt, reason));

    /// <summary>Ends the process and all that it started.</summary>
    public void Kill() => PosixSignals.KillTree(_process);

    /// <summary>Ends an idle process: kindly, then for good.</summary>
    public async Task ShutdownAsync()
    {
        try
        {
            _data.Send(default(ShutdownFrame));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // Killed below.
        }

        Kill();
    }

    public void Dispose()
    {
        _data.Dispose();
        _control.Dispose();
        _process.Dispose();
    }

    private int NumberOf(RunnerAttempt attempt)
    {
        if (attempt.Bundle is not { } bundle)
        {
            return -1;
        }

        lock (_bundles)
        {
            if (!_bundles.TryGetValue(bundle.Hash, out var number))
            {
                number = _bundles.Count;
                _bundles.Add(bundle.Hash, number);
                _data.Post(new BundleFrame(number, bundle.Path, bundle.Variables));
            }

            return number;
        }
    }

    private void Read()
    {
        string? broken = null;
        try
        {
            while (_data.TryReceive(out var kind, out var payload))
            {
                switch (kind)
                {
                    case FrameKind.Outcome:
                        Finish(OutcomeFrame.Read(ref payload));
                        break;
                    case FrameKind.Log:
                        var line = LogFrame.Read(ref payload);
                        _current?.Services.WriteLog(line.At, line.Level, line.Text);
                        break;
                    case FrameKind.Call:
                        _ = AnswerAsync(CallFrame.Read(ref payload), _current);
                        break;
                    default:
                        throw new InvalidDataException($"A runner does not send {kind}.");
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or System.Text.DecoderFallbackException)
        {
            // User code shares the process with the protocol; what it breaks is its own attempt.
            broken = e.Message;
        }

        End(broken);
    }

    private void Finish(OutcomeFrame frame)
    {
        var attempt = _current;
        if (attempt is null || attempt.Work.Id != frame.Attempt)
        {
            throw new InvalidDataException($"A runner answered for {frame.Attempt}, which it was not given.");
        }

        if (frame.WorkingSet > 0)
        {
            WorkingSet = frame.WorkingSet;
        }

        _current = null;
        _owner.Finished(this, attempt, frame.Outcome, frame.IsSpent);
    }

    private void End(string? broken)
    {
        if (broken is not null || !_process.WaitForExit(EndTakesAtMost))
        {
            Kill();
            _process.WaitForExit(EndTakesAtMost);
        }

        _owner.Ended(this, new(_process.HasExited ? _process.ExitCode : null, _streams.LastErrors(), broken));
        Dispose();
    }

    private async Task AnswerAsync(CallFrame call, RunnerAttempt? attempt)
    {
        if (attempt is null)
        {
            SendControl(new AnswerFrame(call.Id, null, "The attempt has ended; only a running attempt may ask its worker."));
            return;
        }

        try
        {
            var value = call.What switch
            {
                CallKind.Connection => await attempt.Services.ConnectionUriAsync(call.Name, CancellationToken.None).ConfigureAwait(false),
                CallKind.Variable => await attempt.Services.GetVariableAsync(call.Name, CancellationToken.None).ConfigureAwait(false),
                CallKind.TriggerRun => JsonSerializer.Serialize(
                    await attempt.Services.TriggerRunAsync(JsonSerializer.Deserialize(call.Name, RunnerJson.Default.RunTrigger)!, CancellationToken.None).ConfigureAwait(false),
                    RunnerJson.Default.TriggeredRun),
                CallKind.LookAtDag => JsonSerializer.Serialize(
                    await attempt.Services.LookAtDagAsync(JsonSerializer.Deserialize(call.Name, RunnerJson.Default.DagQuestion)!, CancellationToken.None).ConfigureAwait(false),
                    RunnerJson.Default.DagAnswer),
                CallKind.Watermark => JsonSerializer.Serialize(
                    await attempt.Services.AskWatermarkAsync(JsonSerializer.Deserialize(call.Name, RunnerJson.Default.WatermarkQuestion)!, CancellationToken.None).ConfigureAwait(false),
                    RunnerJson.Default.WatermarkAnswer),
                CallKind.RemoteJob => JsonSerializer.Serialize(
                    await attempt.Services.KeepRemoteJobAsync(JsonSerializer.Deserialize(call.Name, RunnerJson.Default.RemoteJob)!, CancellationToken.None).ConfigureAwait(false),
                    RunnerJson.Default.RemoteJobAnswer),
                CallKind.XComItems => await ItemsAsync(attempt.Services, JsonSerializer.Deserialize(call.Name, RunnerJson.Default.XComItemsAsked)!).ConfigureAwait(false),
                CallKind.AssetEvents => await EventsAsync(attempt.Services, JsonSerializer.Deserialize(call.Name, RunnerJson.Default.AssetEventsAsked)!).ConfigureAwait(false),
                _ => await attempt.Services.GetXComAsync(call.Name, call.Key ?? "", CancellationToken.None).ConfigureAwait(false),
            };
            SendControl(new AnswerFrame(call.Id, value, null));
        }
        catch (Exception e)
        {
            SendControl(new AnswerFrame(call.Id, null, e.Message));
        }
    }

    private static async Task<string> EventsAsync(AttemptServices services, AssetEventsAsked asked) => JsonSerializer.Serialize(
        [.. await services.GetAssetEventsAsync(asked.IsAlias ? new AssetAlias(asked.Name) : new Asset(asked.Name), asked.Limit, asked.SourceDag, CancellationToken.None).ConfigureAwait(false)],
        RunnerJson.Default.AssetEventArray);

    private static async Task<string?> ItemsAsync(AttemptServices services, XComItemsAsked asked) =>
        await services.GetXComItemsAsync(asked.Task, asked.Key, asked.Slice, CancellationToken.None).ConfigureAwait(false) is { } items
            ? JsonSerializer.Serialize(items, RunnerJson.Default.XComItems)
            : null;

    private void SendControl<T>(in T frame)
        where T : IFrame
    {
        try
        {
            _control.Send(frame);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Dead; the reading thread finds out.
        }
    }

    private void TakeRawLine(string line, bool isError) => _current?.Services.WriteLog(isError ? LogLevel.Error : LogLevel.Information, line);

    private static async Task<FrameChannel> AcceptAsync(Socket listener, bool isControl, CancellationToken cancellationToken)
    {
        var socket = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
        socket.Blocking = true;
        socket.SendTimeout = 10_000;
        var channel = new FrameChannel(socket);
        if (!channel.TryReceive(out var kind, out var payload) || kind != FrameKind.Hello || Hello.Read(ref payload).IsControl != isControl)
        {
            throw new InvalidDataException("The runner did not greet as it must; worker and runner are of different builds.");
        }

        return channel;
    }

    private static void CancelQuietly(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came up in time.
        }
    }
}

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">Null when it would not end.</param>
/// <param name="LastErrors">First lines of standard error since the attempt began.</param>
/// <param name="Broken">What was wrong with the protocol, when that is why.</param>
internal readonly record struct RunnerEnd(int? ExitCode, string LastErrors, string? Broken);

/// <summary>The pool, as its runners see it. Called on the runner's reading thread.</summary>
internal interface IRunnerOwner
{
    /// <summary>An attempt ended; the runner is free.</summary>
    void Finished(RunnerProcess runner, RunnerAttempt attempt, TaskOutcome outcome, bool isSpent);

    /// <summary>The process is gone.</summary>
    void Ended(RunnerProcess runner, RunnerEnd end);
}

/// <summary>A runner process did not come up.</summary>
internal sealed class RunnerStartException(string message, Exception inner) : Exception(message, inner);
