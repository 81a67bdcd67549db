using Sluice.Authoring.Hooks;
using Sluice.Providers.Files.Objects;
using Sluice.Providers.Files.Sensors;

namespace Sluice.Providers.Files;

/// <summary>Files of the machine that runs the task: <c>file://</c> objects and <see cref="FileSensor"/>.</summary>
public sealed class FilesProvider : IProvider
{
    /// <inheritdoc/>
    public void Register(ProviderCatalog catalog)
    {
        catalog.AddObjectStore("file", _ => new FileObjectStore());
        catalog.AddOperator<FileSensor>();
    }
}
