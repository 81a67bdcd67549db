using System.Reflection;

namespace Sluice.Authoring.Hooks;

/// <summary>Finds the providers that lie beside a program: the <c>Sluice.Providers.*</c> assemblies in its folder.</summary>
public static class ProviderDiscovery
{
    /// <summary>A catalog of all that they have.</summary>
    public static ProviderCatalog Load()
    {
        var catalog = new ProviderCatalog();
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "Sluice.Providers.*.dll").Order(StringComparer.Ordinal))
        {
            foreach (var type in Assembly.LoadFrom(file).GetExportedTypes())
            {
                if (type is { IsAbstract: false } && type.IsAssignableTo(typeof(IProvider)) && type.GetConstructor(Type.EmptyTypes) is not null)
                {
                    catalog.Add((IProvider)Activator.CreateInstance(type)!);
                }
            }
        }

        return catalog;
    }
}
