using System.Text;
using Microsoft.Extensions.Logging;

namespace Sluice.Runner.Logs;

/// <summary>What user code writes to the console, as lines of the log of the attempt that runs at the moment.</summary>
internal sealed class AttemptConsole(LogLevel level, Action<LogLevel, string> write) : TextWriter
{
    private const int LongestLine = 64 << 10;
    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine() => Write("\n");

    public override void WriteLine(string? value)
    {
        lock (_lock)
        {
            Write(value.AsSpan());
            Write("\n");
        }
    }

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_lock)
        {
            while (buffer.IndexOf('\n') is var end and >= 0)
            {
                _line.Append(buffer[..end]);
                EndLine();
                buffer = buffer[(end + 1)..];
            }

            _line.Append(buffer);
            if (_line.Length > LongestLine)
            {
                EndLine();
            }
        }
    }

    /// <summary>Ends a line that was begun, at the end of an attempt.</summary>
    public void EndAttempt()
    {
        lock (_lock)
        {
            if (_line.Length > 0)
            {
                EndLine();
            }
        }
    }

    private void EndLine()
    {
        var line = _line.ToString().TrimEnd('\r');
        _line.Clear();
        write(level, line);
    }
}
