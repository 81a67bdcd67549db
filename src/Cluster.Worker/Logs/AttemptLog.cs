using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Cluster.Worker.Logs;

/// <summary>The log of one attempt. The file is made with the first line, and each line is in it when the call returns, so that it can be followed.</summary>
internal sealed partial class AttemptLog(Func<string> findPath, long limit, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private SafeFileHandle? _file;
    private string _path = "";
    private long _length;
    private bool _closed;

    public void Write(LogLevel level, string text) => Write(time.GetUtcNow(), level, text);

    /// <summary>Appends a line; text of several lines stays together.</summary>
    public void Write(DateTimeOffset at, LogLevel level, string text)
    {
        lock (_lock)
        {
            if (_closed || _length >= limit)
            {
                return;
            }

            try
            {
                AppendOrCut(at, level, text);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not fail the task; whoever misses the log finds the reason in the worker's.
                _closed = true;
                LogWriteFailed(logger, _path, e.Message);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            _file?.Dispose();
        }
    }

    private void AppendOrCut(DateTimeOffset at, LogLevel level, string text)
    {
        var line = Line(at, level, text);
        if (_length + line.Length <= limit)
        {
            Append(line);
            return;
        }

        Append(Line(at, LogLevel.Warning, $"The log was cut here: it reached the limit of {limit} bytes (Worker:LogLimit)."));
        _length = limit;
    }

    private static byte[] Line(DateTimeOffset at, LogLevel level, string text) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)} {text}\n"));

    private void Append(byte[] line)
    {
        if (_file is null)
        {
            _path = findPath();
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
            _length = RandomAccess.GetLength(_file);
        }

        RandomAccess.Write(_file, line, _length);
        _length += line.Length;
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "DEBUG",
        LogLevel.Warning => "WARN",
        LogLevel.Error or LogLevel.Critical => "ERROR",
        _ => "INFO",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log {Path} cannot be written, the rest of it is lost: {Reason}")]
    private static partial void LogWriteFailed(ILogger logger, string path, string reason);
}
