using System.Security.Cryptography;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Hooks;
using Sluice.Cluster.Wire;
using Sluice.Core.Dags;

namespace Sluice.Worker.Tests.Bundles;

/// <summary>A Dag file, compiled for a test.</summary>
internal sealed class TestBundle
{
    private const string Usings =
        "using System; using System.Collections.Generic; using System.Linq; using System.Threading; using System.Threading.Tasks; " +
        "using Sluice.Authoring.Dags; using Sluice.Authoring.Operators; using Sluice.Authoring.Sensors; using Sluice.Core.Dags; using Sluice.Core.Schedules;\n";

    private TestBundle(byte[] content)
    {
        Content = content;
        Hash = Convert.ToHexStringLower(SHA256.HashData(content));
        Dags = [.. BundleAssembly.Load(content, new Dictionary<string, string>(), ProviderDiscovery.Load()).Select(d => d.Spec)];
    }

    public byte[] Content { get; }

    public string Hash { get; }

    public IReadOnlyList<DagSpec> Dags { get; }

    public BundleContent Wire => new(Content, new Dictionary<string, string>());

    public static TestBundle Compile(string source)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "bundle_" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(Usings + source)],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release));
        using var content = new MemoryStream();
        var result = compilation.Emit(content);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return new(content.ToArray());
    }
}
