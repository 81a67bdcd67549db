using System.Globalization;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Sensors;

/// <summary>Waits until a query's first cell is there and is neither NULL, false, 0, <c>0</c> nor empty.</summary>
public sealed class SqlSensor : Sensor
{
    /// <summary>The query.</summary>
    [Templated(".sql")]
    public string Sql { get; set; } = "";

    /// <summary>Where it runs.</summary>
    [Templated]
    public string ConnectionId { get; set; } = "";

    /// <summary>Values for <c>@name</c> placeholders, by name without the sign.</summary>
    [Templated]
    public Dictionary<string, string> Parameters { get; set; } = [];

    /// <inheritdoc/>
    public override async ValueTask<Poke> PokeAsync(TaskContext context, CancellationToken cancellationToken)
    {
        await using var sql = await context.SqlAsync(ConnectionId, cancellationToken);
        var rows = await sql.QueryAsync(Sql, SqlParameters.From(Parameters), limit: 1, cancellationToken);
        if (rows is not [[var cell, ..]] || !SqlTruth.IsTruthy(cell))
        {
            return Poke.NotYet;
        }

        return context.Task.Sensor is { Watch: not null } ? new(true, Convert.ToString(cell, CultureInfo.InvariantCulture)) : Poke.Done;
    }
}
