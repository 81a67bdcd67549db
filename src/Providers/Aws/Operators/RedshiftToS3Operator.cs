using Sluice.Authoring.Operators;
using Sluice.Providers.Aws.Redshift;
using Sluice.Providers.Aws.S3;

namespace Sluice.Providers.Aws.Operators;

/// <summary>Writes the rows of a query or a table of Redshift into S3 as CSV by its UNLOAD: the cluster's slices write side by side, and no row passes the worker.</summary>
/// <remarks>
/// Each attempt writes below a name of its own, and <c>key.manifest</c> publishes what it wrote: an attempt that was held up cannot overwrite what a
/// later one wrote. Returns <see cref="SqlToS3Result"/> as <c>{"uri", "rows", "bytes"}</c>; evidence is the XCom <c>evidence</c>.
/// </remarks>
public sealed class RedshiftToS3Operator : ExtractOperator
{
    /// <summary>The cluster: a connection of type redshift. Its <c>iam_role</c>, else the role or the keys of the S3 connection, are those with which it writes.</summary>
    [Templated]
    public string RedshiftConnectionId { get; set; } = "";

    /// <summary>Text for NULL, which Redshift writes as it is. Default: <c>\N</c>; with nothing, empty strings become NULL.</summary>
    public override string NullMarker { get; set; } = "\\N";

    /// <summary>Further options of UNLOAD: <c>PARALLEL OFF</c>, <c>MAXFILESIZE 100 MB</c>, <c>ENCRYPTED</c>, <c>KMS_KEY_ID '...'</c>.</summary>
    [Templated]
    public IReadOnlyList<string> UnloadOptions { get; set; } = [];

    /// <inheritdoc/>
    public override async ValueTask<object?> ExecuteAsync(TaskContext context, CancellationToken cancellationToken)
    {
        var uri = Address();
        var source = await SourceAsync(context, RedshiftConnectionId, cancellationToken);
        if (source.Type != "redshift")
        {
            throw new TaskFailedException($"RedshiftToS3Operator reads from Redshift; connection '{source.Id}' is of type {source.Type}. SqlToS3Operator reads from it.");
        }

        await using var store = await context.ObjectStoreAsync(uri, AwsConnectionId, cancellationToken);
        var settings = AwsSettings.Of(string.IsNullOrEmpty(AwsConnectionId) ? null : await context.ConnectionAsync(AwsConnectionId, cancellationToken));
        var (credentials, region) = await CopyCredentials.OfAsync(source, settings);
        await using var hook = context.Providers.OpenSql(source);
        var wrote = await new RedshiftUnload(hook, Request(context, uri, store, source), UnloadOptions, credentials, region).RunAsync(cancellationToken);
        Tell(context, wrote);
        return Return(context, wrote);
    }
}
