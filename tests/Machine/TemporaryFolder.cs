namespace Sluice.Machine;

/// <summary>A folder of one test, with a name that says whose it is. Goes with the test.</summary>
internal sealed class TemporaryFolder(string prefix) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string Path { get; } = Directory.CreateTempSubdirectory(prefix).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Delete(Path);

    /// <summary>Deletes a folder into which a process that was just killed, or what that had started, may write for a moment.</summary>
    public static void Delete(string folder)
    {
        for (var until = DateTime.UtcNow + Patience; ; Thread.Sleep(50))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException) when (!Directory.Exists(folder))
            {
                return;
            }
            catch (IOException) when (DateTime.UtcNow < until)
            {
                // Something new came in between listing and deleting.
            }
        }
    }
}
