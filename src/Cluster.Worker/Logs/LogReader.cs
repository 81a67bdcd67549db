using System.Text;
using Sluice.Cluster.Wire;

namespace Sluice.Cluster.Worker.Logs;

/// <summary>Reads pieces of logs for those who ask from afar.</summary>
internal static class LogReader
{
    private const int LargestPiece = 1 << 20;

    public static LogContent Read(string home, FetchLog asked)
    {
        var path = LogPaths.For(home, asked.Dag, asked.Run, asked.Task, asked.Token);
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var offset = Math.Max(0, asked.Offset);
            var piece = new byte[(int)Math.Clamp(RandomAccess.GetLength(file) - offset, 0, LargestPiece)];
            var read = RandomAccess.Read(file, piece, offset);
            var whole = WholeCharacters(piece.AsSpan(0, read));
            return new(Encoding.UTF8.GetString(piece.AsSpan(0, whole)), offset + whole, Exists: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new("", asked.Offset, Exists: false);
        }
    }

    // A piece that ends inside a character would turn it into two question marks.
    private static int WholeCharacters(ReadOnlySpan<byte> piece)
    {
        for (var back = 1; back <= Math.Min(3, piece.Length); back++)
        {
            var b = piece[^back];
            if (b < 0x80)
            {
                break;
            }

            if (b >= 0xC0)
            {
                var needs = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : 2;
                return needs > back ? piece.Length - back : piece.Length;
            }
        }

        return piece.Length;
    }
}
