using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.RemoteJobs;
using Sluice.Core.Schedules;
using Sluice.Core.Watermarks;

namespace Sluice.Authoring.Operators;

/// <summary>One attempt of one task instance, as its operator sees it.</summary>
public sealed class TaskContext(RunFacts run, DagSpec dag, TaskSpec task, int tryNumber, ITaskServices services, ProviderCatalog providers)
{
    private readonly List<Core.TaskInstances.XCom> _pushed = [];
    private RemoteJob? _remoteJob;

    /// <summary>The run that this attempt belongs to.</summary>
    public RunFacts Run { get; } = run;

    /// <summary>The Dag, in the version that the run is pinned to.</summary>
    public DagSpec Dag { get; } = dag;

    /// <summary>The task.</summary>
    public TaskSpec Task { get; } = task;

    /// <summary>1 for the first try. Reschedules and lost attempts do not count.</summary>
    public int TryNumber { get; } = tryNumber;

    /// <summary>Start of the data interval, UTC (= <c>execution_date</c>).</summary>
    public DateTimeOffset LogicalDate => Run.LogicalDate;

    /// <summary>The span of data that this run is about, UTC.</summary>
    public DataInterval DataInterval => Run.Interval;

    /// <summary>Which instance of a mapped task this is; null when the task is not mapped.</summary>
    public Core.TaskInstances.MapPosition? Map { get; init; }

    /// <summary>Map index, from 0; -1 when the task is not mapped.</summary>
    public int MapIndex => Map?.Index ?? -1;

    /// <summary>When the task's first poke began, for sensors; null before it. UTC.</summary>
    public DateTimeOffset? FirstPokeAt { get; init; }

    /// <summary>How often a sensor gave its slot back until its next poke, in this try.</summary>
    public int Reschedules { get; init; }

    /// <summary>When this attempt began, UTC; null where nothing is executed, as in a preview of its arguments.</summary>
    public DateTimeOffset? StartedAt { get; internal set; }

    /// <summary>Names this dispatch of the task; null in a test run. Its token grows with every attempt of the run.</summary>
    public Core.TaskInstances.AttemptId? Attempt { get; init; }

    /// <summary>Tells object stores who writes: this instance of the task in this run. It stays when the Dag gets another name.</summary>
    public ObjectWriter Writer => ObjectWriter.Of(Run, Task.Id, Map, Attempt?.Token ?? TryNumber);

    /// <summary>What a callback is told of; null in a task.</summary>
    public Core.Callbacks.CallbackNote? Callback { get; init; }

    /// <summary>True in a test run: nothing is recorded, and templates see <c>test_mode</c>.</summary>
    public bool IsTest { get; init; }

    /// <summary>Macros and filters that the Dag's author added to its templates; none where the author's code is not at hand.</summary>
    public Core.Templates.TemplateLibrary Templates { get; init; } = Core.Templates.TemplateLibrary.Empty;

    /// <summary>Hooks and operators by name.</summary>
    public ProviderCatalog Providers { get; } = providers;

    /// <summary>The way out of the attempt: connections, variables, XComs, the log.</summary>
    public ITaskServices Services { get; } = services;

    /// <summary>Cancelled when the attempt is killed or runs over its execution timeout.</summary>
    public CancellationToken CancellationToken { get; internal set; }

    /// <summary>Default params of the Dag overlaid with the run's conf.</summary>
    public JsonElement Params => field.ValueKind == JsonValueKind.Undefined ? field = RunParams.Merge(Dag.Params, Run.Conf) : field;

    /// <summary>Values pushed by this attempt so far; they become visible to others when the attempt has succeeded.</summary>
    public IReadOnlyList<Core.TaskInstances.XCom> Pushed => _pushed;

    /// <summary>What this attempt has seen of the rows that it moves; kept with the attempt, also when it fails: <c>sluice tasks evidence</c>.</summary>
    public Evidence.EvidenceTrail Evidence { get; } = new();

    /// <summary>What this attempt says of the assets that it updates: <c>context.OutletEvents[orders].Extra["rows"] = 12</c>.</summary>
    public Assets.OutletEvents OutletEvents => field ??= new(Task);

    /// <summary>The events that the run was made of, by the name of their asset, oldest first; empty for runs that no asset made.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Core.Assets.AssetEvent>> TriggeringAssetEvents => field ??=
        (Run.AssetEvents ?? []).GroupBy(one => one.Asset).ToDictionary(events => events.Key, events => (IReadOnlyList<Core.Assets.AssetEvent>)[.. events]);

