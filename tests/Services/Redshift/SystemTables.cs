using System.Collections.Concurrent;
using Npgsql;
using Sluice.Services.Redshift.Copying;

namespace Sluice.Services.Redshift;

/// <summary>Redshift's system tables, kept in each database over a connection of their own, so that no rollback takes them away.</summary>
internal sealed class SystemTables(PostgresServer postgres)
{
    // char(n) is padded with blanks, as in Redshift.
    private const string Create = """
        SET allow_system_table_mods = on;
        CREATE TABLE pg_catalog.redshift_load_errors (
            userid integer, slice integer, tbl integer, starttime timestamp, session integer, query integer, filename character(256), line_number bigint,
            colname character(127), type character(10), col_length character(10), position integer, raw_line character(1024), raw_field_value character(1024),
            err_code integer, err_reason character(100), transaction_id bigint, database_name character(64));
        CREATE VIEW pg_catalog.stl_load_errors AS SELECT userid, slice, tbl, starttime, session, query, filename, line_number, colname, type, col_length,
            position, raw_line, raw_field_value, err_code, err_reason FROM pg_catalog.redshift_load_errors;
        CREATE VIEW pg_catalog.sys_load_error_detail AS SELECT userid AS user_id, query::bigint AS query_id, transaction_id, session AS session_id, database_name,
            tbl AS table_id, starttime AS start_time, filename AS file_name, line_number, colname AS column_name, type AS column_type, col_length AS column_length,
            position, err_code AS error_code, err_reason::character(512) AS error_message FROM pg_catalog.redshift_load_errors;
        CREATE VIEW pg_catalog.redshift_columns AS SELECT c.table_catalog, c.table_schema, c.table_name, c.column_name, c.ordinal_position,
            CASE WHEN c.is_identity = 'YES' THEN '"identity"(' || (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass::oid || ', '
                || c.ordinal_position - 1 || ', ''' || c.identity_start || ',' || c.identity_increment || '''::text)' ELSE c.column_default END AS column_default,
            c.is_nullable, c.data_type, c.character_maximum_length, c.character_octet_length, c.numeric_precision, c.numeric_precision_radix, c.numeric_scale,
            c.datetime_precision FROM information_schema.columns c;
        CREATE TYPE pg_catalog.varbyte;
        CREATE FUNCTION pg_catalog.varbyte_in(cstring, oid, integer) RETURNS varbyte LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
        CREATE FUNCTION pg_catalog.varbyte_out(varbyte) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
        CREATE TYPE pg_catalog.varbyte (INPUT = varbyte_in, OUTPUT = varbyte_out, TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout, LIKE = bytea);
        CREATE CAST (varbyte AS bytea) WITHOUT FUNCTION;
        CREATE FUNCTION pg_catalog.varbyte(varbyte, integer, boolean) RETURNS varbyte LANGUAGE plpgsql IMMUTABLE STRICT AS
            'BEGIN IF octet_length($1::bytea) > $2 - 4 THEN RAISE string_data_right_truncation USING MESSAGE = ''Value too long for type varbyte''; END IF; RETURN $1; END';
        CREATE CAST (varbyte AS varbyte) WITH FUNCTION pg_catalog.varbyte(varbyte, integer, boolean) AS IMPLICIT;
        GRANT SELECT ON pg_catalog.stl_load_errors, pg_catalog.sys_load_error_detail, pg_catalog.redshift_columns TO PUBLIC;
        CREATE FUNCTION pg_catalog.redshift_forget_keys(regclass) RETURNS void LANGUAGE sql SECURITY DEFINER AS
            'UPDATE pg_index SET indisunique = false, indisready = false, indisvalid = false WHERE indisready AND indrelid = $1';
        CREATE FUNCTION pg_catalog.version(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE FUNCTION pg_catalog.pg_last_copy_id(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE FUNCTION pg_catalog.pg_last_copy_count(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE FUNCTION pg_catalog.pg_last_unload_count(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1';
        CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE AS 'SELECT date_trunc(''second'', now() AT TIME ZONE ''UTC'')';
        """;

    private static readonly ConcurrentDictionary<string, Lazy<Task>> Prepared = new();

    /// <summary>Makes them in a database that has none yet.</summary>
    public Task PrepareAsync(string database) =>
        Prepared.GetOrAdd($"{postgres.Port}/{database}", _ => new(() => CreateAsync(database))).Value;

    public async Task WriteAsync(string database, int session, int query, string table, IEnumerable<RejectedRow> rows)
    {
        await using var connection = await OpenAsync(database);
        foreach (var row in rows)
        {
            await using var insert = new NpgsqlCommand(
                """
                INSERT INTO pg_catalog.redshift_load_errors VALUES (100, 0, to_regclass($1)::oid::integer, now() AT TIME ZONE 'UTC', $2, $3, left($4, 256), $5, left($6, 127), $7, $8,
                    $9, left($10, 1024), left($11, 1024), $12, left($13, 100), 1, current_database())
                """,
                connection);
            foreach (var value in (object[])
                     [
                         table, session, query, row.FileName, row.Line, row.Column?.Name ?? "", row.Column?.TypeName ?? "", row.Column is { Length: > 0 } column ? $"{column.Length}" : "",
                         row.Error.Position, Storable(row.RawLine), Storable(row.RawField), row.Error.Code, row.Error.Reason,
                     ])
            {
                insert.Parameters.Add(new() { Value = value });
            }

            await insert.ExecuteNonQueryAsync();
        }
    }

    // The tables show bytes that are no text as points.
    private static string Storable(string raw) => raw.Replace('\0', '.').Replace('\uFFFD', '.');

    private async Task CreateAsync(string database)
    {
        await using var connection = await OpenAsync(database);
        await using var exists = new NpgsqlCommand("SELECT to_regclass('pg_catalog.redshift_load_errors') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync() is false)
        {
            await using var create = new NpgsqlCommand(Create, connection);
            await create.ExecuteNonQueryAsync();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(postgres.ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }
}
