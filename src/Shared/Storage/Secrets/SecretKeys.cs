using System.Security.Cryptography;

namespace Sluice.Storage.Secrets;

/// <summary>The keys of a deployment: the first one seals, all of them open. They live in a file outside the database.</summary>
/// <remarks>The file holds one key a line (32 bytes, base64); lines that start with # are comments. A new key goes on top, an old one leaves
/// when nothing is sealed with it any more.</remarks>
public sealed class SecretKeys
{
    internal const int KeyBytes = 32;

    private readonly Dictionary<uint, byte[]> _keys = [];

    private SecretKeys(IEnumerable<byte[]> keys)
    {
        foreach (var key in keys)
        {
            if (_keys.Count == 0)
            {
                Current = IdOf(key);
            }

            _keys[IdOf(key)] = key;
        }
    }

    /// <summary>Id of the key that seals: the beginning of its SHA-256, so that it need not be kept.</summary>
    internal uint Current { get; }

    /// <summary>Reads the key file; makes one with a fresh key, readable by its owner alone, when there is none.</summary>
    /// <param name="path">The file. Its folder must exist. Keep a copy apart from the database's backups: without it no secret can be read.</param>
    /// <exception cref="StoreException"><c>secrets.key_file</c>: unreadable, malformed, or open to every user of the machine.</exception>
    public static SecretKeys LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                // Where another process was first its key counts.
                Write($"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}", () => [RandomNumberGenerator.GetBytes(KeyBytes)], draft => FilePlacement.TryPlace(draft, path));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw CannotWrite(path, error);
            }
        }

        return new(Load(path));
    }

    /// <summary>Puts a fresh key on top of the file. What older keys sealed can still be opened.</summary>
    /// <exception cref="StoreException"><c>secrets.key_file</c>: see <see cref="LoadOrCreate"/>.</exception>
    public static SecretKeys Rotate(string path)
    {
        // The draft's name keeps two rotations apart: the later one would forget the key of the earlier one.
        var draft = $"{path}.rotating";
        byte[][] keys = [];
        try
        {
            Write(draft, () => keys = [RandomNumberGenerator.GetBytes(KeyBytes), .. Load(path)], draft => FilePlacement.Replace(draft, path));
        }
        catch (IOException) when (keys.Length == 0 && File.Exists(draft))
        {
            throw Bad(path, $"is being rotated by another process. When none is, one was ended half way: delete {draft}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, error);
        }

        return new(keys);
    }

    internal byte[]? Find(uint id) => _keys.GetValueOrDefault(id);

    private static uint IdOf(byte[] key) => BitConverter.ToUInt32(SHA256.HashData(key));

    private static List<byte[]> Load(string path)
    {
        string[] lines;
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
            {
                throw Bad(path, "is open to every user of this machine. Run chmod 600 on it");
            }

            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Bad(path, "cannot be read. Check that it exists and belongs to this user", error);
        }

        var keys = new List<byte[]>();
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var key = new byte[KeyBytes];
            if (!Convert.TryFromBase64String(line, key, out var length) || length != KeyBytes)
            {
                throw Bad(path, $"holds a line that is not a key of {KeyBytes} bytes in base64. Restore it from your copy");
            }

            keys.Add(key);
        }

        return keys.Count > 0 ? keys : throw Bad(path, "holds no key. Restore it from your copy");
    }

    private static void Write(string draft, Func<byte[][]> keys, Action<string> place)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(draft, options);
        try
        {
            using (var writer = new StreamWriter(file, leaveOpen: true))
            {
                writer.Write("# Sluice: keys that seal connections and variables. The first one seals, all of them open.\n");
                foreach (var key in keys())
                {
                    writer.Write($"{Convert.ToBase64String(key)}\n");
                }
            }

            file.Flush(flushToDisk: true);
            file.Dispose();
            place(draft);
        }
        finally
        {
            File.Delete(draft); // gone already when it is in place
        }
    }

    private static StoreException CannotWrite(string path, Exception error) =>
        Bad(path, "cannot be written. Check that its folder exists and that this user may write there", error);

    private static StoreException Bad(string path, string what, Exception? inner = null) =>
        new("secrets.key_file", $"The key file {path} {what}.", inner: inner);
}
