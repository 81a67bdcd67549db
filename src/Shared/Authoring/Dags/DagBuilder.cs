using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Templates;
using Sluice.Authoring.XComs;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Dags;

/// <summary>A Dag being defined.</summary>
public sealed class DagBuilder : TaskScope
{
    private readonly DagCollector _collector;
    private readonly List<TaskNode> _tasks = [];
    private readonly List<TaskGroup> _groups = [];
    private readonly List<(IDagNode Up, IDagNode Down)> _links = [];
    private readonly List<string> _tags = [];
    private readonly Dictionary<string, JsonNode?> _schemas = [];
    private readonly List<DeadlineSpec> _deadlines = [];
    private readonly List<string> _personal = [];
    private readonly List<AuthoredCallback> _callbacks = [];
    private readonly SourceLocation? _location;
    private readonly TemplateFunctions _functions = new();
    private bool _sealed;

    internal DagBuilder(string id, DagCollector collector, SourceLocation? location)
        : base(null, "", null) => (Id, _collector, _location) = (id, collector, location);

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>The id that it had before: runs, logs, backfills, pause and its place in the schedule go with it. May stay, or go once that has happened. Default: none.</summary>
    public string? RenamedFrom { get; set; }

    /// <summary>For people.</summary>
    public string? Description { get; set; }

    /// <summary>When it runs. Default: only when triggered.</summary>
    public Schedule Schedule { get; set; } = Schedule.None;

    /// <summary>First logical date that may run. Every schedule but <see cref="Schedule.None"/> needs it.</summary>
    public Date? StartDate { get; set; }

    /// <summary>Last logical date that may run, inclusively. Default: none.</summary>
    public Date? EndDate { get; set; }

    /// <summary>Zone in which dates and cron fields are read, by its name in the tz database. Default: UTC.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>Which intervals between the start date and now are run. Default: the latest one, then onwards.</summary>
    public CatchupMode Catchup { get; set; } = CatchupMode.Latest;

    /// <summary>Runs that may be running at once; further ones wait. Default: 16.</summary>
    public int MaxActiveRuns { get; set; } = 16;

    /// <summary>Tasks of this Dag that may run at once, over all its runs. Default: as many as pools and slots allow.</summary>
    public int? MaxActiveTasks { get; set; }

    /// <summary>Tasks of one run that may run at once. Default: only <see cref="MaxActiveTasks"/> counts.</summary>
    public int? MaxActiveTasksPerRun { get; set; }

    /// <summary>The first task that fails ends the run: what runs is stopped, what waits is skipped; teardowns still run. Default: false.</summary>
    public bool FailFast { get; set; }

    /// <summary>Most instances that one mapped task or group may have. Default: 1024.</summary>
    public int? MaxMapLength { get; set; }

    /// <summary>Limit of one run, from its start: then it fails (<c>timed_out</c>) and what has not ended is skipped. Default: none.</summary>
    public TimeSpan? DagRunTimeout { get; set; }

    /// <summary>Limit of one callback, of the Dag or of its tasks: then it is stopped, and shown as failed. Default: one minute.</summary>
    public TimeSpan? CallbackTimeout { get; set; }

    /// <summary>Default params, for templates and code; a run's conf overrides them by key. Values must have a JSON form.</summary>
    public IDictionary<string, object?> Params { get; } = new Dictionary<string, object?>();

    internal Core.Templates.TemplateLibrary Templates => _functions.Library;

    internal IReadOnlyList<AuthoredCallback> Callbacks => _callbacks;

    internal override DagBuilder Dag => this;

    internal IReadOnlyList<TaskNode> Tasks => _tasks;

    internal IReadOnlyList<TaskGroup> Groups => _groups;

    internal IReadOnlyList<(IDagNode Up, IDagNode Down)> Links => _links;

    /// <summary>Gives a param rules that its value must keep: a run whose conf breaks one is refused before it exists.</summary>
    /// <param name="name">Its key in <see cref="Params"/>. Without a default there, conf must give it.</param>
    /// <param name="schema">A JSON Schema (draft 2020-12), such as <c>{"type": "integer", "minimum": 1}</c>.</param>
    /// <exception cref="DagDefinitionException">The schema is not JSON.</exception>
    public void ParamSchema(string name, [StringSyntax(StringSyntaxAttribute.Json)] string schema)
    {
        try
        {
            _schemas[name] = JsonNode.Parse(schema);
        }
        catch (JsonException e)
        {
            throw new DagDefinitionException($"The schema of param '{name}' is not JSON: {e.Message}", null, e);
        }
    }

    /// <summary>Adds tags, by which people find it.</summary>
    public void Tags(params ReadOnlySpan<string> tags) => _tags.AddRange(tags);

    /// <summary>Tags columns as personal: extracts of this Dag are refused when they select one as it is; masked or excluded it may be there.</summary>
    /// <param name="columns"><c>email</c> in any table, <c>customers.email</c>, or <c>customers.*</c>.</param>
    public void PersonalColumns(params ReadOnlySpan<string> columns) => _personal.AddRange(columns);

