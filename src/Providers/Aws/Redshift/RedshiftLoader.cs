using Npgsql;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Loading;
using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Aws.Redshift;

/// <summary>Loads objects of S3 into a Redshift table by its COPY.</summary>
/// <remarks>
/// Objects are copied into a table of the session; then one short transaction changes the target. APPEND without a ledger copies straight
/// into the target. Conflicts with other writers, and connections that break before the commit, are tried again a few times.
/// </remarks>
/// <param name="connection">
/// The cluster. Its extra <c>iam_role</c> is the role with which Redshift fetches (or <c>default</c>; several with commas between are a chain);
/// without it the role_arn or the keys of the S3 connection are used. Its extra <c>region</c> is the bucket's, when that is not the cluster's
/// and the S3 connection names none.
/// </param>
/// <param name="time">For waits between tries; null for the system's clock.</param>
public sealed class RedshiftLoader(Connection connection, TimeProvider? time = null) : ITableLoader
{
    private const int MostTries = 5;

    // Doubled with each try, and then anything between a half and one and a half of it: those that collided do not meet again.
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public async ValueTask<LoadResult> LoadAsync(TableLoad load, CancellationToken cancellationToken)
    {
        load = await load.WhenWholeAsync(cancellationToken); // one COPY of all files at once is its quickest
        if (load.Objects.FirstOrDefault(uri => uri.Scheme != "s3") is { } other)
        {
            throw new TaskFailedException($"Redshift loads from S3 only, and {ObjectUri.Text(other)} lies elsewhere.");
        }

        RedshiftSql.CheckOptions(load);
        var settings = AwsSettings.Of(load.StoreConnection);
        var wasOpen = false;
        for (var attempt = 1; ; attempt++)
        {
            // Keys of a role end; each try gets those of its time.
            var (credentials, region) = await CopyCredentials.OfAsync(connection, settings);
            await using var session = new RedshiftSession(connection, load.Log);
            try
            {
                return await new RedshiftLoad(session, load, credentials, region).RunAsync(cancellationToken);
            }
            catch (SqlHookException e) when (session.IsCommitting && IsUnknown(e) && load is { Method: LoadMethod.Append, Identity: null })
            {
                throw new TaskFailedException(
                    $"The connection broke while the rows for {load.Table} were being committed, so they may be in the table or not: count them, then clear this task or mark it. ({e.Message})", e);
            }
            catch (SqlHookException e) when ((wasOpen |= session.WasOpen) && attempt < MostTries && IsWorthAnotherTry(e, load))
            {
                await session.DisposeAsync();
                load.Log?.Invoke($"Try {attempt} of {MostTries} failed and left the table as it was: {e.Message}");
                await Task.Delay(FirstWait * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble()), time ?? TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // each try has a session of its own

    // Whom an administrator cancelled should not begin again.
    private static bool IsWorthAnotherTry(SqlHookException e, TableLoad load) => e.InnerException is PostgresException { SqlState: PostgresErrorCodes.DuplicateColumn }
        ? load.Drift == DriftPolicy.AddColumns // another load has added it since the table was looked at: the next try finds it there
        : e.IsTransient && e.InnerException is not PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    // A server that answers COMMIT with an error has not committed; one that says nothing, or that it ends, may have.
    private static bool IsUnknown(SqlHookException e) => e.InnerException is not PostgresException { InvariantSeverity: "ERROR" };
}
