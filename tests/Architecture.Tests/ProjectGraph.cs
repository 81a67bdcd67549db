using System.Xml.Linq;
using Sluice.Services;

namespace Sluice.Architecture.Tests;

/// <summary>The projects under src, and which of them each one names.</summary>
internal static class ProjectGraph
{
    /// <summary>By path under src, such as <c>Shared/Core</c>: direct references, sorted.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Arrows { get; } = Read();

    /// <summary>All that a project reaches, over any number of arrows.</summary>
    public static IReadOnlySet<string> Reach(string project)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        Visit(project);
        return reached;

        void Visit(string from)
        {
            foreach (var to in Arrows[from].Where(reached.Add))
            {
                Visit(to);
            }
        }
    }

    private static SortedDictionary<string, IReadOnlyList<string>> Read()
    {
        var source = Path.Combine(Repository.Root, "src");
        var arrows = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(source, "*.csproj", SearchOption.AllDirectories))
        {
            var folder = Path.GetDirectoryName(file)!;
            arrows[Name(folder)] =
            [
                .. XDocument.Load(file).Descendants("ProjectReference")
                    // A project that is only built along, so that its program lies beside ours, is no arrow: nothing of it can be called.
                    .Where(reference => !"false".Equals((string?)reference.Attribute("ReferenceOutputAssembly"), StringComparison.OrdinalIgnoreCase))
                    .Select(reference => ((string)reference.Attribute("Include")!).Replace('\\', '/'))
                    .Select(include => Name(Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, include)))!))
                    .Order(StringComparer.Ordinal),
            ];
        }

        return arrows;

        string Name(string folder) => Path.GetRelativePath(source, folder).Replace('\\', '/');
    }
}
