using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Core.Connections;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Loads CSV objects into a table of SQLite.</summary>
/// <remarks>
/// One transaction: readers see the table before or after. REPLACE and UPSERT give the same rows when they run again. Columns go by the
/// header, in any order. Returns <c>{"rows_loaded", "rows_in_table"}</c>.
/// </remarks>
public sealed class S3ToSqliteOperator : S3ToTableOperator
{
    /// <summary>The database: a connection of type sqlite.</summary>
    [Templated]
    public string SqliteConnectionId { get; set; } = "";

    private protected override string TargetConnectionId => SqliteConnectionId;

    private protected override TableLoad Complete(TableLoad load, Connection target) => target.Type == "sqlite" ? load : throw Misfit(target, "SQLite");
}
