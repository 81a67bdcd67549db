namespace Sluice.Providers.Tests;

/// <summary>A folder of one test.</summary>
internal sealed class TestFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("sluice-test-").FullName;

    internal string this[string name] => System.IO.Path.Combine(Path, name);

    internal string Uri(string name) => $"file://{this[name]}";

    internal string SqliteUri(string name) => $"sqlite://{this[name]}";

    internal string[] AllFiles() => [.. Directory.EnumerateFiles(Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })];

    public void Dispose() => TemporaryFolder.Delete(Path);
}
