using System.Text;
using Amazon.Runtime;
using Sluice.Authoring.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>The statements of a load into Redshift, as text. Pure.</summary>
internal static class RedshiftSql
{
    /// <summary>Temporary tables of a session begin with a number sign.</summary>
    internal const string Staging = "\"#sluice_staging\"";

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
        foreach (var option in load.CopyOptions)
        {
            sql.Append('\n').Append(option);
        }

        return sql.ToString();
    }

    /// <summary>A session's table like the target, defaults included.</summary>
    internal static string CreateStaging(string target) => $"CREATE TEMP TABLE {Staging} (LIKE {target} INCLUDING DEFAULTS)";

    /// <summary>All rows away. TRUNCATE would commit the transaction on the spot.</summary>
    internal static string DeleteAll(string target) => $"DELETE FROM {target}";

    /// <summary>The rows away that the staging table replaces.</summary>
    internal static string DeleteReplaced(string target, IReadOnlyList<string> keys) =>
        $"DELETE FROM {target} USING {Staging} WHERE {string.Join(" AND ", keys.Select(key => $"{target}.{SqlNames.Quote(key)} = {Staging}.{SqlNames.Quote(key)}"))}";

    /// <summary>How many rows have no key.</summary>
    internal static string CountNullKeys(IReadOnlyList<string> keys) =>
        $"SELECT COUNT(*) FROM {Staging} WHERE {string.Join(" OR ", keys.Select(key => $"{SqlNames.Quote(key)} IS NULL"))}";

    /// <summary>One row of each key: the highest by the order column; without one the database tells no order, and any one is taken.</summary>
    internal static string InsertLatest(string target, IReadOnlyList<string> columns, IReadOnlyList<string> keys, string? order)
    {
        var all = SqlNames.Join(columns);
        var by = order is null ? SqlNames.Join(keys) : $"{SqlNames.Quote(order)} DESC NULLS LAST";
        return $"INSERT INTO {target} ({all}) SELECT {all} FROM (SELECT {all}, ROW_NUMBER() OVER (PARTITION BY {SqlNames.Join(keys)} ORDER BY {by}) "
            + $"AS \"sluice_rank\" FROM {Staging}) AS s WHERE \"sluice_rank\" = 1";
    }

    /// <summary>Columns that can be written, in the table's order, each with its place in the primary key or null.</summary>
    internal static string Describe(string? schema, string table) =>
        $"""
         SELECT c.column_name, k.ordinal_position
         FROM information_schema.columns c
         LEFT JOIN information_schema.table_constraints p
             ON p.constraint_type = 'PRIMARY KEY' AND p.table_schema = c.table_schema AND p.table_name = c.table_name
         LEFT JOIN information_schema.key_column_usage k
             ON k.constraint_name = p.constraint_name AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
         WHERE c.table_name = {Literal(table)} AND c.table_schema = {(string.IsNullOrEmpty(schema) ? "current_schema()" : Literal(schema))}
         ORDER BY c.ordinal_position
         """;

    /// <summary>A text literal. Unlike PostgreSQL's, Redshift's know the backslash as an escape.</summary>
    internal static string Literal(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}

/// <summary>Who Redshift is when it fetches from S3.</summary>
/// <param name="Clause">As COPY wants it. Never logged.</param>
/// <param name="Masked">The same without secrets.</param>
internal sealed record CopyCredentials(string Clause, string Masked)
{
    /// <summary>A role that is attached to the cluster; <c>default</c> for its default one.</summary>
    internal static CopyCredentials Role(string arn)
    {
        var clause = arn == "default" ? "IAM_ROLE default" : $"IAM_ROLE {RedshiftSql.Literal(arn)}";
        return new(clause, clause);
    }

    /// <summary>Keys, which the server sees in the statement.</summary>
    internal static CopyCredentials Keys(ImmutableCredentials keys) => new(
        KeyClause(RedshiftSql.Literal(keys.AccessKey), RedshiftSql.Literal(keys.SecretKey), keys.UseToken ? RedshiftSql.Literal(keys.Token) : null),
        KeyClause("'***'", "'***'", keys.UseToken ? "'***'" : null));

    /// <summary>A statement without the secrets.</summary>
    internal string Mask(string sql) => sql.Replace(Clause, Masked, StringComparison.Ordinal);

    private static string KeyClause(string key, string secret, string? token) =>
        $"ACCESS_KEY_ID {key} SECRET_ACCESS_KEY {secret}" + (token is null ? "" : $" SESSION_TOKEN {token}");
}
