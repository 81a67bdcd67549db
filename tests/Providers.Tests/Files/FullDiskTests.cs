using Sluice.Providers.Tests.Attempts;
using Sluice.Services;

namespace Sluice.Providers.Tests.Files;

/// <summary>The folder's disk (a small tmpfs that only the attempt's process sees) fills while an extract is written.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 30_000)]
    [InlineData(true, 30_000)]
    [InlineData(false, 6_000)] // fits into the buffer, so that it fills at the end only
    public async Task It_is_told_once_and_leaves_nothing_and_with_room_the_extract_is_whole(bool manifest, int rows)
    {
        var disk = Directory.CreateDirectory(_folder["disk"]).FullName;
        var mount = $"mount -t tmpfs -o size=4m tmpfs '{disk}' && head -c {(4 << 20) - 65536} /dev/zero > '{disk}/filler' && exec \"$@\"";
        await using var attempt = await AttemptProcess.StartAsync(
            new()
            {
                Connections = new() { ["db"] = await (await MariaDbServer.StartSharedAsync()).CreateDatabaseAsync() },
                Attempt = 1,
                Filler = Path.Combine(disk, "filler"),
                Extract = new() { Query = $"SELECT seq AS id, 'some text' AS v FROM seq_1_to_{rows}", SqlConnectionId = "db", Uri = $"file://{disk}/rows.csv", Manifest = manifest, MaxRowsPerFile = manifest ? 1000 : null },
            },
            "unshare", "-m", "sh", "-c", mount, "sh");

        var output = (await attempt.EndAsync()).Split('\n');

        Assert.Contains("No space left on device", Assert.Single(output, line => line.StartsWith("failed: ", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal("left: filler", Assert.Single(output, line => line.StartsWith("left: ", StringComparison.Ordinal)));
        Assert.Contains(AttemptProgram.Succeeded, output);
    }
}
