using System.Reflection;
using System.Runtime.Loader;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Bundles;

/// <summary>Runs compiled Dag files to get at their definitions.</summary>
/// <remarks>Each load is apart from all others and goes away when nothing of it is used any more.</remarks>
public static class BundleAssembly
{
    /// <summary>Loads an assembly and runs its top-level statements.</summary>
    /// <param name="assembly">As compiled by the Dag processor.</param>
    /// <param name="variables">Values that the definitions may read.</param>
    /// <param name="providers">Built-in operators, to tell them from the author's own; without it every task counts as the author's own code.</param>
    /// <returns>What was defined, in order.</returns>
    /// <exception cref="DagDefinitionException">None of the definitions can be.</exception>
    /// <exception cref="BadImageFormatException">It is no program.</exception>
    public static IReadOnlyList<DagDefinition> Load(
        byte[] assembly, IReadOnlyDictionary<string, string> variables, ProviderCatalog? providers = null)
    {
        var collector = new DagCollector(providers, variables.GetValueOrDefault);
        Run(assembly, collector);
        return collector is { Definitions: [], Problems: [var first, ..] } ? throw first : collector.Definitions;
    }

    /// <summary>Loads an assembly and runs its top-level statements; what they define goes to the collector.</summary>
    /// <exception cref="BadImageFormatException">It is no program.</exception>
    public static void Run(byte[] assembly, DagCollector collector)
    {
        var context = new AssemblyLoadContext("bundle", isCollectible: true);
        using var content = new MemoryStream(assembly, writable: false);
        var entry = context.LoadFromStream(content).EntryPoint
            ?? throw new BadImageFormatException("The assembly has no entry point: a Dag file is a program of top-level statements.");
        object?[]? arguments = entry.GetParameters().Length == 0 ? null : [Array.Empty<string>()];

        // An async program's entry point waits for its end by itself.
        collector.Collect(() => entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null));
    }
}
