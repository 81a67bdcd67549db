using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Bundles;

/// <summary>A Dag as its author's code left it: the data, and the live operators that hang on it.</summary>
/// <param name="Spec">The data that travels.</param>
/// <param name="CreateOperator">Makes a fresh operator for one attempt of a task, templates unrendered.</param>
public sealed record DagDefinition(DagSpec Spec, Func<TaskId, Operator> CreateOperator)
{
    /// <summary>Macros and filters that its author added to its templates.</summary>
    public Core.Templates.TemplateLibrary Templates { get; init; } = Core.Templates.TemplateLibrary.Empty;

    /// <summary>Makes a fresh notifier for one callback of a task, or of the Dag when there is no task; templates unrendered.</summary>
    public Func<TaskId?, int, Callbacks.Notifier> CreateNotifier { get; init; } = (_, _) => throw new KeyNotFoundException();

    /// <summary>The definition of a Dag that has no code of its own, such as one from YAML.</summary>
    public static DagDefinition OfBuiltIns(DagSpec spec, ProviderCatalog providers)
    {
        var factory = new OperatorFactory(providers);
        return new(spec, id => factory.Create(spec.Tasks.First(task => task.Id == id)))
        {
            CreateNotifier = (id, callback) => factory.CreateNotifier((id is null ? spec.Callbacks : spec.Tasks.First(task => task.Id == id).Callbacks)![callback]),
        };
    }
}
