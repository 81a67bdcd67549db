using System.Diagnostics;
using Sluice.EndToEnd.Tests.Nodes;

namespace Sluice.EndToEnd.Tests.DagFiles;

/// <summary>A Dag folder that holds what an author built elsewhere.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class ProjectFolderTests(SharedCluster shared)
{
    [Fact]
    public async Task A_project_is_built_copied_into_the_dag_folder_and_run_with_its_library_and_its_files()
    {
        var sources = Path.Combine(shared.Cluster.Folder, "sources");
        Write("Rates/Rates.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
        Write("Rates/Rate.cs", "namespace Rates; public static class Rate { public static int Of(string code) => code == \"KRW\" ? 1350 : 1; }");
        Write("Project/Project.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="../Rates/Rates.csproj" />
                <Reference Include="{AppContext.BaseDirectory}Sluice.Authoring.dll" />
                <Reference Include="{AppContext.BaseDirectory}Sluice.Core.dll" />
                <None Include="factor.txt" CopyToOutputDirectory="Always" />
              </ItemGroup>
            </Project>
            """);
        Write("Project/factor.txt", "2");
        Write("Project/Program.cs", """
            using System.IO;
            using Sluice.Authoring.Dags;
            Dag.Define("built_project", dag => dag.Run("rate", ctx =>
            {
                var folder = Path.GetDirectoryName(typeof(Marker).Assembly.Location)!;
                System.Console.WriteLine("rate " + Rates.Rate.Of("KRW") * int.Parse(File.ReadAllText(Path.Combine(folder, "factor.txt"))));
                return 1;
            }));
            class Marker;
            """);
        var output = Path.Combine(sources, "out");
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", Path.Combine(sources, "Project"), "-o", output, "-v", "q", "-nologo"]) { RedirectStandardOutput = true })!;
        var said = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        Assert.True(build.ExitCode == 0, said);
        Directory.Move(output, Path.Combine(shared.Cluster.DagFolder, "project"));

        await Until.ValueAsync(
            async () => (await shared.Api.DagsAsync()).FirstOrDefault(dag => dag.DagId == "built_project"),
            "the project is imported",
            async () => string.Join('\n', await shared.Api.ImportErrorsAsync()));
        await shared.Api.TriggerAsync("built_project");
        await shared.Api.SucceededAsync("built_project");
        Assert.Equal("project/Project.runtimeconfig.json", (await shared.Api.DagsAsync()).Single(dag => dag.DagId == "built_project").File);
        Assert.Contains("rate 2700", await shared.Api.LogAsync("built_project", "rate"), StringComparison.Ordinal);

        void Write(string file, string content)
        {
            var path = Path.Combine(sources, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }
}
