using Sluice.Authoring.Operators;

namespace Sluice.Authoring.Hooks;

/// <summary>Identifiers and literals of SQL, quoted so that no name or value can end them.</summary>
public static class SqlNames
{
    /// <summary>Quotes a name: backticks for mysql, double quotes for the others.</summary>
    /// <exception cref="TaskFailedException">It is empty, or holds a character that no database takes.</exception>
    public static string Quote(string name, string dialect = "")
    {
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new TaskFailedException("A table or column name is empty or holds a zero character.");
        }

        return dialect == "mysql"
            ? $"`{name.Replace("`", "``", StringComparison.Ordinal)}`"
            : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Quotes a table with its schema, if there is one.</summary>
    public static string Quote(string? schema, string table, string dialect) =>
        string.IsNullOrEmpty(schema) ? Quote(table, dialect) : $"{Quote(schema, dialect)}.{Quote(table, dialect)}";

    /// <summary>Quotes names, with commas between.</summary>
    public static string Join(IEnumerable<string> names, string dialect = "") => string.Join(", ", names.Select(name => Quote(name, dialect)));

    /// <summary>A condition that rows with the aliases <c>t</c> and <c>s</c> have the same key.</summary>
    public static string SameKey(IEnumerable<string> keys) => string.Join(" AND ", keys.Select(key => $"t.{Quote(key)} = s.{Quote(key)}"));

    /// <summary>A condition that the row <c>t</c> of a table is newer than the row <c>s</c> that is to replace it. Any value is newer than NULL; of equal ones the row <c>s</c> is newer.</summary>
    public static string IsNewer(string order) =>
        $"(t.{Quote(order)} > s.{Quote(order)} OR (s.{Quote(order)} IS NULL AND t.{Quote(order)} IS NOT NULL))";

    /// <summary>A text literal for a database in which a backslash means itself (PostgreSQL with standard strings, SQLite).</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
