using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;

namespace Sluice.Authoring.Loading;

/// <summary>Finds columns of a table that would keep less than their source gives, without a word. What a database refuses by itself is none of its business. Pure.</summary>
internal static partial class TypeDrift
{
    private const int OfDouble = 15;
    private const int OfReal = 6;

    /// <summary>What is lost between a source and a target; null for nothing.</summary>
    /// <param name="source">The type in the source.</param>
    /// <param name="target">The target's type as its catalog writes it; empty where that says nothing.</param>
    internal static string? Loss(SourceType source, string target)
    {
        target = target.ToLowerInvariant();
        return source.Kind switch
        {
            SqlColumnKind.Decimal when Decimals().Match(target) is { Success: true } kept && source.Scale is { } scale && Scale(kept) < scale =>
                $"keeps {Scale(kept)} digits behind the point, and the source has {scale}",
            SqlColumnKind.Decimal or SqlColumnKind.Float or SqlColumnKind.Single when source.Digits > FloatingDigits(target) => Digits(source, target),
            SqlColumnKind.Integer when source.Digits > FloatingDigits(target) && (target != TargetColumn.SqliteNumber || source.IsBeyondLong) => Digits(source, target),
            SqlColumnKind.Timestamp when target == "date" => "keeps no time of day",
            SqlColumnKind.Text when target == TargetColumn.SqliteString && source.Name.Length > 0 => "keeps what looks like a number as one (007 becomes 7)",
            SqlColumnKind.Timestamp or SqlColumnKind.Time when Fractions().Match(target) is { Success: true } kept && source.Fraction is { } fraction && Scale(kept) < fraction =>
                $"keeps {Scale(kept)} digits of a second, and the source has {fraction}",
            _ => null,
        };
    }

    /// <summary>Looks at all columns of a load.</summary>
    /// <param name="load">With a manifest, else nothing is known.</param>
    /// <param name="columns">Columns of the objects.</param>
    /// <param name="drift">How they fit the table.</param>
    /// <param name="table">Columns of the table.</param>
    /// <exception cref="Operators.TaskFailedException">Something would be lost, unless <see cref="DriftPolicy.Ignore"/> says that it may: then it is told.</exception>
    internal static void Check(TableLoad load, IReadOnlyList<string> columns, SchemaDrift drift, IReadOnlyList<TargetColumn> table)
    {
        var losses = new List<string>();
        foreach (var (name, loaded) in columns.Zip(drift.Columns))
        {
            if (SourceType.Find(load.Manifest, name) is { } source && table.FirstOrDefault(one => one.Name == loaded) is { } target && Loss(source, target.Type) is { } loss)
            {
                losses.Add($"'{target.Name}' ({target.Type}) {loss}");
            }
        }

        if (losses.Count == 0)
        {
            return;
        }

        var told = $"Table {load.Table} would keep less than the source gives, without a word: {string.Join("; ", losses)}.";
        if (load.Drift != DriftPolicy.Ignore)
        {
            throw new Operators.TaskFailedException($"{told} Widen {(losses.Count == 1 ? "it" : "them")}, cast in the extract's query, or set Drift to ignore.");
        }

        load.Log?.Invoke(told);
    }

    private static int? FloatingDigits(string target) => target switch
    {
        "real" or "float4" => OfReal,
        "double precision" or "float8" or TargetColumn.SqliteNumber => OfDouble,
        _ => null,
    };

    private static string Digits(SourceType source, string target) => $"keeps about {FloatingDigits(target)} digits, and the source has {source.Digits}";

    private static int Scale(Match kept) => kept.Groups[1].Success ? int.Parse(kept.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"\A(?:numeric|decimal)\(\s*\d+\s*(?:,\s*(\d+)\s*)?\)")]
    private static partial Regex Decimals();

    [GeneratedRegex(@"\A(?:timestamp|time|interval)\((\d)\)")]
    private static partial Regex Fractions();
}
