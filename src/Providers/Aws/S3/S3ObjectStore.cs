using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Sluice.Core.Connections;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>Objects in S3, or in a look-alike: <c>s3://bucket/key</c>.</summary>
public sealed class S3ObjectStore : IObjectStore
{
    private readonly AmazonS3Client _client;
    private readonly AwsSettings _settings;
    private readonly S3PartBuffers _buffers = new();

    /// <summary>Makes a store; nothing is asked yet.</summary>
    /// <param name="connection">
    /// <c>s3://key:secret@/?region=…</c>: access key as login, secret as password; extras endpoint_url, region, session_token, profile, role_arn, external_id, sts_endpoint_url.
    /// Null, or one without key: the SDK's own chain (environment, profile, role of the machine).
    /// </param>
    /// <exception cref="TaskFailedException">The connection contradicts itself, or no region is known.</exception>
    public S3ObjectStore(Connection? connection)
    {
        _settings = AwsSettings.Of(connection);
        var config = _settings.Configure(new AmazonS3Config
        {
            // Look-alikes know neither the new checksums nor their trailers; over TLS the transport guards the bytes.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        if (_settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint;
            config.ForcePathStyle = true;
            config.AuthenticationRegion = _settings.Region ?? "us-east-1";
        }

        try
        {
            _client = _settings.Credentials() is { } credentials ? new(credentials, config) : new(config);
        }
        catch (AmazonClientException e)
        {
            throw new TaskFailedException($"S3 cannot be used with {S3Errors.Who(_settings)}: {e.Message} Set region in the connection, or AWS_REGION.", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredObject?> HeadAsync(Uri uri, CancellationToken cancellationToken) =>
        TryAsync(
            uri,
            async () =>
            {
                try
                {
                    var head = await _client.GetObjectMetadataAsync(uri.Host, ObjectUri.Key(uri), cancellationToken);
                    return new StoredObject(uri, head.ContentLength, ToUtc(head.LastModified))
                    {
                        Version = head.ETag,
                        Writer = ObjectWriter.TryParse(head.Metadata[S3WriteSettings.Writer]),
                    };
                }
                catch (AmazonS3Exception e) when (S3Errors.IsMissing(e))
                {
                    return null;
                }
            });

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(Uri prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = prefix.Host, Prefix = ObjectUri.Key(prefix), ContinuationToken = next };
            var page = await TryAsync(prefix, async () => await _client.ListObjectsV2Async(request, cancellationToken));
            foreach (var one in page.S3Objects ?? [])
            {
                yield return new(ObjectUri.Create("s3", prefix.Host, one.Key), one.Size ?? 0, ToUtc(one.LastModified)) { Version = one.ETag };
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(Uri uri, CancellationToken cancellationToken) =>
        TryAsync<Stream>(
            uri,
            async () =>
            {
                try
                {
                    return new ReadStream((await _client.GetObjectAsync(uri.Host, ObjectUri.Key(uri), cancellationToken)).ResponseStream, uri);
                }
                catch (AmazonS3Exception e) when (S3Errors.IsMissing(e))
                {
                    throw new FileNotFoundException($"There is no object {ObjectUri.Text(uri)}.", e);
                }
            });

    /// <inheritdoc/>
    public async ValueTask<IObjectWrite> OpenWriteAsync(Uri uri, ObjectWriteOptions options, CancellationToken cancellationToken)
    {
        S3WriteSettings.Check(uri, options);

        // Early, before the rows are read; the commit asks again.
        var before = await HeadAsync(uri, cancellationToken);
        var takesOver = before is not null && !options.Replace;
        return takesOver && options.Writer?.Owns(before!.Writer) != true
            ? throw new ObjectExistsException(uri)
            : new S3ObjectWrite(this, _client, uri, takesOver ? options with { Replace = true } : options, _buffers, before?.Version) { TakesOverFrom = takesOver ? before!.Writer : null };
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(Uri uri, CancellationToken cancellationToken) =>
        await TryAsync(uri, async () => await _client.DeleteObjectAsync(uri.Host, ObjectUri.Key(uri), cancellationToken));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks the store, with its errors as sentences.</summary>
    internal async ValueTask<T> TryAsync<T>(Uri uri, Func<ValueTask<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (S3Errors.IsOfSdk(e))
        {
            throw S3Errors.Describe(e, uri, _settings);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw S3Errors.Unreachable(e, uri, _settings);
        }
    }

    private static DateTimeOffset ToUtc(DateTime? time) => new((time ?? DateTime.UnixEpoch).ToUniversalTime(), TimeSpan.Zero);
}
