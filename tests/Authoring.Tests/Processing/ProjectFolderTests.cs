using System.Diagnostics;
using Sluice.Authoring.Bundles;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

/// <summary>A project that this test builds, as an author would, and puts into a Dag folder.</summary>
public sealed class ProjectFolderTests(BuiltProject project) : IClassFixture<BuiltProject>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-projects-").FullName;
    private readonly DagProcessorClient _client = new(new());

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        TemporaryFolder.Delete(_folder);
    }

    [Fact]
    public async Task A_built_program_defines_its_dags_and_its_bundle_holds_all_that_lies_beside_it()
    {
        Deploy("team/reports");
        File.WriteAllText(Path.Combine(_folder, "team", "reports", "ignored.cs"), "this is no Dag file");

        var marker = Assert.Single(DagFileListing.In(_folder)).Key;
        Assert.Equal("team/reports/Reports.runtimeconfig.json", marker);
        var file = await ProcessAsync(marker);

        Assert.Empty(file.Problems);
        var spec = DagSpecJson.Deserialize(Assert.Single(file.Dags).Spec);
        Assert.Equal("reports", spec.Id.Value);
        Assert.Equal(new SourceLocation("team/reports/Program.cs", 1), spec.Location);
        Assert.Equal(TaskHost.Runner, spec.Tasks[0].Host);

        // As a runner does: the bundle alone, on another machine. The task calls the library that the project brings along.
        var definition = Assert.Single(BundleAssembly.Load(file.Bundle!, new Dictionary<string, string>(), null, Path.Combine(_folder, ".unpacked")));
        Assert.Equal(spec.Tasks.Select(task => task.Id), definition.Spec.Tasks.Select(task => task.Id));
        Assert.Equal("formatted by a library", definition.Spec.Description);
        Assert.True(File.Exists(Path.Combine(_folder, ".unpacked", "Formats.dll")));
    }

    [Fact]
    public async Task The_same_files_are_the_same_bundle_and_a_changed_one_is_another()
    {
        Deploy("a");
        Deploy("elsewhere/b");
        var marker = "/Reports.runtimeconfig.json";
        var first = await ProcessAsync("a" + marker);
        var second = await ProcessAsync("elsewhere/b" + marker);
        var stamp = DagFileListing.In(_folder)["a" + marker];
        File.WriteAllText(Path.Combine(_folder, "a", "query.sql"), "SELECT 1");
        var third = await ProcessAsync("a" + marker);

        Assert.Equal(first.BundleHash, second.BundleHash);
        Assert.Equal(first.Bundle, second.Bundle);
        Assert.Equal(first.Dags[0].Version, second.Dags[0].Version);
        Assert.NotEqual(first.BundleHash, third.BundleHash);
        Assert.NotEqual(stamp, DagFileListing.In(_folder)["a" + marker]);
    }

    [Theory]
    [InlineData("{\"assembly\": \"Missing.dll\"}", "names the assembly 'Missing.dll', which is not there")]
    [InlineData("{\"assembly\": \"../../x.dll\"}", "lies outside its folder")]
    [InlineData("{\"asembly\": \"Reports.dll\"}", "'asembly' means nothing there")]
    [InlineData("[]", "is no JSON object such as")]
    [InlineData("{\"assembly\": \"Formats.dll\"}", "has no entry point")]
    [InlineData("{\"assembly\": \"Broken.dll\"}", "Broken.dll cannot be loaded")]
    public async Task What_is_wrong_with_a_project_is_said_of_its_file(string sluiceJson, string words)
    {
        Deploy("p");
        File.WriteAllText(Path.Combine(_folder, "p", "sluice.json"), sluiceJson);
        File.WriteAllText(Path.Combine(_folder, "p", "Broken.dll"), "not an assembly");

        var file = await ProcessAsync(Assert.Single(DagFileListing.In(_folder)).Key);

        var problem = Assert.Single(file.Problems);
        Assert.Equal("p/sluice.json", problem.Location?.File);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_programs_in_one_folder_want_a_name_and_a_named_one_is_taken()
    {
        Deploy("p");
        File.WriteAllText(Path.Combine(_folder, "p", "Other.runtimeconfig.json"), "{}");
        var unclear = await ProcessAsync(Assert.Single(DagFileListing.In(_folder)).Key);
        Assert.Contains("Several programs", Assert.Single(unclear.Problems).Message, StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(_folder, "p", "sluice.json"), "{\"assembly\": \"Reports.dll\"}");
        var named = await ProcessAsync(Assert.Single(DagFileListing.In(_folder)).Key);
        Assert.Empty(named.Problems);
        Assert.Single(named.Dags);
    }

    [Fact]
    public async Task A_program_that_throws_or_exits_costs_one_problem_with_its_place()
    {
        Deploy("p");
        var marker = Assert.Single(DagFileListing.In(_folder)).Key;
        var thrown = await ProcessAsync(marker, ("harm", "throw"));
        Assert.Equal(
            "p/Program.cs(6): The statements of Reports.dll threw InvalidOperationException: told to",
            Assert.Single(thrown.Problems, problem => problem.Message.Contains("threw", StringComparison.Ordinal)).ToString());

        var exited = await ProcessAsync(marker, ("harm", "exit"));
        Assert.Contains("ended with exit code 9", Assert.Single(exited.Problems).Message, StringComparison.Ordinal);
    }

    private Task<ProcessedFile> ProcessAsync(string marker, params (string Name, string Value)[] variables) =>
        _client.ProcessAsync(_folder, marker, variables.ToDictionary(v => v.Name, v => v.Value), CancellationToken.None);

    private void Deploy(string to)
    {
        var target = Path.Combine(_folder, to);
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(project.Output))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }
}

/// <summary>Built once: a program that defines a Dag, and a library of its own.</summary>
public sealed class BuiltProject : IAsyncLifetime
{
    private readonly string _sources = Directory.CreateTempSubdirectory("sluice-project-").FullName;

    public string Output => Path.Combine(_sources, "out");

    public async Task InitializeAsync()
    {
        Write("Formats/Formats.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
            </Project>
            """);
        Write("Formats/Format.cs", "namespace Formats; public static class Format { public static string Title() => \"formatted by a library\"; }");
        Write("Reports/Reports.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="../Formats/Formats.csproj" />
                <Reference Include="{AppContext.BaseDirectory}Sluice.Authoring.dll" />
                <Reference Include="{AppContext.BaseDirectory}Sluice.Core.dll" />
              </ItemGroup>
            </Project>
            """);
        Write("Reports/Program.cs", """
            Sluice.Authoring.Dags.Dag.Define("reports", dag =>
            {
                dag.Description = Formats.Format.Title();
                dag.Run("title", ctx => Formats.Format.Title());
            });
            if (Sluice.Authoring.Dags.Dag.Variable("harm", "") == "throw") throw new InvalidOperationException("told to");
            if (Sluice.Authoring.Dags.Dag.Variable("harm", "") == "exit") Environment.Exit(9);
            """);
        using var build = Process.Start(new ProcessStartInfo("dotnet", ["build", Path.Combine(_sources, "Reports"), "-o", Output, "-v", "q", "-nologo"])
        {
            RedirectStandardOutput = true,
        })!;
        var said = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        Assert.True(build.ExitCode == 0, said);
    }

    public Task DisposeAsync()
    {
        TemporaryFolder.Delete(_sources);
        return Task.CompletedTask;
    }

    private void Write(string file, string content)
    {
        var path = Path.Combine(_sources, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