    /// <summary>The latest events of an inlet, whoever made them, oldest first: as they are when it is asked.</summary>
    /// <param name="inlet">Among the task's inlets: <c>task.Inlets(orders)</c>, <c>inlets: [orders]</c> in YAML.</param>
    /// <param name="limit">At most so many, up to 1,000.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <exception cref="TaskFailedException">The task has no such inlet.</exception>
    public ValueTask<IReadOnlyList<Core.Assets.AssetEvent>> InletEventsAsync(Core.Assets.NamedAsset inlet, int limit = 50, CancellationToken cancellationToken = default) =>
        (Task.Inlets ?? []).Any(known => known.Key == inlet.Key)
            ? Services.GetAssetEventsAsync(inlet, Math.Clamp(limit, 1, 1_000), null, cancellationToken)
            : throw new TaskFailedException($"Task '{Task.Id}' has no inlet '{inlet.Name}'; add it with .Inlets(...), or with inlets in YAML.");

    /// <summary>Goes on with these tasks and groups after a success; the other direct downstreams are skipped, unless they come after a chosen one.</summary>
    /// <param name="ids">As the Dag has them, with the prefixes of their groups; none skips all direct downstreams.</param>
    public void Follow(params IEnumerable<string> ids) => Chosen = [.. ids];

    /// <summary>Skips what comes after this task, once it has succeeded.</summary>
    /// <param name="directOnly">False: everything but teardowns. True: what is directly after it; the rest goes by its trigger rules.</param>
    public void SkipDownstream(bool directOnly = false) =>
        Skips = directOnly ? Core.TaskInstances.SkipScope.Direct : Core.TaskInstances.SkipScope.All;

    /// <summary>Ends the attempt with a question; the task ends with its answer.</summary>
    internal void AskPerson(Core.HumanInput.HumanQuestion question) => Question = question;

    internal Core.HumanInput.HumanQuestion? Question { get; private set; }

    /// <summary>
    /// Opens the window of a column that only grows: from the mark of the latest earlier run that succeeded, to an end that <paramref name="findEnd"/> looks for.
    /// The end becomes the mark when this attempt succeeds. A retry, and a run that is cleared, gets the window that it had.
    /// </summary>
    /// <param name="findEnd">Is given the mark, null when there is none, and finds the greatest value above it; null when there is none. Not asked when the end is settled already.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>Read values above its <c>From</c>, up to its <c>To</c>. Values are exact text, as the task writes it.</returns>
    /// <exception cref="TaskFailedException">The task does not say that it keeps a watermark, or its run is of a backfill.</exception>
    public async ValueTask<WatermarkWindow> OpenWatermarkAsync(
        Func<string?, CancellationToken, ValueTask<string?>> findEnd, CancellationToken cancellationToken = default)
    {
        if (!Task.KeepsWatermark)
        {
            throw new TaskFailedException($"Task '{Task.Id}' does not say that it keeps a watermark; set its KeepsWatermark, or override that of its operator.");
        }

        if (Watermark is not null)
        {
            return Watermark;
        }

        var found = await Services.AskWatermarkAsync(new(), cancellationToken);
        if (found.Refusal is { } refusal)
        {
            throw new TaskFailedException(refusal);
        }

        var window = new WatermarkWindow(found.From, found.IsSettled ? found.To : await findEnd(found.From, cancellationToken) ?? found.From);
        var kept = await Services.AskWatermarkAsync(new(window), cancellationToken);
        return kept.Refusal is null ? Watermark = window : throw new TaskErrorException(kept.Refusal);
    }

