using Sluice.Authoring.Hooks;
using Sluice.Providers.Shell.Operators;

namespace Sluice.Providers.Shell;

/// <summary>Scripts on the machine of the worker.</summary>
public sealed class ShellProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog) => catalog.AddOperator<ShellOperator>();
}
