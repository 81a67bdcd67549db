using System.Xml.Linq;
using Sluice.Authoring.Hooks;
using Sluice.Core.Dags;
using Sluice.DagProcessor.Compilation;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

public sealed class ExampleDagTests
{
    internal static readonly string Folder = Path.Combine(FindRoot(), "examples", "dags");

    [Fact]
    public async Task Every_example_is_taken_as_it_is()
    {
        await using var client = new DagProcessorClient(new());
        var files = Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)!).Where(name => Path.GetExtension(name) is ".cs" or ".yaml").Order().ToList();

        var dags = new List<string>();
        foreach (var file in files)
        {
            var processed = await client.ProcessAsync(Folder, file, new Dictionary<string, string>(), CancellationToken.None);
            Assert.Empty(processed.Problems);
            dags.AddRange(processed.Dags.Select(dag => DagSpecJson.Deserialize(dag.Spec).Id.Value));
        }

        Assert.Equal(files.Select(name => Path.GetFileNameWithoutExtension(name)), dags);
    }

    [Fact]
    public void Dotnet_run_and_the_processor_see_the_same_namespaces()
    {
        var props = XDocument.Load(Path.Combine(Folder, "Directory.Build.props"));
        var listed = props.Descendants("Using").Select(u => u.Attribute("Include")!.Value);

        Assert.Equal(
            ImplicitUsings.Of(ProviderDiscovery.Load()).Where(name => name.StartsWith("Sluice.", StringComparison.Ordinal)),
            listed.Order(StringComparer.Ordinal));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Sluice.slnx")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }
}
