using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Sluice.Providers.Files.Objects;

/// <summary>Tells one content of a file from the next. Times alone do not: two files may be written within one tick of the clock.</summary>
internal static unsafe partial class FileVersion
{
    private const int CurrentFolder = -100;
    private const int BasicFacts = 0x7ff;

    // Of struct statx, the same on all machines.
    private const int Size = 256;
    private const int Number = 32;
    private const int Length = 40;
    private const int ModifiedSeconds = 112;
    private const int ModifiedNanoseconds = 120;

    /// <summary>Number, time of the last write, and size; null when there is no file.</summary>
    internal static string? Of(string path)
    {
        Span<byte> facts = stackalloc byte[Size];
        fixed (byte* buffer = facts)
        {
            return statx(CurrentFolder, path, 0, BasicFacts, buffer) != 0
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Read(facts, Number):x}-{Read(facts, ModifiedSeconds):x}.{BinaryPrimitives.ReadUInt32LittleEndian(facts[ModifiedNanoseconds..]):x}-{Read(facts, Length):x}");
        }
    }

    private static ulong Read(ReadOnlySpan<byte> facts, int at) => BinaryPrimitives.ReadUInt64LittleEndian(facts[at..]);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* facts);
}
