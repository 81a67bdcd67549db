using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Objects whose columns stand in the same order: Redshift skips a header without reading it, so others are copied by themselves.</summary>
/// <param name="Drift">How their columns fit the table's.</param>
/// <param name="Objects">At least one.</param>
internal sealed record RedshiftFiles(SchemaDrift Drift, List<Uri> Objects)
{
    /// <summary>Columns of the objects as the staging table names them.</summary>
    internal IReadOnlyList<string> Columns => [.. Drift.Columns.Select((column, i) => column ?? Ignored(i))];

    /// <summary>A column of the staging table that goes no further.</summary>
    internal static string Ignored(int position) => $"sluice_ignored_{position}";

    /// <summary>Reads the headers.</summary>
    /// <returns>Nothing where all objects are empty, without even a header.</returns>
    /// <exception cref="TaskFailedException">The columns do not fit the table's, or each other.</exception>
    internal static async ValueTask<IReadOnlyList<RedshiftFiles>> FindAsync(TableLoad load, RedshiftTable table, IReadOnlyList<string> filled, CancellationToken cancellationToken)
    {
        var found = new List<RedshiftFiles>();
        foreach (var source in load.Objects)
        {
            if (await NamesAsync(load, table, source, cancellationToken) is not { } names)
            {
                continue;
            }

            var drift = Fold(SchemaDrift.Compare(names, [.. table.Columns.Select(column => column.Target)], load.Drift, load.Table, filled));
            if (found.Count > 0 && !drift.Loaded.Order(StringComparer.Ordinal).SequenceEqual(found[0].Drift.Loaded.Order(StringComparer.Ordinal)))
            {
                throw new TaskFailedException($"The objects of one load into {load.Table} have different columns; load them one after the other.");
            }

            if (found.FirstOrDefault(files => files.Drift.Columns.SequenceEqual(drift.Columns)) is { } same)
            {
                same.Objects.Add(source);
            }
            else
            {
                found.Add(new(drift, [source]));
            }
        }

        return found;
    }

    private static async ValueTask<IReadOnlyList<string>?> NamesAsync(TableLoad load, RedshiftTable table, Uri source, CancellationToken cancellationToken)
    {
        if (load.Format.Header)
        {
            await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format);
            if (!await reader.ReadAsync(cancellationToken))
            {
                return null;
            }

            if (load.Columns is not { Count: > 0 })
            {
                return reader.ReadNames();
            }
        }

        return load switch
        {
            { Columns: { Count: > 0 } named } => named,
            { Manifest.Meta.Sluice.Columns: { Count: > 0 } known } => [.. known.Select(column => column.Name)],
            _ => [.. table.Columns.Select(column => column.Name)],
        };
    }

    // Sessions of others fold names in quotes, too, and would not find a column with capitals.
    private static SchemaDrift Fold(SchemaDrift drift) => drift.Added.Count == 0
        ? drift
        : new([.. drift.Columns.Select(column => column is not null && drift.Added.Contains(column) ? column.ToLowerInvariant() : column)], [.. drift.Added.Select(column => column.ToLowerInvariant())]);
}
