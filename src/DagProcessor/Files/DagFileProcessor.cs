using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Templates;
using Sluice.Authoring.Yaml;
using Sluice.Core.Dags;
using Sluice.DagProcessor.Compilation;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.DagProcessor.Files;

/// <summary>Turns one Dag file into Dags as data, or into problems for its author.</summary>
internal sealed class DagFileProcessor(ProviderCatalog providers)
{
    private static readonly string SluiceVersion = typeof(DagFileProcessor).Assembly.GetName().Version!.ToString();

    private readonly DagCompiler _compiler = new(providers);
    private readonly Dictionary<string, TemplateFileRead> _templates = new(StringComparer.Ordinal);

    /// <summary>Compiles a file of no meaning, so that the first that has one is as fast as all others.</summary>
    public void Warm() => _compiler.Compile("warm.cs", "Dag.Define(\"warm\", dag => dag.Run(\"a\", ctx => 1));"u8.ToArray());

    /// <summary>Processes one file. Whatever its author did wrong becomes a problem; what kills this process is its parent's to tell.</summary>
    /// <param name="request">The file.</param>
    /// <param name="runs">Called when all is compiled, before anything of the author's runs; not at all when nothing does.</param>
    public ProcessedFile Process(ProcessFile request, Action runs)
    {
        _templates.Clear();
        return ProcessOne(request, runs) with { TemplateFilesRead = [.. _templates.Values] };
    }

    private string? ReadTemplate(ProcessFile request, string name)
    {
        // Looked at before it is read: what is written in between is seen as a change, not missed.
        foreach (var place in TemplateFiles.PlacesOf(request.Folder, request.File, name))
        {
            _templates.TryAdd(place, TemplateFileReads.Look(request.Folder, place));
        }

        return TemplateFiles.Read(request.Folder, request.File, name);
    }

    private ProcessedFile ProcessOne(ProcessFile request, Action runs)
    {
        if (ProjectFolder.IsMarker(request.File))
        {
            return ProcessProject(request, runs);
        }

        byte[] source;
        try
        {
            source = File.ReadAllBytes(Path.Combine(request.Folder, request.File));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new() { File = request.File, ContentHash = "", Problems = [new($"{request.File} cannot be read: {e.Message}", new(request.File, 1))] };
        }

        var processed = new ProcessedFile { File = request.File, ContentHash = Hash(source) };
        return Path.GetExtension(request.File) is ".yaml" or ".yml"
            ? Finish(processed, YamlDags.Load(Encoding.UTF8.GetString(source), request.File, providers, name => ReadTemplate(request, name)), [])
            : ProcessCode(processed, source, request, runs);
    }

    private ProcessedFile ProcessCode(ProcessedFile processed, byte[] source, ProcessFile request, Action runs)
    {
        var (assembly, errors) = _compiler.Compile(request.File, source);
        if (assembly is null)
        {
            return processed with { Problems = errors };
        }

        var collector = new DagCollector(
            providers, request.Variables.GetValueOrDefault, name => ReadTemplate(request, name));
        var problems = new List<DagProblem>();
        runs();
        try
        {
            BundleAssembly.Run(assembly, collector);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problems.Add(new($"The file's statements threw {e.GetType().Name}: {e.Message}", Place(e, request.File)));
        }

        return Finish(processed, collector.Check(DagLimits.Default), problems) with
        {
            Bundle = assembly,
            BundleHash = BundleHash(source, collector.VariablesRead, request.Variables),
            VariablesRead = [.. collector.VariablesRead],
        };
    }

    private ProcessedFile ProcessProject(ProcessFile request, Action runs)
    {
        ProjectFolder project;
        try
        {
            project = ProjectFolder.Read(request.Folder, request.File);
        }
        catch (Exception e) when (e is ProjectFolderException or IOException or UnauthorizedAccessException)
        {
            return new() { File = request.File, ContentHash = "", Problems = [new(e.Message, new(request.File, 1))] };
        }

        // A copy runs, not the files of the folder: a build may write over them at any moment.
        var processed = new ProcessedFile { File = request.File, ContentHash = project.ContentHash };
        var collector = new DagCollector(
            providers, request.Variables.GetValueOrDefault, name => ReadTemplate(request, name));
        var problems = new List<DagProblem>();
        var bundle = project.Pack();
        if (bundle.Length > ProjectFolder.LargestBundle)
        {
            return processed with { Problems = [new($"The files beside {project.Program} are {bundle.Length >> 20} MiB when packed; a bundle may have at most {ProjectFolder.LargestBundle >> 20}. Keep data out of the folder.", new(request.File, 1))] };
        }

        var copy = Directory.CreateTempSubdirectory("sluice-bundle-").FullName;
        runs();
        try
        {
            BundleAssembly.RunProgram(BundleArchive.Unpack(bundle, Path.Combine(copy, "files")), collector);
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            problems.Add(new($"{project.Program} cannot be loaded: {e.Message}", new(request.File, 1)));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var at = new StackTrace(e, fNeedFileInfo: true).GetFrames().FirstOrDefault(frame => frame.GetFileLineNumber() > 0);
            problems.Add(new(
                $"The statements of {project.Program} threw {e.GetType().Name}: {e.Message}",
                at is null ? new SourceLocation(request.File, 1) : project.Place(new SourceLocation(at.GetFileName()!, at.GetFileLineNumber()))));
        }
        finally
        {
            try
            {
                Directory.Delete(copy, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Loaded libraries of it cannot be deleted everywhere.
            }
        }

        var found = collector.Check(DagLimits.Default);
        var placed = new CheckedDags(
            [.. found.Dags.Select(dag => dag with { Spec = project.PlaceAll(dag.Spec) })],
            [.. found.Problems.Select(problem => problem with { Location = project.Place(problem.Location) })]);
        return Finish(processed, placed, problems) with
        {
            Bundle = bundle,
            BundleHash = BundleHash(Encoding.ASCII.GetBytes(project.ContentHash), collector.VariablesRead, request.Variables),
            VariablesRead = [.. collector.VariablesRead],
        };
    }

    private static ProcessedFile Finish(ProcessedFile processed, CheckedDags found, List<DagProblem> problems)
    {
        problems.AddRange(found.Problems);
        if (found.Dags.Count == 0 && problems.Count == 0)
        {
            problems.Add(new($"{processed.File} defines no Dag.", new(processed.File, 1)));
        }

        return processed with
        {
            Dags = [.. found.Dags.Select(dag => new ProcessedDag(DagSpecJson.Serialize(dag.Spec), DagVersion.Of(dag.Spec)))],
            Problems = problems,
        };
    }

    private static SourceLocation Place(Exception exception, string file) => new(
        file,
        new StackTrace(exception, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(frame => frame.GetFileName() == file && frame.GetFileLineNumber() > 0)?.GetFileLineNumber() ?? 1);

    // The same source defines other Dags under other values of the variables that it reads: each is a bundle of its own.
    private static string BundleHash(byte[] source, IEnumerable<string> variablesRead, IReadOnlyDictionary<string, string> variables)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{SluiceVersion}\0{source.Length}\0")));
        hash.AppendData(source);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(variablesRead.Select(name => new[] { name, variables.GetValueOrDefault(name) })));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
