using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sluice.Core.Connections;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Sensors;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.Schedules;
using Sluice.Providers.All;

namespace Sluice.Providers.Tests;

/// <summary>Runs operators as a worker does, with connections given by the test.</summary>
internal sealed class TaskRun : ITaskServices
{
    private readonly Dictionary<string, Connection> _connections;
    private readonly ConcurrentQueue<string> _log;

    internal TaskRun()
        : this([], [])
    {
    }

    private TaskRun(Dictionary<string, Connection> connections, ConcurrentQueue<string> log) => (_connections, _log) = (connections, log);

    internal Core.TaskInstances.AttemptId? Attempt { get; init; }

    internal IReadOnlyCollection<string> Log => _log;

    internal string TimeZone { get; init; } = "UTC";

    /// <summary>The sensors watch an asset.</summary>
    internal bool Watches { get; init; }

    internal DataInterval Interval { get; init; } = new(new(2021, 2, 5, 0, 0, 0, default), new(2021, 2, 6, 0, 0, 0, default));

    internal TaskRun With(string id, string uri)
    {
        _connections[id] = ConnectionUri.Parse(id, uri);
        return this;
    }

    /// <summary>The engine, for tasks that keep a watermark.</summary>
    internal Func<Core.Watermarks.WatermarkQuestion, Core.Watermarks.WatermarkAnswer>? Watermarks { get; set; }

    /// <summary>The engine, which keeps what runs in services; without it everything is kept.</summary>
    internal Func<RemoteJob, RemoteJobAnswer> Keep { get; set; } = _ => RemoteJobAnswer.Kept;

    /// <summary>What was kept, in order.</summary>
    internal List<RemoteJob> Kept { get; } = [];

    /// <summary>What the engine gives the next attempt.</summary>
    internal RemoteJob? RemoteJob { get; set; }

    /// <summary>The attempt that ran last.</summary>
    internal TaskContext? Latest { get; private set; }

    internal Core.Callbacks.CallbackNote? Note { get; init; }

    internal int TryNumber { get; set; } = 1;

    internal RunType Type { get; set; } = RunType.Manual;

    internal TaskRun With(Connection connection)
    {
        _connections[connection.Id] = connection;
        return this;
    }

    internal Connection Connection(string id) => _connections[id];

    internal async Task<T> ExecuteAsync<T>(Operator task, CancellationToken cancellationToken = default) =>
        Assert.IsType<T>(await task.ExecuteAsync(Context(), cancellationToken));

    internal async Task<object?> ExecuteAsync(Operator task, CancellationToken cancellationToken = default) =>
        await task.ExecuteAsync(Context(), cancellationToken);

    internal async Task<Poke> PokeAsync(Sensor sensor) => await sensor.PokeAsync(Context(), CancellationToken.None);

    internal async Task<IReadOnlyList<IReadOnlyList<object?>>> QueryAsync(string connectionId, string sql)
    {
        await using var hook = await Context().SqlAsync(connectionId, CancellationToken.None);
        return await hook.QueryAsync(sql, null, int.MaxValue, CancellationToken.None);
    }

    internal async Task ExecuteSqlAsync(string connectionId, string sql)
    {
        await using var hook = await Context().SqlAsync(connectionId, CancellationToken.None);
        await hook.ExecuteAsync(sql, null, CancellationToken.None);
    }

    /// <summary>The same connections, seen by an attempt of a run.</summary>
    internal TaskRun As(int attempt, long key = 1, int day = 5)
    {
        var start = new DateTimeOffset(2021, 2, day, 0, 0, 0, default);
        return new(_connections, _log)
        {
            TimeZone = TimeZone, Type = Type, Interval = new(start, start.AddDays(1)), Attempt = new(key, 0, attempt), Dag = Dag, FormerDag = FormerDag, MapIndex = MapIndex,
        };
    }

    internal string Dag { get; set; } = "dag";

    internal string? FormerDag { get; set; }

    internal int? MapIndex { get; set; }

    internal TaskContext Context()
    {
        var task = new TaskSpec { Id = new("task"), Operator = "Test", KeepsWatermark = Watermarks is not null, Sensor = Watches ? new() { Watch = WatchPart.Watch } : null };
        var dag = new DagSpec { Id = new(Dag), RenamedFrom = FormerDag is null ? null : new DagId(FormerDag), Tasks = [task], TimeZone = TimeZone };
        var run = new RunFacts { Key = Attempt?.Run ?? 1, Dag = dag.Id, Id = new($"manual__{Attempt?.Run ?? 1}"), Type = Type, Interval = Interval, Version = "v" };
        return Latest = new(run, dag, task, TryNumber, this, BuiltInProviders.Catalog()) { Attempt = Attempt, Callback = Note, RemoteJob = RemoteJob, Map = MapIndex is { } index ? new(0, index, 2) : null };
    }

    ValueTask<Connection?> ITaskServices.GetConnectionAsync(string id, CancellationToken cancellationToken) => new(_connections.GetValueOrDefault(id));

    ValueTask<string?> ITaskServices.GetVariableAsync(string name, CancellationToken cancellationToken) => new((string?)null);

    ValueTask<string?> ITaskServices.GetXComAsync(string taskId, string key, CancellationToken cancellationToken) => new((string?)null);

    ValueTask<Core.Watermarks.WatermarkAnswer> ITaskServices.AskWatermarkAsync(Core.Watermarks.WatermarkQuestion question, CancellationToken cancellationToken) => new(Watermarks!(question));

    ValueTask<RemoteJobAnswer> ITaskServices.KeepRemoteJobAsync(RemoteJob job, CancellationToken cancellationToken)
    {
        var answer = Keep(job);
        if (answer.Refusal is null)
        {
            Kept.Add(job);
        }

        return new(answer);
    }

    void ITaskServices.WriteLog(LogLevel level, string line) => _log.Enqueue(line);
}
