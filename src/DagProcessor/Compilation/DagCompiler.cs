using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;
using Sluice.Authoring.Hooks;
using Sluice.Core.Dags;

namespace Sluice.DagProcessor.Compilation;

/// <summary>Compiles Dag files as <c>dotnet run file.cs</c> would: top-level statements, the usings that every Dag file has, <c>#:</c> lines ignored.</summary>
internal sealed class DagCompiler(ProviderCatalog providers)
{
    private static readonly CSharpParseOptions ParseOptions =
        CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.CSharp14).WithFeatures([new("FileBasedProgram", "true")]);

    private static readonly CSharpCompilationOptions Options = new(
        OutputKind.ConsoleApplication,
        optimizationLevel: OptimizationLevel.Release,
        allowUnsafe: true,
        deterministic: true,
        nullableContextOptions: NullableContextOptions.Enable,
        concurrentBuild: false,
        reportSuppressedDiagnostics: false);

    private readonly SyntaxTree _usings = CSharpSyntaxTree.ParseText(
        SourceText.From(string.Concat(ImplicitUsings.Of(providers).Select(name => $"global using global::{name};\n")), Encoding.UTF8), ParseOptions, "ImplicitUsings.cs");

    private readonly MetadataReference[] _references = [.. FindReferences()];

    /// <summary>Compiles one file.</summary>
    /// <param name="file">Its name for messages, places and stack traces.</param>
    /// <param name="source">Its bytes.</param>
    /// <returns>The assembly with its symbols inside, or one problem per compile error.</returns>
    public (byte[]? Assembly, IReadOnlyList<DagProblem> Problems) Compile(string file, byte[] source)
    {
        SourceText text;
        using (var content = new MemoryStream(source, writable: false))
        {
            // Symbols need to know the encoding; a file without a mark is UTF-8.
            text = SourceText.From(content, Encoding.UTF8);
        }

        var tree = CSharpSyntaxTree.ParseText(text, ParseOptions, file);
        var compilation = CSharpCompilation.Create(AssemblyName(file), [_usings, tree], _references, Options);
        using var assembly = new MemoryStream();
        var result = compilation.Emit(assembly, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.Embedded));
        return result.Success
            ? (assembly.ToArray(), [])
            : (null, [.. result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(Problem)]);
    }

    private static DagProblem Problem(Diagnostic error)
    {
        var place = error.Location.GetMappedLineSpan();
        var (line, column) = (place.StartLinePosition.Line + 1, place.StartLinePosition.Character + 1);
        return place.IsValid
            ? new($"{place.Path}({line},{column}): {error.Id}: {error.GetMessage()}", new(place.Path, line))
            : new($"{error.Id}: {error.GetMessage()}");
    }

    private static string AssemblyName(string file) =>
        "dag_" + string.Concat(file.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    // What this process itself runs on is what the runner has too, but for the compiler.
    private static IEnumerable<MetadataReference> FindReferences() =>
        from path in ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        let name = Path.GetFileName(path)
        where !name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal) && name != "Sluice.DagProcessor.dll"
        select MetadataReference.CreateFromFile(path);
}
