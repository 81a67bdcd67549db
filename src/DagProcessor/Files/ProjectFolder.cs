using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Authoring.Bundles;
using Sluice.Core.Dags;

namespace Sluice.DagProcessor.Files;

/// <summary>A folder with a built program, as it was read at one moment.</summary>
internal sealed class ProjectFolder
{
    /// <summary>Bytes. A bundle travels to the workers as one message, which has at most 64 MiB.</summary>
    public const int LargestBundle = 40 << 20;

    private const string Named = "sluice.json";
    private const string RuntimeConfig = ".runtimeconfig.json";

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, MaxRecursionDepth = 20 };

    private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly string _prefix; // of places inside the Dag folder

    private ProjectFolder(string prefix, string program) => (_prefix, Program) = (prefix, program);

    /// <summary>The program's assembly, such as <c>MyProject.dll</c>.</summary>
    public string Program { get; }

    /// <summary>Over the names and contents of all files; times and places do not count.</summary>
    public string ContentHash { get; private set; } = "";

    /// <summary>Whether this is the file that marks such a folder: <c>sluice.json</c>, or what every built program has.</summary>
    public static bool IsMarker(string file) => Path.GetFileName(file) == Named || file.EndsWith(RuntimeConfig, StringComparison.Ordinal);

    /// <summary>Reads it.</summary>
    /// <param name="dagFolder">The Dag folder.</param>
    /// <param name="marker">The marking file inside it.</param>
    /// <exception cref="ProjectFolderException">It holds no program, or it is not clear which.</exception>
    public static ProjectFolder Read(string dagFolder, string marker)
    {
        var prefix = marker[..(marker.LastIndexOf('/') + 1)];
        var path = FindProgram(Path.Combine(dagFolder, prefix), marker);
        var project = new ProjectFolder(prefix, Path.GetFileName(path));
        var folder = Path.GetDirectoryName(path)!;
        long size = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.EnumerateFiles(folder, "*", Everything))
        {
            var name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (name.Split('/').Any(part => part == "obj" || part.StartsWith('.')))
            {
                continue;
            }

            if ((size += new FileInfo(file).Length) > 4L * LargestBundle)
            {
                throw new ProjectFolderException($"The files beside {project.Program} are more than {4L * LargestBundle >> 20} MiB. Keep data out of the folder.");
            }

            project._files[name] = File.ReadAllBytes(file);
        }

        foreach (var (name, content) in project._files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\0"));
            hash.AppendData(SHA256.HashData(content));
        }

        hash.AppendData(Encoding.UTF8.GetBytes(project.Program));
        project.ContentHash = Convert.ToHexStringLower(hash.GetHashAndReset());
        return project;
    }

    public byte[] Pack() => BundleArchive.Pack(Program, _files);

    /// <summary>A place that a compiler wrote down on some machine, as one inside the Dag folder.</summary>
    public SourceLocation? Place(SourceLocation? compiled) =>
        compiled is null ? null : compiled with { File = _prefix + compiled.File[(compiled.File.LastIndexOfAny(['/', '\\']) + 1)..] };

    /// <summary>A Dag with its places inside the Dag folder.</summary>
    public DagSpec PlaceAll(DagSpec dag) => dag with
    {
        Location = Place(dag.Location),
        Tasks = [.. dag.Tasks.Select(task => task with { Location = Place(task.Location) })],
    };

    private static string FindProgram(string folder, string marker)
    {
        if (Path.GetFileName(marker) == Named && ReadName(Path.Combine(folder, Named), marker) is { } named)
        {
            var path = Path.GetFullPath(Path.Combine(folder, named));
            return !path.StartsWith(Path.GetFullPath(folder), StringComparison.Ordinal)
                ? throw new ProjectFolderException($"{marker} names the assembly '{named}', which lies outside its folder.")
                : File.Exists(path) ? path : throw new ProjectFolderException($"{marker} names the assembly '{named}', which is not there. Build the project, or correct the name.");
        }

        var programs = Directory.GetFiles(folder, "*" + RuntimeConfig).Select(path => path[..^RuntimeConfig.Length] + ".dll").Order(StringComparer.Ordinal).ToList();
        return programs switch
        {
            [] => throw new ProjectFolderException($"{marker} names no assembly, and no built program lies beside it; write {{\"assembly\": \"MyProject.dll\"}} into it."),
            [var one] => File.Exists(one) ? one : throw new ProjectFolderException($"{Path.GetFileName(one)} is not there, but {marker} says that it should be. Build the project again."),
            _ => throw new ProjectFolderException($"Several programs lie beside {marker} ({string.Join(", ", programs.Select(Path.GetFileName))}); name the one that defines Dags in sluice.json: {{\"assembly\": \"{Path.GetFileName(programs[0])}\"}}."),
        };
    }

    private static string? ReadName(string path, string marker)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (var property in json.RootElement.EnumerateObject())
            {
                return property.Name == "assembly" && property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()
                    : throw new ProjectFolderException($"{marker}: '{property.Name}' means nothing there; it may hold only \"assembly\", the path of the program's .dll.");
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProjectFolderException($"{marker} is no JSON object such as {{\"assembly\": \"MyProject.dll\"}}: {e.Message}");
        }
    }
}

/// <summary>The folder of a built program cannot be used; one sentence for its author.</summary>
internal sealed class ProjectFolderException(string message) : Exception(message);
