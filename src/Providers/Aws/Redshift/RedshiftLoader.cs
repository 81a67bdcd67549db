using System.Text.Json;
using Sluice.Core.Connections;
using Sluice.Authoring.Csv;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.S3;
using Sluice.Providers.Postgres.Hooks;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Loads objects of S3 into a Redshift table by its COPY, in one transaction.</summary>
/// <param name="connection">
/// The cluster. Its extra <c>iam_role</c> is the role with which Redshift fetches (or <c>default</c>); without it the role_arn or the keys of
/// the S3 connection are used. Its extra <c>region</c> is the bucket's, when that is not the cluster's and the S3 connection names none.
/// </param>
public sealed class RedshiftLoader(Connection connection) : ITableLoader
{
    private readonly PostgresHook _hook = new(connection, PostgresHook.Redshift);

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        if (load.Objects.FirstOrDefault(uri => uri.Scheme != "s3") is { } other)
        {
            throw new TaskFailedException($"Redshift loads from S3 only, and {ObjectUri.Text(other)} lies elsewhere.");
        }

        var settings = AwsSettings.Of(load.StoreConnection);
        var credentials = await CredentialsAsync(settings);
        await ExecuteAsync("BEGIN", load, cancellationToken);
        try
        {
            var result = await LoadInTransactionAsync(load, settings, credentials, cancellationToken);
            await ExecuteAsync("COMMIT", load, cancellationToken);
            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await RollBackAsync(load);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _hook.DisposeAsync();

    private async ValueTask<LoadResult> LoadInTransactionAsync(
        TableLoad load, AwsSettings settings, CopyCredentials credentials, CancellationToken cancellationToken)
    {
        var (tableColumns, primaryKey) = await DescribeAsync(load, cancellationToken);
        if (await ColumnsAsync(load, tableColumns, cancellationToken) is not { } columns)
        {
            if (load.Method == LoadMethod.Replace)
            {
                await ExecuteAsync(RedshiftSql.DeleteAll(Target(load)), load, cancellationToken);
            }

            return new(0, 0); // nothing but empty objects
        }

        if (load.Method == LoadMethod.Upsert)
        {
            return await UpsertAsync(load, columns, primaryKey, settings, credentials, cancellationToken);
        }

        if (load.Method == LoadMethod.Replace)
        {
            await ExecuteAsync(RedshiftSql.DeleteAll(Target(load)), load, cancellationToken);
        }

        var loaded = await CopyAsync(Target(load), columns, load, settings, credentials, cancellationToken);
        return new(loaded, loaded);
    }

    private async ValueTask<LoadResult> UpsertAsync(
        TableLoad load, IReadOnlyList<string> columns, IReadOnlyList<string> primaryKey, AwsSettings settings, CopyCredentials credentials,
        CancellationToken cancellationToken)
    {
        var keys = LoadColumns.Keys(load.UpsertKeys, primaryKey, columns, load.Table);
        var order = LoadColumns.Order(load.OrderColumn, columns, load.Table);
        await ExecuteAsync(RedshiftSql.CreateStaging(Target(load)), load, cancellationToken);
        var loaded = await CopyAsync(RedshiftSql.Staging, columns, load, settings, credentials, cancellationToken);
        if (await CountAsync(RedshiftSql.CountNullKeys(keys), cancellationToken) is > 0 and var nulls)
        {
            throw new TaskFailedException($"{nulls} rows for {load.Table} have NULL in the key ({string.Join(", ", keys)}); UPSERT cannot tell which rows they replace.");
        }

        await ExecuteAsync(RedshiftSql.DeleteReplaced(Target(load), keys), load, cancellationToken);
        return new(loaded, await ExecuteAsync(RedshiftSql.InsertLatest(Target(load), columns, keys, order), load, cancellationToken));
    }

    private async ValueTask<long> CopyAsync(
        string into, IReadOnlyList<string> columns, TableLoad load, AwsSettings settings, CopyCredentials credentials, CancellationToken cancellationToken)
    {
        var region = settings.Region ?? connection.Extra.GetValueOrDefault("region");
        var manifest = await NeedsManifestAsync(load, cancellationToken) ? await WriteManifestAsync(load, cancellationToken) : null;
        try
        {
            var copy = RedshiftSql.Copy(into, columns, manifest ?? load.Objects[0], manifest is not null, credentials, region, load);
            load.Log?.Invoke(credentials.Mask(copy));
            await _hook.ExecuteAsync(copy, null, cancellationToken);
            return await CountAsync("SELECT pg_last_copy_count()", cancellationToken);
        }
        finally
        {
            if (manifest is not null)
            {
                await load.Store.DeleteAsync(manifest, CancellationToken.None);
            }
        }
    }

    // COPY takes every object whose key begins with what it is given, so a single name is exact only where no other begins with it.
    private static async ValueTask<bool> NeedsManifestAsync(TableLoad load, CancellationToken cancellationToken)
    {
        if (load.Objects.Count > 1)
        {
            return true;
        }

        await foreach (var one in load.Store.ListAsync(load.Objects[0], cancellationToken))
        {
            if (one.Uri != load.Objects[0])
            {
                return true;
            }
        }

        return false;
    }

    private static async ValueTask<Uri> WriteManifestAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var first = load.Objects[0];
        var uri = ObjectUri.Create("s3", first.Host, $"{ObjectUri.Key(first)}.{Guid.NewGuid():n}.manifest");
        var entries = new { entries = load.Objects.Select(one => new { url = ObjectUri.Text(one), mandatory = true }) };
        await using var write = await load.Store.OpenWriteAsync(uri, replace: true, cancellationToken);
        await JsonSerializer.SerializeAsync(write.Body, entries, cancellationToken: cancellationToken);
        await write.CommitAsync(cancellationToken);
        return uri;
    }

