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
        var objects = new ObjectColumns(load, [.. table.Columns.Select(column => column.Target)], filled);
        var found = new List<RedshiftFiles>();
        foreach (var source in load.Objects)
        {
            await using var reader = load.Format.Header ? new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format) : null;
            if (await objects.ReadAsync(reader, cancellationToken) is not { } compared)
            {
                continue;
            }

            var drift = Fold(compared);
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

    // Sessions of others fold names in quotes, too, and would not find a column with capitals.
    private static SchemaDrift Fold(SchemaDrift drift) => drift.Added.Count == 0
        ? drift
        : new([.. drift.Columns.Select(column => column is not null && drift.Added.Contains(column) ? column.ToLowerInvariant() : column)], [.. drift.Added.Select(column => column.ToLowerInvariant())]);
}
