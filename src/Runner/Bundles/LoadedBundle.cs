using Sluice.Authoring.Bundles;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;
using Sluice.Core.Templates;

namespace Sluice.Runner.Bundles;

/// <summary>A bundle's code in this process: loaded with the first task that asks for it, kept for those that follow.</summary>
internal sealed class LoadedBundle(string path, IReadOnlyDictionary<string, string> variables, ProviderCatalog providers)
{
    private Dictionary<DagId, DagDefinition>? _definitions;

    /// <summary>Makes the operator of one attempt; with it comes what the Dag's author added to templates.</summary>
    /// <exception cref="BundleLoadException">The bundle does not load, or does not hold the task.</exception>
    public (Operator Operator, TemplateLibrary Templates) CreateOperator(DagId dag, TaskId task)
    {
        var definition = DefinitionOf(dag);
        try
        {
            return (definition.CreateOperator(task), definition.Templates);
        }
        catch (KeyNotFoundException e)
        {
            throw new BundleLoadException($"The code of this run defines no task '{task}' in Dag '{dag}' any more: it depends on a variable or on its surroundings.", e);
        }
    }

    /// <summary>Makes the notifier of one callback of a task, or of the Dag.</summary>
    /// <exception cref="BundleLoadException">The bundle does not load, or does not hold the callback.</exception>
    public (Operator Notifier, TemplateLibrary Templates) CreateNotifier(DagId dag, TaskId? task, int callback)
    {
        var definition = DefinitionOf(dag);
        try
        {
            return (definition.CreateNotifier(task, callback), definition.Templates);
        }
        catch (Exception e) when (e is KeyNotFoundException or ArgumentOutOfRangeException)
        {
            throw new BundleLoadException($"The code of this run defines no such callback in Dag '{dag}' any more: it depends on a variable or on its surroundings.", e);
        }
    }

    private DagDefinition DefinitionOf(DagId dag) => (_definitions ??= Load()).TryGetValue(dag, out var definition)
        ? definition
        : throw new BundleLoadException($"The code of this run defines no Dag '{dag}' any more: it depends on a variable or on its surroundings.");

    private Dictionary<DagId, DagDefinition> Load()
    {
        try
        {
            return BundleAssembly.Load(File.ReadAllBytes(path), variables, providers, path + ".files").ToDictionary(d => d.Spec.Id);
        }
        catch (Exception e)
        {
            throw new BundleLoadException($"The code of this run could not be loaded: {e.GetType().Name}: {e.Message}", e);
        }
    }
}

/// <summary>User code cannot be had from its bundle.</summary>
internal sealed class BundleLoadException(string message, Exception? inner = null) : Exception(message, inner);
