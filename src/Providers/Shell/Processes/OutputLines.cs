using System.Buffers;
using System.Text;

namespace Sluice.Providers.Shell.Processes;

/// <summary>Lines of a process's output, as they come. A line longer than the bound is handed on in pieces: memory stays bounded.</summary>
internal static class OutputLines
{
    private const int LongestLine = 64 * 1024;

    internal static async Task ReadAsync(Stream output, Action<string> take, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(LongestLine);
        try
        {
            var length = 0;
            while (await output.ReadAsync(buffer.AsMemory(length), cancellationToken) is var read and > 0)
            {
                length += read;
                length = HandOn(buffer, length, take);
            }

            if (length > 0)
            {
                take(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Returns how many bytes of an unfinished line stay at the front.
    private static int HandOn(byte[] buffer, int length, Action<string> take)
    {
        var rest = buffer.AsSpan(0, length);
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            take(Encoding.UTF8.GetString(rest[..end].TrimEnd((byte)'\r')));
            rest = rest[(end + 1)..];
        }

        if (rest.Length == buffer.Length)
        {
            take(Encoding.UTF8.GetString(rest));
            return 0;
        }

        rest.CopyTo(buffer);
        return rest.Length;
    }
}
