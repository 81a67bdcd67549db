using System.Text;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>The statements of a load into Redshift, as text. Pure.</summary>
internal static partial class RedshiftSql
{
    /// <summary>Temporary tables of a session begin with a number sign.</summary>
    internal const string Staging = "\"#sluice_staging\"";

    /// <summary>Names in quotes are then what the catalog says; by default Redshift folds them.</summary>
    internal const string ExactNames = "SET enable_case_sensitive_identifier TO true";

    /// <summary>COPY of one object, or of all that a manifest lists.</summary>
    /// <param name="into">Quoted.</param>
    /// <param name="columns">In the order of the objects; empty for all of the table.</param>
    /// <param name="from">The object, or the manifest.</param>
    /// <param name="isManifest"><paramref name="from"/> lists the objects.</param>
    /// <param name="credentials">Who Redshift is when it fetches.</param>
    /// <param name="region">Of the bucket; null for the cluster's own.</param>
    /// <param name="load">Format and further options.</param>
    internal static string Copy(
        string into, IReadOnlyList<string> columns, Uri from, bool isManifest, CopyCredentials credentials, string? region, TableLoad load)
    {
        var format = load.Format;
        var sql = new StringBuilder($"COPY {into}");
        if (columns.Count > 0)
        {
            sql.Append($" ({SqlNames.Join(columns)})");
        }

        sql.Append($"\nFROM {Literal(ObjectUri.Text(from))}\n{credentials.Clause}\nFORMAT AS CSV\nDELIMITER {Literal(format.Delimiter.ToString())}");

        // Redshift does not tell "" from nothing by itself: with a marker NULL is exact, without one an empty field is NULL.
        sql.Append(format.NullMarker switch
        {
            "" => "\nEMPTYASNULL",
            "\\N" => "", // Redshift's default
            var marker => $"\nNULL AS {Literal(marker)}",
        });
        sql.Append(format.Header ? "\nIGNOREHEADER 1" : "");
        sql.Append(format.Gzip ? "\nGZIP" : "");
        sql.Append(isManifest ? "\nMANIFEST" : "");
        sql.Append(region is null ? "" : $"\nREGION {Literal(region)}");
        if (into == Staging)
        {
            // Nobody plans by a table of one session, and looking for encodings reads the objects twice.
            sql.Append(Has(load, "COMPUPDATE") ? "" : "\nCOMPUPDATE OFF").Append(Has(load, "STATUPDATE") ? "" : "\nSTATUPDATE OFF");
        }

        foreach (var option in load.CopyOptions)
        {
            sql.Append('\n').Append(option);
        }

        return sql.ToString();
    }

    /// <summary>True when the author gave this option of COPY.</summary>
    internal static bool Has(TableLoad load, string option) =>
        load.CopyOptions.Any(given => given.TrimStart().StartsWith(option, StringComparison.OrdinalIgnoreCase));

    /// <exception cref="TaskFailedException">An option would end the statement or hide what follows.</exception>
    internal static void CheckOptions(TableLoad load)
    {
        if (load.CopyOptions.FirstOrDefault(option => Ending().IsMatch(Texts().Replace(option, "''"))) is { } bad)
        {
            throw new TaskFailedException($"'{bad}' is no option of COPY: it has a semicolon, a comment or a quote that is not closed.");
        }
    }

    /// <summary>A session's table like the target.</summary>
    /// <param name="table">The target.</param>
    /// <param name="columns">Those that are loaded.</param>
    internal static string CreateStaging(RedshiftTable table, IReadOnlyList<string> columns) => table.HasIdentity
        ? $"CREATE TEMP TABLE {Staging} AS SELECT {SqlNames.Join(columns)} FROM {table.Name} WHERE 1 = 0" // LIKE would want the identities, too
        : $"CREATE TEMP TABLE {Staging} (LIKE {table.Name} INCLUDING DEFAULTS)";

    /// <summary>Writers and readers of the table wait from here on. Nothing of the table has been seen yet: a lock makes no snapshot.</summary>
    internal static string Lock(string target) => $"LOCK {target}";

    /// <summary>All rows away. TRUNCATE would commit the transaction on the spot.</summary>
    internal static string DeleteAll(string target) => $"DELETE FROM {target}";

    /// <summary>The rows away that the staging table replaces.</summary>
    internal static string DeleteReplaced(string target, IReadOnlyList<string> keys) =>
        $"DELETE FROM {target} USING {Staging} WHERE {string.Join(" AND ", keys.Select(key => $"{target}.{SqlNames.Quote(key)} = {Staging}.{SqlNames.Quote(key)}"))}";

    /// <summary>How many rows have no key.</summary>
    internal static string CountNullKeys(IReadOnlyList<string> keys) =>
        $"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}";

    /// <summary>All rows.</summary>
    internal static string InsertAll(string target, IReadOnlyList<string> columns) =>
        $"INSERT INTO {target} ({SqlNames.Join(columns)}) SELECT {SqlNames.Join(columns)} FROM {Staging}";

    /// <summary>One row of each key: the highest by the order column; without one the database tells no order, and any one is taken.</summary>
    internal static string InsertLatest(string target, IReadOnlyList<string> columns, IReadOnlyList<string> keys, string? order)
    {
        var all = SqlNames.Join(columns);
        var by = order is null ? SqlNames.Join(keys) : $"{SqlNames.Quote(order)} DESC NULLS LAST";
        return $"INSERT INTO {target} ({all}) SELECT {all} FROM (SELECT {all}, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {by}) "
            + $"AS \"sluice_rank\" FROM {Staging}) AS s WHERE \"sluice_rank\" = 1";
    }

    /// <summary>Of columns that queries filter and join by; Redshift passes over a table of which less than a tenth is new.</summary>
    internal static string Analyze(string target) => $"ANALYZE {target} PREDICATE COLUMNS";

    /// <summary>Columns of all tables by this name in whatever case: schema, table, column, type, default, place in the primary key or null.</summary>
    internal static string Describe(string? schema, string table) =>
        $"""
         SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.column_default, k.ordinal_position
         FROM information_schema.columns c
         LEFT JOIN information_schema.table_constraints p
             ON p.constraint_type = 'PRIMARY KEY' AND p.table_schema = c.table_schema AND p.table_name = c.table_name
         LEFT JOIN information_schema.key_column_usage k
             ON k.constraint_name = p.constraint_name AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
         WHERE LOWER(c.table_name) = LOWER({Literal(table)})
             AND {(string.IsNullOrEmpty(schema) ? "c.table_schema = current_schema()" : $"LOWER(c.table_schema) = LOWER({Literal(schema)})")}
         ORDER BY c.table_schema, c.table_name, c.ordinal_position
         """;

    /// <summary>A text literal. Unlike PostgreSQL's, Redshift's know the backslash as an escape.</summary>
    internal static string Literal(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'", RegexOptions.Singleline)]
    private static partial Regex Texts();

    [GeneratedRegex(@"(?<!')'(?!')|;|--|/\*")]
    private static partial Regex Ending();
}