    /// <inheritdoc cref="OpenWatermarkAsync(Func{string?, CancellationToken, ValueTask{string?}}, CancellationToken)"/>
    /// <param name="start">The mark before there is one, exclusive.</param>
    /// <param name="findEnd">Is given the mark, and finds the greatest value above it; null when there is none.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    public async ValueTask<Watermarks.WatermarkWindow<T>> OpenWatermarkAsync<T>(
        T start, Func<T, CancellationToken, ValueTask<T?>> findEnd, CancellationToken cancellationToken = default)
        where T : struct, IParsable<T>, IFormattable
    {
        var window = await OpenWatermarkAsync(
            async (from, cancel) => await findEnd(Read(from, start), cancel) is { } end ? Watermarks.TypedWatermark.Write(end) : null, cancellationToken);
        var first = Read(window.From, start);
        return new(first, Read(window.To, first));

        static T Read(string? text, T otherwise) => text is null ? otherwise : Watermarks.TypedWatermark.Read<T>(text);
    }

    /// <summary>The window that this attempt has opened; null when it has not.</summary>
    public WatermarkWindow? Watermark { get; private set; }

    /// <summary>What this try runs in a service: kept by this attempt, or by one of the same try whose worker was lost. Null when nothing is known of any.</summary>
    public RemoteJob? RemoteJob { get => _remoteJob; init => _remoteJob = value; }

    /// <summary>
    /// Has the engine keep what this attempt has just started in a service. When this returns it is on disk: it is shown to people, the next attempt of this try is given it as
    /// <see cref="RemoteJob"/> when the worker is lost, and it is stopped by <see cref="IStopsRemoteJob"/> when there will be none. One at a time: another takes its place, and to
    /// stop the one before is up to the operator. In a test run nothing is kept.
    /// </summary>
    /// <param name="job">What was started.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>False when this attempt is not wanted any more: nothing is kept, and whoever kills it is on the way.</returns>
    /// <exception cref="TaskFailedException">It cannot be kept, or the operator is no <see cref="IStopsRemoteJob"/>.</exception>
    public async ValueTask<bool> KeepRemoteJobAsync(RemoteJob job, CancellationToken cancellationToken = default)
    {
        if (job.FindProblem() is { } problem)
        {
            throw new TaskFailedException(problem);
        }

        if (Operator is not (null or IStopsRemoteJob))
        {
            throw new TaskFailedException($"{Operator.GetType().Name} has {job} kept, and cannot stop it when nobody waits for it any more: it must be an {nameof(IStopsRemoteJob)}.");
        }

        if ((await Services.KeepRemoteJobAsync(job, cancellationToken)).Refusal is { } refusal)
        {
            Log(LogLevel.Warning, refusal);
            return false;
        }

        (_remoteJob, HasReleasedRemoteJob) = (job, false);
        return true;
    }

    /// <summary>What was kept has ended, was stopped, or is not to be waited for: nobody has to stop it any more. Counts with the end of this attempt.</summary>
    public void ReleaseRemoteJob() => HasReleasedRemoteJob = true;

    internal bool HasReleasedRemoteJob { get; private set; }

    internal Operator? Operator { get; set; }

    internal TimeProvider Time { get; set; } = TimeProvider.System;

    internal void PushJson(string key, string json)
    {
        if (json.Length > XComs.XComJson.MaxLength)
        {
            throw new TaskFailedException(
                $"XCom '{key}' has {json.Length} characters as JSON, more than the limit of {XComs.XComJson.MaxLength}; write such data to an object store and push its address.");
        }

        _pushed.RemoveAll(x => x.Key == key);
        if (_pushed.Sum(x => (long)x.Value.Length) + json.Length is > XComs.XComJson.MaxTogether and var together)
        {
            throw new TaskFailedException(
                $"With XCom '{key}' the task has pushed {together} characters as JSON, more than the limit of {XComs.XComJson.MaxTogether} for all its XComs together; write such data to an object store and push its address.");
        }

        _pushed.Add(new(key, json));
    }

    /// <summary>What templates came to; null while nothing was rendered.</summary>
    internal string? Rendered { get; set; }

    internal IReadOnlyList<string>? Chosen { get; private set; }

    internal Core.TaskInstances.SkipScope? Skips { get; private set; }

    /// <summary>Writes a line to the attempt's log at level information.</summary>
    public void Log(string line) => Services.WriteLog(LogLevel.Information, line);

    /// <summary>Writes a line to the attempt's log.</summary>
    public void Log(LogLevel level, string line) => Services.WriteLog(level, line);

    /// <summary>Pushes a value under a key; the last push of a key wins.</summary>
    /// <exception cref="TaskFailedException">The value cannot be written as JSON.</exception>
    public void Push(string key, object? value)
    {
        PushJson(key, XComs.XComJson.Serialize(key, value));
    }

    /// <summary>Reads what the instances of a mapped task pushed, one after the other, in the order of their indices; those that pushed nothing are left out. Of any other task the elements of the list that it pushed.</summary>
    /// <remarks>Read in pages: the whole list is never in memory.</remarks>
    /// <exception cref="TaskFailedException">The task is not mapped, and what it pushed is no list.</exception>
    public async IAsyncEnumerable<T?> PullMappedAsync<T>(
        string taskId, string key = "return_value", [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        const int Page = 1000;
        for (var read = 0; await Services.GetXComItemsAsync(taskId, key, new(read, Page), cancellationToken) is { Values.Count: > 0 } page;)
        {
            foreach (var value in page.Values)
            {
                yield return XComs.XComJson.Deserialize<T>(value);
            }

            read += page.Values.Count;
            if (read >= page.Length)
            {
                break;
            }
        }
    }

    /// <summary>Reads what an upstream task of this run pushed, of a mapped one the list of what its instances pushed; the default of <typeparamref name="T"/> when there is nothing.</summary>
    public async ValueTask<T?> PullAsync<T>(string taskId, string key = "return_value", CancellationToken cancellationToken = default)
    {
        var json = await Execution.XComReader.ReadAsync(this, taskId, key, cancellationToken);
        return json is null ? default : XComs.XComJson.Deserialize<T>(json);
    }

    /// <summary>Looks up a connection.</summary>
    /// <exception cref="TaskFailedException">There is none by that id.</exception>
    public async ValueTask<Connection> ConnectionAsync(string id, CancellationToken cancellationToken = default) =>
        await Services.GetConnectionAsync(id, cancellationToken)
        ?? throw new TaskFailedException($"There is no connection '{id}'. Add it with: sluice connections add {id} <uri>");

    /// <summary>Looks up a variable; null when there is none by that name.</summary>
    public ValueTask<string?> VariableAsync(string name, CancellationToken cancellationToken = default) => Services.GetVariableAsync(name, cancellationToken);

    /// <summary>Opens the SQL hook of a connection: MySQL, PostgreSQL, Redshift or SQLite by the connection's type.</summary>
    public async ValueTask<ISqlHook> SqlAsync(string connectionId, CancellationToken cancellationToken = default) =>
        Providers.OpenSql(await ConnectionAsync(connectionId, cancellationToken));

    /// <summary>Opens the object store that a URI such as <c>s3://bucket/key</c> or <c>file:///folder/key</c> lies in.</summary>
    /// <param name="uri">Only its scheme decides which store.</param>
    /// <param name="connectionId">Connection with credentials and endpoint; null for the store's own defaults.</param>
    /// <param name="cancellationToken">Cancels the look-up of the connection.</param>
    public async ValueTask<IObjectStore> ObjectStoreAsync(Uri uri, string? connectionId, CancellationToken cancellationToken = default) =>
        Providers.OpenObjectStore(uri.Scheme, connectionId is null ? null : await ConnectionAsync(connectionId, cancellationToken));
}

