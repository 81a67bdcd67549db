using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Core.CrossDag;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;
using Sluice.Core.Assets;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;
using Sluice.Runner.Protocol;

namespace Sluice.Runner.Attempts;

/// <summary>Asks the worker for whatever an attempt needs; the answers come on the control channel.</summary>
internal sealed class RunnerTaskServices(FrameChannel data, TimeProvider time) : ITaskServices
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<string?>> _calls = new();
    private long _lastCall;

    public async ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken) =>
        await CallAsync(CallKind.Connection, id, null, cancellationToken) is { } uri ? ConnectionUri.Parse(id, uri) : null;

    public ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken) =>
        new(CallAsync(CallKind.Variable, name, null, cancellationToken));

    public ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken) =>
        new(CallAsync(CallKind.XCom, taskId, key, cancellationToken));

    public async ValueTask<XComItems?> GetXComItemsAsync(string taskId, string key, XComSlice slice, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(new XComItemsAsked(taskId, key, slice), RunnerJson.Default.XComItemsAsked);
        return await CallAsync(CallKind.XComItems, asked, null, cancellationToken) is { } json ? JsonSerializer.Deserialize(json, RunnerJson.Default.XComItems) : null;
    }

    public async ValueTask<IReadOnlyList<AssetEvent>> GetAssetEventsAsync(NamedAsset asset, int limit, string? sourceDag, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(new AssetEventsAsked(asset.Name, asset is AssetAlias, limit, sourceDag), RunnerJson.Default.AssetEventsAsked);
        return JsonSerializer.Deserialize((await CallAsync(CallKind.AssetEvents, asked, null, cancellationToken))!, RunnerJson.Default.AssetEventArray)!;
    }

    public async ValueTask<TriggeredRun> TriggerRunAsync(RunTrigger trigger, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(trigger, RunnerJson.Default.RunTrigger);
        return JsonSerializer.Deserialize((await CallAsync(CallKind.TriggerRun, asked, null, cancellationToken))!, RunnerJson.Default.TriggeredRun)!;
    }

    public async ValueTask<DagAnswer> LookAtDagAsync(DagQuestion question, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(question, RunnerJson.Default.DagQuestion);
        return JsonSerializer.Deserialize((await CallAsync(CallKind.LookAtDag, asked, null, cancellationToken))!, RunnerJson.Default.DagAnswer)!;
    }

    public async ValueTask<WatermarkAnswer> AskWatermarkAsync(WatermarkQuestion question, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(question, RunnerJson.Default.WatermarkQuestion);
        return JsonSerializer.Deserialize((await CallAsync(CallKind.Watermark, asked, null, cancellationToken))!, RunnerJson.Default.WatermarkAnswer)!;
    }

    public async ValueTask<RemoteJobAnswer> KeepRemoteJobAsync(RemoteJob job, CancellationToken cancellationToken)
    {
        var asked = JsonSerializer.Serialize(job, RunnerJson.Default.RemoteJob);
        return JsonSerializer.Deserialize((await CallAsync(CallKind.RemoteJob, asked, null, cancellationToken))!, RunnerJson.Default.RemoteJobAnswer)!;
    }

    // Sent line by line: the last lines before a crash are the ones that are needed.
    public void WriteLog(LogLevel level, string line) => data.Send(new LogFrame(time.GetUtcNow(), level, line));

    public void Complete(AnswerFrame answer)
    {
        if (!_calls.TryRemove(answer.Id, out var call))
        {
            return;
        }

        if (answer.Error is { } error)
        {
            call.TrySetException(new TaskServiceException(error));
        }
        else
        {
            call.TrySetResult(answer.Value);
        }
    }

    private async Task<string?> CallAsync(CallKind what, string name, string? key, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var call = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = call;
        try
        {
            data.Send(new CallFrame(id, what, name, key));
            return await call.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _calls.TryRemove(id, out _);
        }
    }
}

/// <summary>The worker could not answer: the scheduler is away, or the attempt is no longer current. Retried like any failure.</summary>
internal sealed class TaskServiceException(string message) : Exception(message);
