using System.Reflection;
using System.Runtime.Loader;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Bundles;

/// <summary>Runs the code of bundles, compiled Dag files and built programs, to get at their definitions.</summary>
/// <remarks>Each load is apart from all others and goes away when nothing of it is used any more.</remarks>
public static class BundleAssembly
{
    /// <summary>Loads a bundle and runs its top-level statements.</summary>
    /// <param name="bundle">As made by the Dag processor.</param>
    /// <param name="variables">Values that the definitions may read.</param>
    /// <param name="providers">Built-in operators, to tell them from the author's own; without it every task counts as the author's own code.</param>
    /// <param name="unpacked">Folder for the files of a built program, kept for the next who asks. Default: a temporary one that ends with this process.</param>
    /// <returns>What was defined, in order.</returns>
    /// <exception cref="DagDefinitionException">None of the definitions can be.</exception>
    /// <exception cref="BadImageFormatException">It is no program.</exception>
    public static IReadOnlyList<DagDefinition> Load(
        byte[] bundle, IReadOnlyDictionary<string, string> variables, ProviderCatalog? providers = null, string? unpacked = null)
    {
        var collector = new DagCollector(providers, variables.GetValueOrDefault);
        if (BundleArchive.Is(bundle))
        {
            RunProgram(BundleArchive.Unpack(bundle, unpacked ?? Temporary()), collector);
        }
        else
        {
            Run(bundle, collector);
        }

        return collector is { Definitions: [], Problems: [var first, ..] } ? throw first : collector.Definitions;
    }

    /// <summary>Loads an assembly and runs its top-level statements; what they define goes to the collector.</summary>
    /// <exception cref="BadImageFormatException">It is no program.</exception>
    public static void Run(byte[] assembly, DagCollector collector)
    {
        var context = new AssemblyLoadContext("bundle", isCollectible: true);
        using var content = new MemoryStream(assembly, writable: false);
        Run(context.LoadFromStream(content), collector);
    }

    /// <summary>Loads a built program with the libraries beside it and runs it; what it defines goes to the collector.</summary>
    /// <param name="path">Its assembly, absolute.</param>
    /// <param name="collector">Takes the definitions.</param>
    /// <exception cref="BadImageFormatException">It is no program.</exception>
    public static void RunProgram(string path, DagCollector collector) => Run(new ProjectLoadContext(path).LoadFromAssemblyPath(path), collector);

    private static void Run(Assembly program, DagCollector collector)
    {
        var entry = program.EntryPoint
            ?? throw new BadImageFormatException($"{program.GetName().Name} has no entry point: Dags are defined by a program of top-level statements (OutputType Exe).");
        object?[]? arguments = entry.GetParameters().Length == 0 ? null : [Array.Empty<string>()];

        // An async program's entry point waits for its end by itself.
        collector.Collect(() => entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null));
    }

    private static string Temporary()
    {
        var folder = Directory.CreateTempSubdirectory("sluice-bundle-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Loaded libraries of it cannot be deleted everywhere.
            }
        };
        return Path.Combine(folder, "files");
    }
}
