namespace Sluice.Core.Tests;

/// <summary>Tests that measure the memory of the process, and so must have it to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "Alone";
}
