using System.Reflection;
using System.Runtime.Loader;

namespace Sluice.Authoring.Bundles;

/// <summary>A built program and the libraries beside it, apart from all other Dags. What the host has in the same or a newer version is the host's, so that types fit.</summary>
internal sealed class ProjectLoadContext(string program) : AssemblyLoadContext("project " + Path.GetFileNameWithoutExtension(program), isCollectible: true)
{
    private readonly AssemblyDependencyResolver _beside = new(program);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (OfHost(assemblyName) is { } shared)
        {
            return shared;
        }

        if (assemblyName.Name!.StartsWith("Sluice.", StringComparison.Ordinal))
        {
            throw new FileLoadException(
                $"{Path.GetFileName(program)} was built for {assemblyName.Name} {assemblyName.Version}, which this Sluice ({typeof(ProjectLoadContext).Assembly.GetName().Version}) does not have; build it against this version, or update Sluice.");
        }

        return _beside.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _beside.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private static Assembly? OfHost(AssemblyName name)
    {
        try
        {
            // The name without its version: the default context refuses to look for one that is newer than what it has.
            var found = Default.LoadFromAssemblyName(new AssemblyName(name.Name!) { CultureName = name.CultureName });
            return name.Version is null || found.GetName().Version >= name.Version ? found : null;
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException)
        {
            return null;
        }
    }
}