    /// <summary>Reads a variable while the Dag is defined: changing it defines the Dag anew. For values at run time use <c>{{ var.value.name }}</c>.</summary>
    /// <param name="name">As set by <c>sluice variables set</c> or the environment (<c>SLUICE_VAR_NAME</c>).</param>
    /// <param name="fallback">Its value when it is not set.</param>
    public string Variable(string name, string fallback) => _collector.Variable(name) ?? fallback;

    /// <inheritdoc cref="Variable(string, string)"/>
    /// <exception cref="DagDefinitionException">It is not set.</exception>
    public string Variable(string name) => _collector.Variable(name)
        ?? throw new DagDefinitionException($"There is no variable '{name}'. Set it with: sluice variables set {name} <value>", null);

    /// <summary>Adds a function that this Dag's templates may call: <c>{{ name() }}</c>. It runs where the Dag's code runs, and should give the same whenever it is asked.</summary>
    /// <param name="name">As templates write it.</param>
    /// <param name="function">What it does.</param>
    public void Macro<TResult>(string name, Func<TResult> function) => _functions.AddMacro(name, 0, _ => function());

    /// <inheritdoc cref="Macro{TResult}(string, Func{TResult})"/>
    public void Macro<T, TResult>(string name, Func<T, TResult> function) =>
        _functions.AddMacro(name, 1, x => function(TemplateFunctions.Argument<T>(x.Positional[0], name)));

    /// <inheritdoc cref="Macro{TResult}(string, Func{TResult})"/>
    public void Macro<T1, T2, TResult>(string name, Func<T1, T2, TResult> function) => _functions.AddMacro(
        name, 2, x => function(TemplateFunctions.Argument<T1>(x.Positional[0], name), TemplateFunctions.Argument<T2>(x.Positional[1], name)));

    /// <summary>Adds a filter that this Dag's templates may use: <c>{{ value | name }}</c>. It runs where the Dag's code runs.</summary>
    /// <param name="name">As templates write it.</param>
    /// <param name="function">What it does; its first argument is the value before the <c>|</c>.</param>
    public void Filter<T, TResult>(string name, Func<T, TResult> function) =>
        _functions.AddFilter(name, 0, (value, _) => function(TemplateFunctions.Argument<T>(value, name)));

    /// <inheritdoc cref="Filter{T, TResult}(string, Func{T, TResult})"/>
    public void Filter<T, TArgument, TResult>(string name, Func<T, TArgument, TResult> function) => _functions.AddFilter(
        name, 1, (value, x) => function(TemplateFunctions.Argument<T>(value, name), TemplateFunctions.Argument<TArgument>(x.Positional[0], name)));

    /// <summary>Calls back when a run has succeeded. Not when someone marked it so.</summary>
    public void OnSuccess(Func<CallbackContext, ValueTask> callback) => AddCallback(CallbackTrigger.Success, new CodeNotifier(callback));

    /// <inheritdoc cref="OnSuccess(Func{CallbackContext, ValueTask})"/>
    public void OnSuccess(Action<CallbackContext> callback) => AddCallback(CallbackTrigger.Success, TaskCallbacks.CodeOf(callback));

    /// <inheritdoc cref="OnSuccess(Func{CallbackContext, ValueTask})"/>
    public void OnSuccess(Notifier notifier) => AddCallback(CallbackTrigger.Success, notifier);

    /// <summary>Calls back when a run has failed: by its tasks, by its time limit (<see cref="CallbackContext.Why"/> is <c>timed_out</c>) or because it was cancelled. Not when someone marked it so.</summary>
    public void OnFailure(Func<CallbackContext, ValueTask> callback) => AddCallback(CallbackTrigger.Failure, new CodeNotifier(callback));

    /// <inheritdoc cref="OnFailure(Func{CallbackContext, ValueTask})"/>
    public void OnFailure(Action<CallbackContext> callback) => AddCallback(CallbackTrigger.Failure, TaskCallbacks.CodeOf(callback));

    /// <inheritdoc cref="OnFailure(Func{CallbackContext, ValueTask})"/>
    public void OnFailure(Notifier notifier) => AddCallback(CallbackTrigger.Failure, notifier);

