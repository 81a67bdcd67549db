using System.Text;
using System.Text.RegularExpressions;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>The statements of loads into Redshift and out of it, as text. Pure.</summary>
internal static partial class RedshiftSql
{
    /// <summary>Temporary tables of a session begin with a number sign.</summary>
    internal const string Staging = "\"#sluice_staging\"";

    /// <summary>Redshift's own limit of MAXERROR.</summary>
    internal const int MostErrors = 100_000;

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

        // The number is the one at which COPY fails.
        sql.Append(load.Quarantine is null ? "" : $"\nMAXERROR {Math.Min(load.MaxRejected + 1, MostErrors)}");
        foreach (var option in load.CopyOptions)
        {
            sql.Append('\n').Append(option);
        }

        return sql.ToString();
    }

    /// <summary>UNLOAD of a query into objects whose keys begin with a folder's, and a list of them with their rows.</summary>
    /// <param name="query">One SELECT.</param>
    /// <param name="folder">An address that ends in a slash, with nothing below it.</param>
    /// <param name="credentials">Who Redshift is when it writes.</param>
    /// <param name="region">Of the bucket; null for the cluster's own.</param>
    /// <param name="format">How CSV is written.</param>
    /// <param name="options">Further ones.</param>
    internal static string Unload(string query, string folder, CopyCredentials credentials, string? region, CsvFormat format, IReadOnlyList<string> options)
    {
        var sql = new StringBuilder($"UNLOAD ({Literal(query)})\nTO {Literal(folder)}\n{credentials.Clause}\nFORMAT AS CSV\nDELIMITER AS {Literal(format.Delimiter.ToString())}");
        sql.Append(format.NullMarker.Length == 0 ? "" : $"\nNULL AS {Literal(format.NullMarker)}");
        sql.Append(format.Header ? "\nHEADER" : "");
        sql.Append(format.Gzip ? "\nGZIP" : "");
        sql.Append("\nMANIFEST VERBOSE");
        sql.Append(region is null ? "" : $"\nREGION {Literal(region)}");
        return options.Aggregate(sql, (all, option) => all.Append('\n').Append(option)).ToString();
    }

    /// <exception cref="TaskFailedException">An option would end the statement, hide what follows, or change what the other arguments say.</exception>
    internal static void CheckUnloadOptions(IReadOnlyList<string> options)
    {
        if (options.FirstOrDefault(option => !UnloadOption().IsMatch(option)) is { } bad)
        {
            throw new TaskFailedException(
                $"'{bad}' is no option that UnloadOptions takes: PARALLEL ON or OFF, MAXFILESIZE 100 MB, ENCRYPTED, KMS_KEY_ID '...'. The format is that of Delimiter, Header, Gzip and NullMarker.");
        }
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

        if (load.Quarantine is not null && (Has(load, "MAXERROR") || load.MaxRejected >= MostErrors))
        {
            throw new TaskFailedException($"Quarantine sets Redshift's MAXERROR by MaxRejected, which is below {MostErrors} there: leave MAXERROR out of CopyOptions.");
        }
    }

    /// <summary>A session's table like the target, with its keys and its rules.</summary>
    internal static string CreateStaging(string target) => $"CREATE TEMP TABLE {Staging} (LIKE {target} INCLUDING DEFAULTS)";

    /// <summary>A session's table of some columns of the target, and others.</summary>
    /// <param name="target">Quoted.</param>
    /// <param name="columns">The target's.</param>
    /// <param name="more">Further ones, with their types.</param>
    internal static string CreateStaging(string target, IReadOnlyList<string> columns, IReadOnlyList<(string Name, string Type)> more) =>
        $"CREATE TEMP TABLE {Staging} AS SELECT {string.Join(", ", columns.Select(column => SqlNames.Quote(column)).Concat(more.Select(column => $"CAST(NULL AS {column.Type}) AS {SqlNames.Quote(column.Name)}")))} FROM {target} WHERE 1 = 0";

    /// <summary>A session's table of some columns of the target with their NOT NULL, so that COPY refuses the rows one by one, and others.</summary>
    internal static string CreateStrictStaging(IReadOnlyList<RedshiftColumn> columns, IReadOnlyList<(string Name, string Type)> more) =>
        $"CREATE TEMP TABLE {Staging} ({string.Join(", ", columns.Select(column => $"{SqlNames.Quote(column.Name)} {column.Type}{(column.NotNull ? " NOT NULL" : "")}").Concat(more.Select(column => $"{SqlNames.Quote(column.Name)} {column.Type}")))})";

    /// <summary>Writers and readers of the tables wait from here on. Nothing has been seen yet: a lock makes no snapshot.</summary>
    internal static string Lock(params IEnumerable<string> tables) => $"LOCK {string.Join(", ", tables)}";

    /// <summary>Rows away. TRUNCATE would commit the transaction on the spot.</summary>
    internal static string Delete(string target, string where) => $"DELETE FROM {target}{where}";

    /// <summary>The rows away that the staging table replaces.</summary>
    internal static string DeleteReplaced(string target, IReadOnlyList<string> keys) =>
        $"DELETE FROM {target} USING {Staging} WHERE {string.Join(" AND ", keys.Select(key => $"{target}.{SqlNames.Quote(key)} = {Staging}.{SqlNames.Quote(key)}"))}";

    /// <summary>Rows of the staging table away that are older than the target's.</summary>
    internal static string DeleteOlder(string target, IReadOnlyList<string> keys, string order)
    {
        var (theirs, ours) = ($"{target}.{SqlNames.Quote(order)}", $"{Staging}.{SqlNames.Quote(order)}");
        return $"DELETE FROM {Staging} USING {target} WHERE {string.Join(" AND ", keys.Select(key => $"{target}.{SqlNames.Quote(key)} = {Staging}.{SqlNames.Quote(key)}"))} "
            + $"AND ({theirs} > {ours} OR ({ours} IS NULL AND {theirs} IS NOT NULL))";
    }

    /// <summary>How many rows have no key.</summary>
    internal static string CountNullKeys(IReadOnlyList<string> keys) =>
        $"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}";

    /// <summary>The staging table's rows, or one of each key: the highest by the order column; without one the database tells no order, and any one is taken.</summary>
    /// <returns>What stands behind FROM, with the alias <c>s</c>.</returns>
    internal static string Latest(IReadOnlyList<string> keys, string? order) => keys.Count == 0
        ? $"{Staging} AS s"
        : $"(SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {(order is null ? SqlNames.Join(keys) : $"{SqlNames.Quote(order)} DESC NULLS LAST")}) "
            + $"AS \"sluice_rank\" FROM {Staging}) AS r WHERE \"sluice_rank\" = 1) AS s";

    /// <summary>Rows into the target.</summary>
    /// <param name="target">Quoted.</param>
    /// <param name="columns">Columns that come from the rows.</param>
    /// <param name="filled">Columns that get one value, with it as a literal.</param>
    /// <param name="from">What stands behind FROM.</param>
    internal static string Insert(string target, IReadOnlyList<string> columns, IReadOnlyList<(string Name, string Value)> filled, string from) =>
        $"INSERT INTO {target} ({SqlNames.Join(columns.Concat(filled.Select(column => column.Name)))}) "
        + $"SELECT {string.Join(", ", columns.Select(column => SqlNames.Quote(column)).Concat(filled.Select(column => column.Value)))} FROM {from}";

    /// <summary>One more column.</summary>
    internal static string AddColumn(string target, string column, string type) => $"ALTER TABLE {target} ADD COLUMN {SqlNames.Quote(column)} {type}";

    /// <summary>Of columns that queries filter and join by; Redshift passes over a table of which less than a tenth is new.</summary>
    internal static string Analyze(string target) => $"ANALYZE {target} PREDICATE COLUMNS";

    /// <summary>
    /// Columns of all tables by this name in whatever case: schema, table, column, type as DDL writes it, default, place in the primary key or null, and
    /// whether it takes NULL.
    /// </summary>
    /// <remarks>
    /// The views of the schema of information know no lengths of Redshift's own types, such as VARBYTE(16); <c>format_type</c> writes every type as CREATE TABLE
    /// takes it, which is how the DDL generator of AWS's own "Amazon Redshift Utils" has it, too.
    /// </remarks>
    internal static string Describe(string? schema, string table) =>
        $"""
         SELECT c.table_schema, c.table_name, c.column_name, pg_catalog.format_type(a.atttypid, a.atttypmod), c.column_default, k.ordinal_position, c.is_nullable
         FROM information_schema.columns c
         JOIN pg_catalog.pg_namespace n ON n.nspname = c.table_schema
         JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid AND t.relname = c.table_name
         JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = c.column_name
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

    [GeneratedRegex(@"\A\s*(PARALLEL(\s+(ON|OFF|TRUE|FALSE))?|MAXFILESIZE(\s+AS)?\s+[0-9]+(\.[0-9]+)?(\s*(MB|GB))?|ENCRYPTED|KMS_KEY_ID\s+'[A-Za-z0-9:/_.-]+'(\s+ENCRYPTED)?)\s*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UnloadOption();

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'", RegexOptions.Singleline)]
    private static partial Regex Texts();

    [GeneratedRegex(@"(?<!')'(?!')|;|--|/\*")]
    private static partial Regex Ending();
}
