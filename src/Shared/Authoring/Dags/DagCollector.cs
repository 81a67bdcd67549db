using System.Diagnostics;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Hooks;
using Sluice.Core.Dags;
using Sluice.Core.Schedules;

namespace Sluice.Authoring.Dags;

/// <summary>Gathers what one run of a Dag file defines, and what it asked on the way.</summary>
/// <param name="providers">Built-in operators, to tell them from the author's own.</param>
/// <param name="findVariable">Values that definitions may read.</param>
/// <param name="readFile">Text of a template file or calendar by its name, null when there is none; left out where no folder is at hand: calendars are empty then.</param>
public sealed class DagCollector(ProviderCatalog? providers, Func<string, string?> findVariable, Func<string, string?>? readFile = null)
{
    private static readonly AsyncLocal<DagCollector?> Host = new();

    private readonly List<DagDefinition> _definitions = [];
    private readonly List<DagDefinitionException> _problems = [];
    private readonly SortedSet<string> _variablesRead = new(StringComparer.Ordinal);

    /// <summary>Dags that were defined, in order.</summary>
    public IReadOnlyList<DagDefinition> Definitions => _definitions;

    /// <summary>Dags that could not be.</summary>
    public IReadOnlyList<DagDefinitionException> Problems => _problems;

    /// <summary>Names of variables that the definitions asked for, set or not.</summary>
    public IReadOnlyCollection<string> VariablesRead => _variablesRead;

    /// <summary>Sorts what was gathered into Dags that may be used and problems for their author.</summary>
    public CheckedDags Check(DagLimits limits)
    {
        var problems = _problems.ConvertAll(problem => new DagProblem(problem.Message, problem.Location));
        var good = new List<DagDefinition>();
        var first = new Dictionary<DagId, SourceLocation?>();
        foreach (var definition in _definitions)
        {
            var found = DagValidator.Validate(definition.Spec, limits);
            if (!first.TryAdd(definition.Spec.Id, definition.Spec.Location))
            {
                var where = first[definition.Spec.Id] is { } at ? $" (first at line {at.Line})" : "";
                found = [new($"Dag \"{definition.Spec.Id}\" is defined twice in this file{where}; give one of them another id.", definition.Spec.Location)];
            }

            if (found.Count == 0)
            {
                good.Add(definition);
            }

            problems.AddRange(found);
        }

        return new(good, problems);
    }

    /// <summary>The collector of the code that runs: its host's, else that of a Dag file run by itself.</summary>
    internal static DagCollector Current => Host.Value ?? StandaloneProgram.Collector;

    internal ProviderCatalog? Providers { get; } = providers;

    internal Func<string, string?>? ReadFile { get; } = readFile;

    /// <summary>Runs code whose definitions come to this collector, also across awaits.</summary>
    public void Collect(Action code)
    {
        var before = Host.Value;
        Host.Value = this;
        try
        {
            code();
        }
        finally
        {
            Host.Value = before;
        }
    }

    internal void Add(DagDefinition definition) => _definitions.Add(definition);

    internal void Define(string id, Action<DagBuilder> configure, SourceLocation location)
    {
        try
        {
            var builder = new DagBuilder(id, this, location);
            configure(builder);
            var spec = builder.Build();
            var operators = builder.Tasks.Zip(spec.Tasks).DistinctBy(pair => pair.Second.Id).ToDictionary(pair => pair.Second.Id, pair => pair.First.Operator);
            var callbacks = builder.Tasks.DistinctBy(task => task.Id).ToDictionary(task => new TaskId(task.Id), CallbackWriter.Of);
            _definitions.Add(new(spec, task => operators[task].Copy())
            {
                Templates = builder.Templates,
                CreateNotifier = (task, callback) => (Callbacks.Notifier)(task is { } id ? callbacks[id] : builder.Callbacks)[callback].Notifier.Copy(),
            });
        }
        catch (DagDefinitionException e)
        {
            // Location is null where a helper without caller information threw it.
            _problems.Add(e.Location is null ? new(e.Message, FindLine(e, location.File) ?? location, e) : e);
        }
        catch (Exception e) when (e is not OutOfMemoryException) // That ends the process: its parent tells it from all else.
        {
            // One Dag of a factory that throws must not take the others of its file along.
            _problems.Add(new($"Defining Dag '{id}' threw {e.GetType().Name}: {e.Message}", FindLine(e, location.File) ?? location, e));
        }
    }

    internal string? Variable(string name)
    {
        _variablesRead.Add(name);
        return findVariable(name);
    }

    /// <exception cref="FormatException">A file is missing or cannot be read as a calendar; one sentence.</exception>
    internal BusinessCalendar Calendar(IReadOnlyList<string> files)
    {
        var texts = new List<(string, string)>();
        foreach (var file in files)
        {
            if (ReadFile is not { } read)
            {
                return new() { Name = string.Join(" + ", files) };
            }

            try
            {
                texts.Add((file, read(file) ?? throw new FileNotFoundException("there is no such file in it.")));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                throw new FormatException($"The calendar {file} cannot be read from the Dag folder: {e.Message}");
            }
        }

        return texts.Count > 0 ? CalendarFile.Parse(texts) : throw new FormatException("A calendar needs a file.");
    }

    private static SourceLocation? FindLine(Exception exception, string file) =>
        new StackTrace(exception, fNeedFileInfo: true).GetFrames()
            .Where(frame => frame.GetFileLineNumber() > 0 && frame.GetFileName() == file)
            .Select(frame => new SourceLocation(file, frame.GetFileLineNumber()))
            .FirstOrDefault();
}

/// <summary>The outcome of reading a Dag file.</summary>
/// <param name="Dags">Those without problems.</param>
/// <param name="Problems">What is wrong with the others.</param>
public sealed record CheckedDags(IReadOnlyList<DagDefinition> Dags, IReadOnlyList<DagProblem> Problems);
