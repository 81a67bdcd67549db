using System.Runtime.InteropServices;
using System.Text;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Files.Objects;

/// <summary>Who wrote a file, as an extended attribute of it: it goes with the file by the same rename, and no reader of the folder meets it.</summary>
/// <remarks>
/// The version of the content stands beside the name: a file that was copied, or written into since, is nobody's. On a file system without extended
/// attributes every file is.
/// </remarks>
internal static unsafe partial class FileWriter
{
    private const string Name = "user.sluice.writer";

    /// <summary>Remembers who has written all of a file.</summary>
    internal static void Tell(string path, ObjectWriter writer)
    {
        var value = Encoding.ASCII.GetBytes($"{FileVersion.Of(path)} {writer}");
        fixed (byte* text = value)
        {
            _ = setxattr(path, Name, text, (nuint)value.Length, 0); // where it cannot, the file is nobody's, as of old
        }
    }

    /// <summary>Null when nobody said, or the file is not as they left it.</summary>
    internal static ObjectWriter? Of(string path)
    {
        Span<byte> value = stackalloc byte[512];
        nint length;
        fixed (byte* text = value)
        {
            length = getxattr(path, Name, text, (nuint)value.Length);
        }

        return length > 0 && Encoding.ASCII.GetString(value[..(int)length]).Split(' ') is [var version, var writer] && version == FileVersion.Of(path)
            ? ObjectWriter.TryParse(writer)
            : null;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setxattr(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getxattr(string path, string name, byte* value, nuint size);
}
