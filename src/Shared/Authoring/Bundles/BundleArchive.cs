using System.IO.Compression;

namespace Sluice.Authoring.Bundles;

/// <summary>A built program with all that lies beside it, as one bundle: a ZIP archive that is the same, byte by byte, for the same files.</summary>
public static class BundleArchive
{
    // Says which of the assemblies is the program. No build makes a file of this name.
    private const string ProgramEntry = ".sluice-program";

    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Whether a bundle is such an archive, not a single assembly.</summary>
    public static bool Is(ReadOnlySpan<byte> bundle) => bundle.StartsWith("PK\u0003\u0004"u8);

    /// <summary>Packs files.</summary>
    /// <param name="program">The program's assembly, one of the files.</param>
    /// <param name="files">Content by path, with forward slashes.</param>
    public static byte[] Pack(string program, IReadOnlyDictionary<string, byte[]> files)
    {
        using var content = new MemoryStream();
        using (var archive = new ZipArchive(content, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, ProgramEntry, System.Text.Encoding.UTF8.GetBytes(program));
            foreach (var (path, bytes) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                Add(archive, path, bytes);
            }
        }

        return content.ToArray();
    }

    /// <summary>Unpacks a bundle, once: when the folder is there, what is in it is whole.</summary>
    /// <param name="bundle">As packed.</param>
    /// <param name="folder">Where to.</param>
    /// <returns>Path of the program's assembly.</returns>
    /// <exception cref="InvalidDataException">It is no such archive.</exception>
    public static string Unpack(byte[] bundle, string folder)
    {
        if (!Directory.Exists(folder))
        {
            var temporary = $"{folder}.{Guid.NewGuid():N}.tmp";
            using (var content = new MemoryStream(bundle, writable: false))
            {
                ZipFile.ExtractToDirectory(content, temporary);
            }

            try
            {
                Directory.Move(temporary, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another process was faster; what it unpacked is the same.
                Directory.Delete(temporary, recursive: true);
            }
        }

        var named = Path.Combine(folder, ProgramEntry);
        return File.Exists(named)
            ? Path.Combine(folder, File.ReadAllText(named))
            : throw new InvalidDataException("The bundle does not say which of its assemblies is the program.");
    }

    private static void Add(ZipArchive archive, string path, byte[] bytes)
    {
        var entry = archive.CreateEntry(path, CompressionLevel.Fastest);
        entry.LastWriteTime = NoTime;
        using var stream = entry.Open();
        stream.Write(bytes);
    }
}
