using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

/// <summary>A Dag folder of its own, and a real processor that reads it.</summary>
internal sealed class DagFolder(ProcessorOptions? options = null) : IAsyncDisposable
{
    private readonly DagProcessorClient _client = new(options ?? new());

    public string Path { get; } = Directory.CreateTempSubdirectory("sluice-dags-").FullName;

    public Dictionary<string, string> Variables { get; } = [];

    public Task<ProcessedFile> ProcessAsync(string file, string content)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return _client.ProcessAsync(Path, file, Variables, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        TemporaryFolder.Delete(Path);
    }
}
