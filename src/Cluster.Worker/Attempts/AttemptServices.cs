using Microsoft.Extensions.Logging;
using Sluice.Authoring.Connections;
using Sluice.Authoring.Execution;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;
using Sluice.Cluster.Wire;
using Sluice.Cluster.Worker.Leaders;
using Sluice.Cluster.Worker.Logs;
using Sluice.Core.Assets;
using Sluice.Core.CrossDag;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.TaskInstances;
using Sluice.Core.Watermarks;

namespace Sluice.Cluster.Worker.Attempts;

/// <summary>What one attempt may ask of its worker, whichever process it runs in. Nothing is cached: a sensor may wait for days for a value to change.</summary>
internal sealed class AttemptServices(AttemptId attempt, TaskId task, RemoteJob? remoteJob, ILeaderRequests leader, AttemptLog log, LargeXComs large) : ITaskServices, IDisposable
{
    private readonly SecretMasker _masker = new();
    private volatile bool _hasSecrets;
    private volatile RemoteJob? _remoteJob = remoteJob;

    /// <summary>What the try runs in a service, as far as it is kept; a sensor that is run again for its next poke is given it, too.</summary>
    public RemoteJob? RemoteJob => _remoteJob;

    public async ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken) =>
        await ConnectionUriAsync(id, cancellationToken) is { } uri ? ConnectionUri.Parse(id, uri) : null;

    /// <summary>The connection as its URI, as the runner takes it; null when there is none.</summary>
    public async ValueTask<string?> ConnectionUriAsync(string id, CancellationToken cancellationToken)
    {
        var uri = await AskAsync(Methods.GetConnection, id, cancellationToken);
        if (uri is not null)
        {
            _masker.Add(ConnectionUri.Parse(id, uri));
            _hasSecrets = true;
        }

        return uri;
    }

    public async ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken)
    {
        var value = await AskAsync(Methods.GetVariable, name, cancellationToken);
        if (value is not null)
        {
            _masker.AddVariable(name, value);
            _hasSecrets = true;
        }

        return value;
    }

    public void AddSecret(string value)
    {
        _masker.Add(value);
        _hasSecrets = true;
    }

    public async ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken)
    {
        var body = WireJson.Write(new FetchXCom(attempt, taskId, key));
        var response = await leader.RequestAsync(Methods.GetXCom, body, cancellationToken);
        return response is { Code: 303, Body: { } parts }
            ? await large.ReadAsync(WireJson.Read<XComParts>(parts), GetConnectionAsync, cancellationToken)
            : Read(response, $"XCom '{key}' of task '{taskId}'");
    }

    public async ValueTask<XComItems?> GetXComItemsAsync(string taskId, string key, XComSlice slice, CancellationToken cancellationToken)
    {
        var body = WireJson.Write(new FetchXComItems(attempt, taskId, key, slice));
        return Read(await leader.RequestAsync(Methods.GetXComItems, body, cancellationToken), $"XCom '{key}' of task '{taskId}'") is { } json
            ? await large.TakeAsync(WireJson.Read<XComItemParts>(json), slice, GetConnectionAsync, cancellationToken)
            : null;
    }

    public async ValueTask<IReadOnlyList<AssetEvent>> GetAssetEventsAsync(NamedAsset asset, int limit, string? sourceDag, CancellationToken cancellationToken)
    {
        var response = await leader.RequestAsync(
            Methods.GetAssetEvents, WireJson.Write(new FetchAssetEvents(attempt, asset.Name, asset is AssetAlias, limit, sourceDag)), cancellationToken);
        return Read<AssetEvent[]>(response, $"Events of asset '{asset.Name}' could not be looked up");
    }

    public async ValueTask<TriggeredRun> TriggerRunAsync(RunTrigger trigger, CancellationToken cancellationToken)
    {
        var response = await leader.RequestAsync(Methods.TriggerRun, WireJson.Write(new TriggerForAttempt(attempt, task.Value, trigger)), cancellationToken);
        return Read<TriggeredRun>(response, $"A run of Dag '{trigger.Dag}' could not be asked for");
    }

    public async ValueTask<DagAnswer> LookAtDagAsync(DagQuestion question, CancellationToken cancellationToken)
    {
        var response = await leader.RequestAsync(Methods.LookAtDag, WireJson.Write(new LookForAttempt(attempt, question)), cancellationToken);
        return Read<DagAnswer>(response, $"Dag '{question.Dag}' could not be looked at");
    }

    public async ValueTask<WatermarkAnswer> AskWatermarkAsync(WatermarkQuestion question, CancellationToken cancellationToken)
    {
        var response = await leader.RequestAsync(Methods.AskWatermark, WireJson.Write(new WatermarkForAttempt(attempt, task.Value, question)), cancellationToken);
        return Read<WatermarkAnswer>(response, "The watermark could not be asked for");
    }

    public async ValueTask<RemoteJobAnswer> KeepRemoteJobAsync(RemoteJob job, CancellationToken cancellationToken)
    {
        var response = await leader.RequestAsync(Methods.KeepRemoteJob, WireJson.Write(new RemoteJobForAttempt(attempt, job)), cancellationToken);
        var answer = Read<RemoteJobAnswer>(response, $"{job} could not be kept");
        _remoteJob = answer.Refusal is null ? job : _remoteJob;
        return answer;
    }

    public void WriteLog(LogLevel level, string line) => log.Write(level, _masker.Apply(line));

    public void WriteLog(DateTimeOffset at, LogLevel level, string line) => log.Write(at, level, _masker.Apply(line));

    /// <summary>Takes the secrets that this attempt has seen out of what leaves the worker.</summary>
    public TaskOutcome Mask(TaskOutcome outcome)
    {
        var rendered = outcome.Rendered is { } fields ? RenderedFields.Shorten(fields, _masker.Apply) : null;
        return _hasSecrets ? Masked(outcome) with { Rendered = rendered } : rendered is null ? outcome : outcome with { Rendered = rendered };
    }

    public void Dispose() => log.Dispose();

    private TaskOutcome Masked(TaskOutcome outcome) => outcome with
    {
        Error = outcome.Error is null ? null : _masker.Apply(outcome.Error),
        Evidence = outcome.Evidence is null ? null : _masker.Apply(outcome.Evidence),
        XComs = outcome.XComs?.Select(x => x with { Value = _masker.Apply(x.Value) }).ToArray(),
        Question = outcome.Question is { } question
            ? question with { Subject = _masker.Apply(question.Subject), Body = question.Body is null ? null : _masker.Apply(question.Body), Params = _masker.Apply(question.Params) }
            : null,
    };

    private async Task<string?> AskAsync(string method, string name, CancellationToken cancellationToken)
    {
        var body = WireJson.Write(new FetchForAttempt(attempt, name));
        var response = await leader.RequestAsync(method, body, cancellationToken);
        var found = Read(response, $"{(method == Methods.GetConnection ? "Connection" : "Variable")} '{name}'");
        return found is null || method == Methods.GetConnection ? found : WireJson.Read<string>(found);
    }

    private static T Read<T>(Response response, string what) => response is { Code: 200, Body: { } json }
        ? WireJson.Read<T>(json)
        : throw new TaskServiceException($"{what}: {response.Error ?? $"the scheduler answered with code {response.Code}."}");

    private static string? Read(Response response, string what) => response switch
    {
        { Code: 200, Body: { } json } => json,
        { Code: 404 } => null,
        _ => throw new TaskServiceException($"{what} could not be looked up: {response.Error ?? $"the scheduler answered with code {response.Code}."}"),
    };
}

/// <summary>The leader could not answer an attempt. Retried like any failure.</summary>
internal sealed class TaskServiceException(string message) : Exception(message);
