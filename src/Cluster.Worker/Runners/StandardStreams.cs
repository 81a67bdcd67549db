using System.Diagnostics;

namespace Sluice.Cluster.Worker.Runners;

/// <summary>What a runner process writes past its protocol: native libraries, children, and the runtime's last words.</summary>
internal sealed class StandardStreams
{
    private const int Kept = 12;
    private const int LongestKept = 300;
    private readonly Queue<string> _lastErrors = new();
    private readonly Task _reading;

    /// <summary>Reads both streams to their ends.</summary>
    /// <param name="process">The runner.</param>
    /// <param name="line">Takes each line, and whether it came from standard error.</param>
    public StandardStreams(Process process, Action<string, bool> line)
    {
        _reading = Task.WhenAll(
            ReadAsync(process.StandardOutput, text => line(text, false)),
            ReadAsync(
                process.StandardError,
                text =>
                {
                    Keep(text);
                    line(text, true);
                }));
    }

    /// <summary>The last lines of standard error in one, once both streams have ended or a second has passed.</summary>
    public string LastErrors()
    {
        _reading.Wait(TimeSpan.FromSeconds(1));
        lock (_lastErrors)
        {
            return string.Join(" | ", _lastErrors);
        }
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> line)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
        {
            line(text);
        }
    }

    // The first lines of a crash name it, the last ones are deep in the stack: keep the first few of what came last.
    private void Keep(string text)
    {
        if (text.Length == 0)
        {
            return;
        }

        lock (_lastErrors)
        {
            if (_lastErrors.Count < Kept)
            {
                _lastErrors.Enqueue(text.Length > LongestKept ? text[..LongestKept] + "..." : text);
            }
        }
    }

    /// <summary>Forgets what an earlier attempt left.</summary>
    public void BeginAttempt()
    {
        lock (_lastErrors)
        {
            _lastErrors.Clear();
        }
    }
}
