using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Loading;

/// <summary>What becomes of columns that the objects have and the table does not.</summary>
public enum DriftPolicy
{
    /// <summary>The load fails, naming them.</summary>
    Fail,

    /// <summary>The table gets them, in the load's own transaction.</summary>
    AddColumns,

    /// <summary>They are not loaded.</summary>
    Ignore,
}

/// <summary>A column of the table that is loaded.</summary>
/// <param name="Name">As the table spells it.</param>
/// <param name="Required">It takes no NULL and has no default: objects must have it.</param>
public sealed record TargetColumn(string Name, bool Required)
{
    /// <summary>Type of a column that keeps numbers as SQLite does: about 15 digits, and whole ones of 64 bits.</summary>
    public const string SqliteNumber = "sqlite number";

    /// <summary>Type of a column that is declared STRING, which SQLite takes for a number's: a text that looks like one becomes one.</summary>
    public const string SqliteString = "sqlite string";

    /// <summary>Its type as the catalog writes it; empty where that says nothing about what it keeps.</summary>
    public string Type { get; init; } = "";
}

/// <summary>How the columns of objects and of a table fit. Pure.</summary>
/// <param name="Columns">Of the objects, in their order: the table's spelling, or null for one that is not loaded.</param>
/// <param name="Added">Columns that the table gets, as the objects name them.</param>
public sealed record SchemaDrift(IReadOnlyList<string?> Columns, IReadOnlyList<string> Added)
{
    /// <summary>Those that are loaded.</summary>
    public IReadOnlyList<string> Loaded { get; } = [.. Columns.OfType<string>()];

    /// <summary>Compares. Names go by their exact spelling first, then without regard to case.</summary>
    /// <param name="file">Columns of the objects, in their order.</param>
    /// <param name="table">Columns of the table that can be written.</param>
    /// <param name="policy">What becomes of columns that the table lacks.</param>
    /// <param name="name">The table, for messages.</param>
    /// <param name="filled">Columns that the load itself fills.</param>
    /// <exception cref="TaskFailedException">They do not fit.</exception>
    public static SchemaDrift Compare(
        IReadOnlyList<string> file, IReadOnlyList<TargetColumn> table, DriftPolicy policy, string name, IReadOnlyList<string> filled)
    {
        var names = table.Select(column => column.Name).ToList();
        var matched = file.Select(column => Csv.LoadColumns.Find(column.Trim(), names)).ToList();
        var unknown = file.Where((_, i) => matched[i] is null).Select(column => column.Trim()).ToList();
        if (unknown.Count > 0 && policy == DriftPolicy.Fail)
        {
            throw new TaskFailedException(
                $"Table {name} has no column {Names(unknown)} that the objects have; its columns are {Names(names)}. Add it to the table, leave it out of the extract, "
                + "or set Drift to add_columns or ignore.");
        }

        var loaded = policy == DriftPolicy.AddColumns
            ? matched.Select((column, i) => column ?? file[i].Trim()).ToList<string?>()
            : matched;
        if (loaded.OfType<string>().GroupBy(column => column, unknown.Count > 0 ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new TaskFailedException($"The objects have the column {Names([twice.Key])} of table {name} more than once.");
        }

        var missing = table.Where(column => column.Required && !loaded.Contains(column.Name) && !filled.Contains(column.Name)).Select(column => column.Name).ToList();
        if (missing.Count > 0)
        {
            throw new TaskFailedException($"Table {name} needs {Names(missing)}, which takes no NULL and has no default, and the objects do not have it.");
        }

        return loaded.All(column => column is null)
            ? throw new TaskFailedException($"The objects have no column of table {name}: they have {Names(file)}, it has {Names(names)}.")
            : new(loaded, policy == DriftPolicy.AddColumns ? unknown : []);
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