    // Redshift skips the header, so it must say the same in all objects.
    private static async ValueTask<IReadOnlyList<string>?> ColumnsAsync(TableLoad load, IReadOnlyList<string> tableColumns, CancellationToken cancellationToken)
    {
        IReadOnlyList<string>? columns = null;
        foreach (var source in load.Objects)
        {
            await using var reader = new CsvReader(await load.Store.OpenReadAsync(source, cancellationToken), load.Format);
            if (await LoadColumns.ReadAsync(reader, load, tableColumns, cancellationToken) is not { } names)
            {
                continue;
            }

            columns ??= names;
            if (!columns.SequenceEqual(names))
            {
                throw new TaskFailedException($"The objects of one load into {load.Table} have different columns; load them one after the other.");
            }
        }

        return columns;
    }

    private async ValueTask<(IReadOnlyList<string> Columns, IReadOnlyList<string> PrimaryKey)> DescribeAsync(TableLoad load, CancellationToken cancellationToken)
    {
        var found = await _hook.QueryAsync(RedshiftSql.Describe(load.Schema, load.Table), null, int.MaxValue, cancellationToken);
        return found.Count == 0
            ? throw new TaskFailedException($"There is no table {Target(load)} in Redshift's database {connection.Schema}; create it first, or name its schema.")
            : (
                [.. found.Select(row => (string)row[0]!)],
                [.. found.Where(row => row[1] is not null).OrderBy(row => Convert.ToInt32(row[1])).Select(row => (string)row[0]!)]);
    }

    private async ValueTask<CopyCredentials> CredentialsAsync(AwsSettings settings) =>
        (connection.Extra.GetValueOrDefault("iam_role") ?? settings.RoleArn) is { } role
            ? CopyCredentials.Role(role)
            : CopyCredentials.Keys(await settings.CurrentAsync());

    private async ValueTask<long> ExecuteAsync(string sql, TableLoad load, CancellationToken cancellationToken)
    {
        load.Log?.Invoke(sql);
        return await _hook.ExecuteAsync(sql, null, cancellationToken);
    }

    private async ValueTask<long> CountAsync(string sql, CancellationToken cancellationToken) =>
        Convert.ToInt64((await _hook.QueryAsync(sql, null, 1, cancellationToken))[0][0]);

    private async ValueTask RollBackAsync(TableLoad load)
    {
        try
        {
            await ExecuteAsync("ROLLBACK", load, CancellationToken.None);
        }
        catch (SqlHookException)
        {
            // The session is gone, and with it the transaction.
        }
    }

    private static string Target(TableLoad load) => SqlNames.Quote(load.Schema, load.Table, PostgresHook.Redshift);
}
