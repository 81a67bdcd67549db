namespace Sluice.Providers.Tests.Attempts;

/// <summary>Runs one attempt in this process: <c>dotnet Sluice.Providers.Tests.dll FILE</c>, where the file holds an <see cref="AttemptJob"/>.</summary>
internal static class AttemptProgram
{
    internal const string Succeeded = "succeeded";

    internal static async Task<int> Main(string[] args)
    {
        var job = AttemptJob.Parse(await File.ReadAllTextAsync(args[0]));
        SqliteStatements.Watch(job);
        try
        {
            await job.RunAsync();
            await Console.Error.WriteLineAsync(Succeeded);
            return 0;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"failed: {e.GetType().Name}: {e.Message}");
            return job.Filler is null ? 1 : await MakeRoomAsync(job, job.Filler);
        }
        finally
        {
            await Console.Error.WriteLineAsync($"peak: {PeakMemory()}");
        }
    }

    private static async Task<int> MakeRoomAsync(AttemptJob job, string filler)
    {
        var files = Directory.GetFiles(Path.GetDirectoryName(filler)!, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
        await Console.Error.WriteLineAsync($"left: {string.Join(' ', files.Select(Path.GetFileName).Order())}");
        File.Delete(filler);
        await job.RunAsync();
        await Console.Error.WriteLineAsync(Succeeded);
        return 0;
    }

    // Bytes that were resident at most, of this process.
    private static long PeakMemory() =>
        File.ReadLines("/proc/self/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Select(line => 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])).Single();
}
