using Sluice.Cli.CommandLine;
using Sluice.Cli.Output;
using Sluice.Core.Dags;

namespace Sluice.Cli.Dags;

/// <summary>Dags of a folder as data, read as the scheduler does.</summary>
internal static class DagSpecs
{
    /// <summary>All Dags of a folder or file; what cannot be used is told on the error output.</summary>
    public static async Task<IReadOnlyList<DagSpec>> ReadAsync(Invocation invocation, string place)
    {
        var files = DagFiles.In(place);
        var found = new Dictionary<DagId, DagSpec>();
        await using var reader = new DagFileReader(files);
        foreach (var name in files.Names)
        {
            await ReadAsync(invocation, reader, files, name, found);
        }

        return [.. found.Values];
    }

    /// <summary>One Dag of a folder or file.</summary>
    /// <exception cref="FailureException">There is no such Dag.</exception>
    public static async Task<DagSpec> FindAsync(Invocation invocation, string place, string id)
    {
        var files = DagFiles.In(place);
        var found = new Dictionary<DagId, DagSpec>();
        await using var reader = new DagFileReader(files);

        // The file that names the Dag is very likely the one that defines it.
        foreach (var name in files.Names.OrderByDescending(name => File.ReadAllText(Path.Combine(files.Folder, name)).Contains(id, StringComparison.Ordinal)))
        {
            await ReadAsync(invocation, reader, files, name, found);
            if (found.TryGetValue(new(id), out var dag))
            {
                return dag;
            }
        }

        throw new FailureException($"There is no Dag '{id}' in '{place}' ({files.Names.Count} files); name its folder or file by --dag-folder.");
    }

    private static async Task ReadAsync(Invocation invocation, DagFileReader reader, DagFiles files, string name, Dictionary<DagId, DagSpec> found)
    {
        var processed = await reader.ReadAsync(files.Folder, name, invocation.Cancel);
        foreach (var problem in processed.Problems)
        {
            await invocation.Terminal.Error.WriteLineAsync(Terminal.Clean($"{files.Shown(name)}: {problem}"));
        }

        foreach (var dag in processed.Dags)
        {
            var spec = DagSpecJson.Deserialize(dag.Spec);
            if (!found.TryAdd(spec.Id, spec))
            {
                await invocation.Terminal.Error.WriteLineAsync(Terminal.Clean($"{files.Shown(name)}: Dag \"{spec.Id}\" is defined twice; the first counts."));
            }
        }
    }
}
