using System.Data;
using System.Text.RegularExpressions;
using Npgsql;
using Npgsql.PostgresTypes;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Rows;

namespace Sluice.Providers.Postgres.Hooks;

/// <summary>Streams a query's rows, as the server's own text, into a sink.</summary>
internal static partial class PostgresExtract
{
    /// <summary>A session that waits for the other half of a transfer, or for other readers of its snapshot, is not idle.</summary>
    internal const string NoIdleLimit = "SET idle_in_transaction_session_timeout TO 0";

    /// <summary>Makes the server's text the form that all loaders read, whatever the role or the database is set to.</summary>
    internal static async ValueTask PrepareAsync(PostgresSession session, string dialect, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("SET datestyle TO 'ISO, YMD'; SET timezone TO 'UTC'", cancellationToken);
        await session.ExecuteAsync(
            dialect == PostgresHook.Redshift
                ? "SET extra_float_digits TO 2" // its highest; without it, it shows 15 digits of a double
                : "SET bytea_output TO 'hex'; SET extra_float_digits TO 3; SET intervalstyle TO 'postgres'; " + NoIdleLimit,
            cancellationToken);
    }

    /// <summary>True when COPY takes it; SHOW, EXPLAIN, CALL and the like are read row by row.</summary>
    internal static bool CanCopy(string sql) => Query().IsMatch(sql);

    /// <summary>By COPY: bytes go from the socket into the sink.</summary>
    internal static async ValueTask<long> ByCopyAsync(PostgresSession session, string sql, IRowSink sink, CancellationToken cancellationToken)
    {
        var columns = await DescribeAsync(session, sql, cancellationToken);
        sink.Begin(columns);

        // The line end ends a comment in the query's last line.
        var query = sql.TrimEnd().TrimEnd(';');
        var reader = await session.Connection.BeginTextExportAsync($"COPY (\n{query}\n) TO STDOUT", cancellationToken);
        try
        {
            var rows = await new CopyTextParser(columns, sink).ReadAsync(((StreamReader)reader).BaseStream, cancellationToken);
            reader.Dispose();
            return rows;
        }
        catch
        {
            await StopAsync(session, reader);
            throw;
        }
    }

    /// <summary>By the extended protocol: where there are parameters, and on Redshift, which has no COPY to its client.</summary>
    internal static async ValueTask<long> ByReaderAsync(
        PostgresSession session, string sql, IReadOnlyDictionary<string, object?>? parameters, IRowSink sink, CancellationToken cancellationToken)
    {
        await using var command = session.Command(sql, parameters);
        command.AllResultTypesAreUnknown = true; // all values come as text
        var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        try
        {
            var rows = await ReadAsync(reader, sink, cancellationToken);
            await reader.DisposeAsync();
            return rows;
        }
        catch
        {
            await StopAsync(session, reader);
            throw;
        }
    }

    private static async ValueTask<long> ReadAsync(NpgsqlDataReader reader, IRowSink sink, CancellationToken cancellationToken)
    {
        var columns = Columns(reader);
        sink.Begin(columns);

        long rows = 0;
        var scratch = new byte[4096];
        while (await reader.ReadAsync(cancellationToken))
        {
            for (var i = 0; i < columns.Length; i++)
            {
                if (reader.IsDBNull(i))
                {
                    sink.WriteNull();
                    continue;
                }

                // Asked for before the value is read.
                if (reader.GetBytes(i, 0, null, 0, 0) is var bytes && bytes > RowLimits.LargestValue)
                {
                    throw RowLimits.ValueTooLarge(columns[i].Name, rows + 1, bytes);
                }

                var value = Read(reader, i, ref scratch);
                sink.WriteValue(columns[i].Kind == SqlColumnKind.Boolean ? Truth(value) : value);
            }

            rows++;
            if (sink.EndRow())
            {
                await sink.FlushAsync(cancellationToken);
            }
        }

        await sink.FlushAsync(cancellationToken);
        return rows;
    }

    // The driver reads what was asked for to its last row, which may be hours away: the server is asked to stop.
    private static async ValueTask StopAsync(PostgresSession session, IDisposable rows)
    {
        await session.CancelAsync();
        try
        {
            await Task.Run(rows.Dispose);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // That it was cancelled, or that the connection is gone.
        }
    }

    /// <summary>The server's short truth as the sink wants it.</summary>
    internal static ReadOnlySpan<byte> Truth(ReadOnlySpan<byte> text) => text.SequenceEqual("t"u8) ? "true"u8 : text.SequenceEqual("f"u8) ? "false"u8 : text;

    // The server's own bytes; the driver would make a text of each.
    private static ReadOnlySpan<byte> Read(NpgsqlDataReader reader, int column, ref byte[] scratch)
    {
        var length = checked((int)reader.GetBytes(column, 0, null, 0, 0));
        if (scratch.Length < length)
        {
            scratch = new byte[Math.Max(length, 2 * scratch.Length)];
        }

        var read = length == 0 ? 0 : (int)reader.GetBytes(column, 0, scratch, 0, length);
        return scratch.AsSpan(0, read);
    }

    private static async ValueTask<SqlColumn[]> DescribeAsync(PostgresSession session, string sql, CancellationToken cancellationToken)
    {
        await using var command = session.Command(sql);
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SchemaOnly, cancellationToken);
        return Columns(reader);
    }

    private static SqlColumn[] Columns(NpgsqlDataReader reader) =>
    [
        .. from i in Enumerable.Range(0, reader.FieldCount)
           let type = reader.GetPostgresType(i)
           select new SqlColumn(reader.GetName(i), reader.GetDataTypeName(i), KindOf(type)),
    ];

    private static SqlColumnKind KindOf(PostgresType type) => type switch
    {
        PostgresDomainType domain => KindOf(domain.BaseType),
        _ => type.InternalName switch
        {
            "int2" or "int4" or "int8" or "oid" => SqlColumnKind.Integer,
            "numeric" => SqlColumnKind.Decimal,
            "float4" => SqlColumnKind.Single,
            "float8" => SqlColumnKind.Float,
            "bool" => SqlColumnKind.Boolean,
            "date" => SqlColumnKind.Date,
            "time" or "timetz" => SqlColumnKind.Time,
            "timestamp" or "timestamptz" => SqlColumnKind.Timestamp,
            "bytea" => SqlColumnKind.Binary,
            _ => SqlColumnKind.Text,
        },
    };

    [GeneratedRegex(@"\A(\s|--[^\n]*(\n|\z)|/\*.*?\*/|\()*(SELECT|WITH|VALUES|TABLE)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Query();
}
