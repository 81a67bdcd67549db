using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Loads CSV objects into a table of Redshift by its COPY; with a connection of type postgres or sqlite into one of those, by their own loaders.</summary>
/// <remarks>
/// One transaction: readers see the table before or after. REPLACE and UPSERT give the same rows when they run again. Columns go by the
/// header, in any order. Returns <c>{"rows_loaded", "rows_in_table"}</c>.
/// </remarks>
public sealed class S3ToRedshiftOperator : S3ToTableOperator
{
    /// <summary>The warehouse: a connection of type redshift, postgres or sqlite.</summary>
    [Templated]
    public string RedshiftConnectionId { get; set; } = "";

    /// <summary>Further options of Redshift's COPY, such as <c>TIMEFORMAT 'auto'</c>. Other databases refuse them.</summary>
    [Templated]
    public IReadOnlyList<string> CopyOptions { get; set; } = [];

    /// <summary>Renew the statistics of Redshift's planner after the load (<c>ANALYZE</c>). Default: true, which costs little where little has changed. Other databases refuse it.</summary>
    public bool? Analyze { get; set; }

    private protected override string TargetConnectionId => RedshiftConnectionId;

    private protected override TableLoad Complete(TableLoad load, Connection target) =>
        (CopyOptions.Count > 0 || Analyze is not null) && target.Type != "redshift"
            ? throw new TaskFailedException($"{(Analyze is null ? "CopyOptions are" : "Analyze is")} Redshift's; connection '{target.Id}' is of type {target.Type}.")
            : load with { CopyOptions = CopyOptions, Analyze = Analyze ?? true };
}
