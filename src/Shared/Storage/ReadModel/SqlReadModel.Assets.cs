using Sluice.Core.Assets;
using Sluice.Core.Schedules;
using Sluice.Storage.Sql;

namespace Sluice.Storage.ReadModel;

/// <content>Updates of assets.</content>
internal sealed partial class SqlReadModel
{
    public async ValueTask<IReadOnlyList<AssetEvent>> ListAssetEventsAsync(AssetEventQuery query, CancellationToken cancellationToken)
    {
        var values = new List<object?> { query.After, (long)query.Limit };
        var names = (query.Of ?? []).Select(name =>
        {
            values.Add(name.Name);
            return $"{(name is AssetAlias ? "alias" : "asset")} = ${values.Count}";
        }).ToList();
        var of = query.Of is null ? "" : names.Count == 0 ? "AND 1 = 0" : $"AND ({string.Join(" OR ", names)})";
        if (query.SourceDag is { } source)
        {
            values.Add(source);
            of += $" AND source_dag = ${values.Count}";
        }

        var sql = $"""
            SELECT id, asset, alias, at, extra, source_dag, source_run, source_task, interval_start, interval_end, made_by
            FROM asset_event WHERE id > $1 {of} ORDER BY id {(query.NewestFirst ? "DESC" : "ASC")} LIMIT $2
            """;
        return await database.QueryAsync(sql, [.. values], ReadAssetEvent, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<long> FindLatestAssetEventAsync(CancellationToken cancellationToken) =>
        (await database.QueryAsync("SELECT COALESCE(MAX(id), 0) FROM asset_event", [], row => row.Long(0), cancellationToken).ConfigureAwait(false))[0];

    private static AssetEvent ReadAssetEvent(SqlRow row) => new()
    {
        Id = row.Long(0),
        Asset = row.Text(1),
        Alias = row.TextOrNull(2),
        At = row.Time(3),
        Extra = row.Text(4),
        SourceDag = row.TextOrNull(5),
        SourceRun = row.TextOrNull(6),
        SourceTask = row.TextOrNull(7),
        SourceInterval = row.TimeOrNull(8) is { } start ? new DataInterval(start, row.Time(9)) : null,
        By = row.TextOrNull(10),
    };
}
