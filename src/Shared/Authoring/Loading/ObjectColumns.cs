using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>The columns of the objects of one load, one object after the other: how they fit the table, and each other.</summary>
public sealed class ObjectColumns
{
    private readonly TableLoad _load;
    private readonly IReadOnlyList<TargetColumn> _table;
    private readonly IReadOnlyList<string> _filled;

    /// <summary>Looks at a load.</summary>
    /// <param name="load">What is loaded.</param>
    /// <param name="table">Columns that can be written, in the table's order.</param>
    /// <param name="filled">Columns that the load itself fills, as the table spells them.</param>
    /// <exception cref="TaskFailedException">The load contradicts itself.</exception>
    public ObjectColumns(TableLoad load, IReadOnlyList<TargetColumn> table, IReadOnlyList<string> filled)
    {
        (_load, _table, _filled) = (load, table, filled);
        if (load.SnapshotColumn is not null && load.Method != LoadMethod.Replace)
        {
            throw new TaskFailedException("SnapshotColumn says which rows REPLACE replaces; it does not go with another method.");
        }
    }

    /// <summary>Of the first object that has columns; null before that.</summary>
    public SchemaDrift? First { get; private set; }

    /// <summary>Finds the columns of the next object: those that the load names, else its header's, else the manifest's, else all of the table.</summary>
    /// <param name="reader">Stands at the beginning; left behind the header. Null where objects have no header.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>Null for an object that is empty, without even a header.</returns>
    /// <exception cref="TaskFailedException">They fit neither the table nor those of the first object.</exception>
    public async ValueTask<SchemaDrift?> ReadAsync(CsvReader? reader, CancellationToken cancellationToken)
    {
        if (_load.Format.Header && !await reader!.ReadAsync(cancellationToken))
        {
            return null;
        }

        var load = _load.SoFar(); // beside an extract the manifest comes with its first object
        IReadOnlyList<string> names = load switch
        {
            { Columns: { Count: > 0 } named } => named,
            { Format.Header: true } => reader!.ReadNames(),
            { Manifest.Meta.Sluice.Columns: { Count: > 0 } known } => [.. known.Select(column => column.Name)],
            _ => [.. _table.Select(column => column.Name)],
        };
        var drift = SchemaDrift.Compare(names, _table, load.Drift, load.Table, _filled);
        if (First is null)
        {
            TypeDrift.Check(load, names, drift, _table);
            First = drift;
            TellMissing(drift);
        }

        return drift.Loaded.Order(StringComparer.Ordinal).SequenceEqual(First.Loaded.Order(StringComparer.Ordinal))
            ? drift
            : throw new TaskFailedException($"The objects of one load into {_load.Table} have different columns; load them one after the other.");
    }

    // Whoever dropped a column of the source should hear what becomes of it.
    private void TellMissing(SchemaDrift drift)
    {
        var missing = _table.Select(column => column.Name).Where(name => !drift.Loaded.Contains(name) && !_filled.Contains(name)).ToList();
        if (missing.Count > 0)
        {
            _load.Log?.Invoke($"The objects do not have {string.Join(", ", missing.Select(name => $"'{name}'"))} of table {_load.Table}; the rows get the defaults there.");
        }
    }
}
