namespace Sluice.Storage.Sql;

/// <summary>What happens when a row with the same key is there.</summary>
internal enum OnConflict
{
    Update,
    Keep,
}

/// <summary>A table of the read model, described once; each engine makes its insert statement of it.</summary>
/// <param name="Name">Table.</param>
/// <param name="Keys">Primary key; empty when rows are only ever added.</param>
/// <param name="OnConflict">What an insert does to a row that is there.</param>
/// <param name="Columns">In the order of the statement.</param>
internal sealed record RowTable<T>(string Name, string[] Keys, OnConflict OnConflict, Column<T>[] Columns)
{
    /// <summary>An insert or upsert that takes its rows from <paramref name="source"/> (<c>VALUES ...</c> or <c>SELECT ...</c>).</summary>
    public string InsertFrom(string source)
    {
        var insert = $"INSERT INTO {Name} ({string.Join(", ", Columns.Select(column => column.Name))}) {source}";
        if (Keys.Length == 0)
        {
            return insert;
        }

        var updates = Columns.Where(column => !column.IsKept && !Keys.Contains(column.Name)).Select(column => $"{column.Name} = excluded.{column.Name}");
        return $"{insert} ON CONFLICT ({string.Join(", ", Keys)}) DO {(OnConflict is OnConflict.Keep ? "NOTHING" : $"UPDATE SET {string.Join(", ", updates)}")}";
    }
}

/// <summary>A column and where its value is in a row. A closed family, one for each type that we store.</summary>
internal abstract record Column<T>(string Name)
{
    /// <summary>A row that is there keeps what it has in it.</summary>
    public bool IsKept { get; init; }
}

internal sealed record LongColumn<T>(string Name, Func<T, long> Value) : Column<T>(Name);

internal sealed record IntColumn<T>(string Name, Func<T, int> Value) : Column<T>(Name);

internal sealed record SmallColumn<T>(string Name, Func<T, short> Value) : Column<T>(Name);

internal sealed record BoolColumn<T>(string Name, Func<T, bool> Value) : Column<T>(Name);

/// <summary>May be null; cleaned by <see cref="StorableText"/> when written.</summary>
internal sealed record TextColumn<T>(string Name, Func<T, string?> Value) : Column<T>(Name);

/// <summary>May be null; UTC microseconds.</summary>
internal sealed record TimeColumn<T>(string Name, Func<T, DateTimeOffset?> Value) : Column<T>(Name);