/// <summary>What an attempt may ask of the node that runs it. Implemented by the worker, the runner process and the test run.</summary>
public interface ITaskServices
{
    /// <summary>Null when there is none by that id.</summary>
    ValueTask<Connection?> GetConnectionAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Null when there is none by that name.</summary>
    ValueTask<string?> GetVariableAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>A secret that this attempt has: from now on it is masked in what leaves it, where whoever runs it can.</summary>
    void AddSecret(string value)
    {
    }

    /// <summary>JSON text pushed by a task of the same run; null when there is none.</summary>
    ValueTask<string?> GetXComAsync(string taskId, string key, CancellationToken cancellationToken);

    /// <summary>Some elements of a list that a task of the same run pushed, or of what the instances of a mapped task pushed; null when there is none.</summary>
    /// <exception cref="TaskFailedException">It is no list.</exception>
    async ValueTask<Core.TaskInstances.XComItems?> GetXComItemsAsync(
        string taskId, string key, Core.TaskInstances.XComSlice slice, CancellationToken cancellationToken) =>
        await GetXComAsync(taskId, key, cancellationToken) is { } json ? Execution.XComReader.Cut(json, taskId, key).Take(slice) : null;

    /// <summary>The latest events of an asset, oldest first; none where there is no scheduler to ask.</summary>
    /// <param name="asset">An asset, or an alias: events in which it stood for an asset.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="sourceDag">Only those that this Dag's tasks made; null for all.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    ValueTask<IReadOnlyList<Core.Assets.AssetEvent>> GetAssetEventsAsync(
        Core.Assets.NamedAsset asset, int limit, string? sourceDag, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<Core.Assets.AssetEvent>>([]);

    /// <summary>Makes a run of a Dag, or finds the one that this task made before: safe to ask again, also after a retry.</summary>
    /// <exception cref="TaskFailedException">There is no scheduler to ask.</exception>
    ValueTask<Core.CrossDag.TriggeredRun> TriggerRunAsync(Core.CrossDag.RunTrigger trigger, CancellationToken cancellationToken) =>
        throw new TaskFailedException($"A run of Dag '{trigger.Dag}' can be made in a deployment only: there is no scheduler here.");

    /// <summary>Asks how far a Dag is.</summary>
    /// <exception cref="TaskFailedException">There is no scheduler to ask.</exception>
    ValueTask<Core.CrossDag.DagAnswer> LookAtDagAsync(Core.CrossDag.DagQuestion question, CancellationToken cancellationToken) =>
        throw new TaskFailedException($"Dag '{question.Dag}' can be looked at in a deployment only: there is no scheduler here.");

    /// <summary>Asks for the window of this task's watermark, or has it kept. Where there is no engine to ask, as in a test run, there is no mark, and none is kept.</summary>
    ValueTask<WatermarkAnswer> AskWatermarkAsync(WatermarkQuestion question, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new WatermarkAnswer(null));

    /// <summary>Has the engine keep what this attempt has started in a service. Where there is no engine, as in a test run, nothing is kept.</summary>
    ValueTask<RemoteJobAnswer> KeepRemoteJobAsync(RemoteJob job, CancellationToken cancellationToken) => ValueTask.FromResult(RemoteJobAnswer.Kept);

    /// <summary>Appends a line to the attempt's log. Secrets of the connections looked up so far are masked on the way.</summary>
    void WriteLog(LogLevel level, string line);
}
