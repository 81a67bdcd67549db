using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Sluice.Cluster.Hosting;

/// <summary>A node's own log: one line an event on standard error, in UTC, without the noise of the framework.</summary>
public static class ConsoleLog
{
    /// <param name="level">trace, debug, information, warning or error.</param>
    public static ILoggerFactory Create(string level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(Enum.Parse<LogLevel>(level, ignoreCase: true))
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddConsole(console =>
        {
            console.FormatterName = LineFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        })
        .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>());

    private sealed class LineFormatter() : ConsoleFormatter(FormatterName)
    {
        public const string FormatterName = "line";

        public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter writer)
        {
            var level = entry.LogLevel switch
            {
                LogLevel.Trace => "TRACE",
                LogLevel.Debug => "DEBUG",
                LogLevel.Information => "INFO ",
                LogLevel.Warning => "WARN ",
                _ => "ERROR",
            };
            writer.Write(DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture));
            writer.Write(level);
            writer.Write(' ');
            writer.Write(entry.Category[(entry.Category.LastIndexOf('.') + 1)..]);
            writer.Write(": ");
            writer.WriteLine(entry.Formatter(entry.State, entry.Exception));
            if (entry.Exception is { } error)
            {
                writer.WriteLine(error.ToString());
            }
        }
    }
}