    /// <summary>Adds a moment by which runs should be over: <c>dag.Deadline("by six", DeadlineReference.LogicalDate, TimeSpan.FromHours(30))</c>.</summary>
    /// <param name="name">Unique in the Dag.</param>
    /// <param name="reference">From when it counts.</param>
    /// <param name="after">How long after that; negative is before.</param>
    /// <param name="onMissed">Called once for each run that is not over by then; <see cref="CallbackContext.Deadline"/> and <see cref="CallbackContext.DeadlineDue"/> say which.</param>
    public void Deadline(string name, DeadlineReference reference, TimeSpan after = default, params Notifier[] onMissed)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(onMissed);
        _deadlines.Add(new() { Name = name, Reference = reference, After = after });
        Array.ForEach(onMissed, notifier => AddCallback(CallbackTrigger.DeadlineMissed, notifier, name));
    }

    /// <inheritdoc cref="Deadline(string, DeadlineReference, TimeSpan, Notifier[])"/>
    public void Deadline(string name, DeadlineReference reference, TimeSpan after, Func<CallbackContext, ValueTask> onMissed) =>
        Deadline(name, reference, after, new CodeNotifier(onMissed));

    /// <inheritdoc cref="Deadline(string, DeadlineReference, TimeSpan, Notifier[])"/>
    public void Deadline(string name, DeadlineReference reference, TimeSpan after, Action<CallbackContext> onMissed) =>
        Deadline(name, reference, after, TaskCallbacks.CodeOf(onMissed));

    /// <summary>Reads a business calendar, for schedules: <c>Schedule.Cron("0 18 L * *").On(dag.Calendar("korea.ics"), DayRule.Previous)</c>.</summary>
    /// <param name="files">
    /// Paths from the Dag file's own folder, inside the Dag folder; <c>.ics</c> is iCalendar, all else a list of dates. Several are taken together. Their content becomes part of the
    /// Dag: changing a file defines the Dag anew.
    /// </param>
    /// <exception cref="DagDefinitionException">A file is missing or cannot be read as a calendar.</exception>
    public BusinessCalendar Calendar(params string[] files)
    {
        try
        {
            return _collector.Calendar(files);
        }
        catch (FormatException e)
        {
            throw new DagDefinitionException(e.Message, null, e);
        }
    }

    internal void AddCallback(CallbackTrigger on, Notifier notifier, string? deadline = null)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        _callbacks.Add(new(on, notifier, deadline));
    }

    internal DateTimeOffset? Utc(Date? date, string what)
    {
        try
        {
            return date?.ToUtc(TimeZone);
        }
        catch (FormatException e)
        {
            throw new DagDefinitionException($"The {what} {date} of Dag '{Id}' has no instant: {e.Message}", _location, e);
        }
    }

    internal void AddTask(TaskNode task)
    {
        RequireOpen($"add task '{task.Id}'");
        _tasks.Add(task);
    }

    internal void AddGroup(TaskGroup group)
    {
        RequireOpen($"add group '{group.Id}'");
        _groups.Add(group);
    }

    internal void AddLink(IDagNode up, IDagNode down)
    {
        RequireOpen($"let '{down.Id}' wait for '{up.Id}'");
        _links.Add((up, down));
    }

    internal DagSpec Build()
    {
        _sealed = true;
        var upstreams = DependencyResolver.Resolve(this);
        var templates = new TemplateCheck(Templates, _collector.ReadFile);
        var tasks = _tasks.Select((task, i) => TaskSpecWriter.Write(task, upstreams[i], _collector.Providers, IndexOf) is var spec && templates.UsesCode(task)
            ? spec with { Host = TaskHost.Runner }
            : spec).ToArray();
        return new()
        {
            Id = new(Id),
            RenamedFrom = RenamedFrom is { } former ? new DagId(former) : null,
            Description = Description,
            Tags = [.. _tags.Distinct(StringComparer.Ordinal)],
            Owner = Defaults.Owner,
            Schedule = Schedule,
            StartDate = Utc(StartDate, "start date"),
            EndDate = Utc(EndDate, "end date"),
            TimeZone = TimeZone,
            Catchup = Catchup,
            MaxActiveRuns = MaxActiveRuns,
            MaxActiveTasks = MaxActiveTasks,
            MaxActiveTasksPerRun = MaxActiveTasksPerRun,
            FailFast = FailFast,
            MaxMapLength = MaxMapLength,
            DagRunTimeout = DagRunTimeout,
            PersonalColumns = _personal.Count == 0 ? null : [.. _personal.Distinct(StringComparer.OrdinalIgnoreCase)],
            Deadlines = _deadlines.Count == 0 ? null : [.. _deadlines],
            Callbacks = CallbackWriter.Write(_callbacks, _collector.Providers, $"Dag '{Id}'", _location),
            CallbackTimeout = CallbackTimeout,
            Params = XComJson.Serialize("params", Params),
            ParamsSchema = _schemas.Count == 0 ? null : new JsonObject(_schemas).ToJsonString(),
            Tasks = tasks,
            TemplateFiles = templates.Files,
            Location = _location,
        };
    }

    private int IndexOf(TaskNode task) => _tasks.IndexOf(task) is >= 0 and var index
        ? index
        : throw new DagDefinitionException($"Dag '{Id}' maps over task '{task.Id}' of another Dag; map over tasks of the same one.", _location);

    private void RequireOpen(string what)
    {
        if (_sealed)
        {
            throw new DagDefinitionException($"Cannot {what} after the definition of Dag '{Id}' has ended.", null);
        }
    }
}
