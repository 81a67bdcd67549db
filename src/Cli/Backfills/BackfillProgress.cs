using System.Globalization;
using Sluice.Cli.CommandLine;
using Sluice.Cli.Deployments;
using Sluice.Cli.Output;
using Sluice.Cluster.Api;

namespace Sluice.Cli.Backfills;

/// <summary>Watches a backfill to its end: a bar that moves, or a line for every few runs where nobody watches.</summary>
internal sealed class BackfillProgress(Terminal terminal, bool silent)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly long _startedAt = terminal.Time.GetTimestamp();
    private int _toldDone = -1;
    private TimeSpan _toldAt;
    private bool _isLineOpen;

    /// <summary>Watches it.</summary>
    /// <returns>The backfill as it ended.</returns>
    public static async Task<BackfillSummary> WatchAsync(Invocation invocation, ApiClient api, BackfillSummary backfill)
    {
        var progress = new BackfillProgress(invocation.Terminal, invocation.Json);
        try
        {
            return await progress.WatchAsync(invocation, api, backfill.DagId, backfill.BackfillId);
        }
        finally
        {
            // Whatever ends it, what comes next begins on a line of its own.
            if (progress._isLineOpen)
            {
                invocation.Terminal.Line();
            }
        }
    }

    private Task<BackfillSummary> WatchAsync(Invocation invocation, ApiClient api, string dag, string id) =>
        Waiting.ForAsync(
            async () =>
            {
                // The list has the counts alone; the details would bring every run along each time.
                var all = await api.AskAsync<BackfillFilter, IReadOnlyList<BackfillSummary>>(
                    Operations.ListBackfills, new(dag), invocation.Cancel);
                return all.FirstOrDefault(other => other.BackfillId == id)
                    ?? throw new DeploymentException($"Backfill '{id}' is not there any more.");
            },
            Show,
            Every,
            terminal.Time,
            invocation.Cancel);

    /// <summary>One line: <c>[########--------] 15/31 runs, 0 failed, 3.2/s, ETA 5 s</c>.</summary>
    /// <param name="backfill">The counts.</param>
    /// <param name="width">Columns.</param>
    public static string LineOf(BackfillSummary backfill, int width)
    {
        var done = backfill.Succeeded + backfill.Failed;
        var text = string.Create(CultureInfo.InvariantCulture, $"{done}/{backfill.Total} runs, {backfill.Failed} failed");
        text += backfill.State == "paused" ? ", paused" : PaceOf(backfill) is { } pace ? ", " + pace : "";

        var bar = Math.Clamp(width - text.Length - 4, 0, 30);
        var full = backfill.Total == 0 ? bar : (int)((long)bar * done / backfill.Total);
        return bar < 5 ? text : $"[{new string('#', full)}{new string('-', bar - full)}] {text}";
    }

    /// <summary><c>3.2/s, ETA 5 s</c>; slow ones by the minute, the hour or the day. Null when it is not known.</summary>
    public static string? PaceOf(BackfillSummary backfill)
    {
        if (backfill.RatePerSecond is not { } rate)
        {
            return null;
        }

        var (per, unit) = rate switch { >= 0.1 => (rate, "s"), >= 0.1 / 60 => (rate * 60, "min"), >= 0.1 / 3600 => (rate * 3600, "h"), _ => (rate * 86400, "d") };
        var text = string.Create(CultureInfo.InvariantCulture, $"{per:0.0}/{unit}");
        if (backfill.EtaSeconds is > 0 and { } seconds)
        {
            var left = TimeSpan.FromSeconds(Math.Ceiling(seconds));
            text += left.TotalSeconds < 60 ? $", ETA {left.Seconds} s" : $", ETA {Wording.Length(left)}";
        }

        return text;
    }

    private bool Show(BackfillSummary backfill)
    {
        var ended = backfill.EndedAt is not null || backfill.State is "success" or "failed";
        if (!silent)
        {
            Tell(backfill, ended);
        }

        return ended;
    }

    private void Tell(BackfillSummary backfill, bool ended)
    {
        var done = backfill.Succeeded + backfill.Failed;
        if (_toldDone < 0)
        {
            _toldDone = done;
        }

        var elapsed = terminal.Time.GetElapsedTime(_startedAt);
        if (terminal.IsInteractive)
        {
            // One column is left: a full line would wrap, and the next one would not replace it.
            terminal.Out.Write($"\r{LineOf(backfill, terminal.Width - 1)}\u001b[K");
            terminal.Out.Flush();
            _isLineOpen = true;
            return;
        }

        // A tenth of the whole, or a sign of life.
        if (done - _toldDone >= Math.Max(1, backfill.Total / 10) || ended || elapsed - _toldAt > LongestSilence)
        {
            (_toldDone, _toldAt) = (done, elapsed);
            terminal.Line(LineOf(backfill, terminal.Width));
        }
    }
}
