using System.Globalization;
using Spectre.Console;

namespace Sluice.Cli.Output;

/// <summary>Times, lengths and states as people read them.</summary>
internal static class Wording
{
    /// <summary>ISO 8601, UTC, with offset: <c>2021-02-04T17:00:00+00:00</c>.</summary>
    public static string Iso(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);

    /// <summary><c>2021-02-04 17:00:00</c>, UTC.</summary>
    public static string Time(DateTimeOffset? at) => at?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A day when it is midnight, else with the time; UTC.</summary>
    public static string Date(DateTimeOffset at) => at.UtcDateTime.TimeOfDay == TimeSpan.Zero
        ? at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Between two moments; empty when either is missing.</summary>
    public static string Took(DateTimeOffset? from, DateTimeOffset? to) => from is { } start && to is { } end ? Length(end - start) : "";

    /// <summary><c>0.12 s</c>, <c>45 s</c>, <c>3 m 05 s</c>, <c>2 h 10 m</c>, <c>4 d 03 h</c>.</summary>
    public static string Length(TimeSpan length) => length switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, length.TotalSeconds):0.00} s"),
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalSeconds} s"),
        { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{length.Minutes} m {length.Seconds:00} s"),
        { TotalHours: < 24 } => string.Create(CultureInfo.InvariantCulture, $"{length.Hours} h {length.Minutes:00} m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{length.Days} d {length.Hours:00} h"),
    };

    /// <summary>A state in its colour.</summary>
    public static Text State(string state) => Listing.Cell(state, state switch
    {
        "success" => new Style(Color.Green),
        "failed" or "upstream_failed" => new Style(Color.Red),
        "running" => new Style(Color.Aqua),
        "up_for_retry" or "up_for_reschedule" or "deferred" or "awaiting_input" => new Style(Color.Yellow),
        "none" or "skipped" or "removed" or "cancelled" => new Style(decoration: Decoration.Dim),
        _ => null,
    });
}
