using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Sluice.Services.Redshift.Copying;

/// <summary>S3 as Redshift sees it: with the role or the keys of a statement, in a region.</summary>
internal sealed class S3Fetcher : IDisposable
{
    private readonly RedshiftSettings _settings;
    private readonly string _region;
    private readonly RedshiftRole? _role;
    private readonly int _query;
    private readonly bool _signsWrongly; // the S3 server of the tests reads no signatures
    private readonly AmazonS3Client _client;

    /// <exception cref="RedshiftException">The cluster may not take on the role.</exception>
    public S3Fetcher(S3Server s3, RedshiftSettings settings, CopyAuthorization authorization, string? region, string user, int query)
    {
        _settings = settings;
        _region = region ?? settings.Region;
        _query = query;
        AWSCredentials credentials;
        if (authorization is CopyAuthorization.Keys keys)
        {
            _signsWrongly = keys.AccessKey == s3.AccessKey && keys.SecretKey != s3.SecretKey;
            credentials = keys.Token is null
                ? new BasicAWSCredentials(keys.AccessKey, keys.SecretKey)
                : new SessionAWSCredentials(keys.AccessKey, keys.SecretKey, keys.Token);
        }
        else
        {
            _role = Assume(settings, authorization, user);
            credentials = new BasicAWSCredentials(s3.AccessKey, s3.SecretKey);
        }

        _client = new(credentials, new AmazonS3Config
        {
            ServiceURL = (settings.S3Endpoint ?? s3.Endpoint).ToString(),
            ForcePathStyle = true,
            AuthenticationRegion = s3.Region,
            MaxErrorRetry = 2,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
    }

    public void Dispose() => _client.Dispose();

    /// <summary>The objects of a COPY, each with an address that is there.</summary>
    /// <exception cref="RedshiftException">There are none, or one that the manifest demands is missing.</exception>
    public async Task<IReadOnlyList<S3Address>> FindAsync(CopyStatement copy, CancellationToken cancellationToken)
    {
        var found = copy.Manifest
            ? await FindListedAsync(copy.From, cancellationToken)
            : await ListAsync(copy.From, cancellationToken);
        return found.Count > 0 ? found : throw Problem($"The specified S3 prefix '{copy.From.Key}' does not exist", copy.From);
    }

    public async Task<Stream> OpenAsync(S3Address address, CancellationToken cancellationToken) =>
        (await AskAsync(address, () => _client.GetObjectAsync(address.Bucket, address.Key, cancellationToken))).ResponseStream;

    public Task WriteAsync(S3Address address, byte[] content, CancellationToken cancellationToken) => AskAsync(
        address,
        () => _client.PutObjectAsync(
            new() { BucketName = address.Bucket, Key = address.Key, InputStream = new MemoryStream(content), UseChunkEncoding = false }, cancellationToken));

    /// <summary>All objects whose keys begin so, but for those that Redshift takes for hidden.</summary>
    public async Task<IReadOnlyList<S3Address>> ListAsync(S3Address prefix, CancellationToken cancellationToken)
    {
        var found = new List<S3Address>();
        string? after = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = prefix.Bucket, Prefix = prefix.Key, ContinuationToken = after };
            var page = await AskAsync(prefix, () => _client.ListObjectsV2Async(request, cancellationToken), "Listing bucket");
            found.AddRange((page.S3Objects ?? []).Where(one => !IsHidden(one.Key)).Select(one => new S3Address(prefix.Bucket, one.Key)));
            after = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (after is not null);

        return found;
    }

    private async Task<IReadOnlyList<S3Address>> FindListedAsync(S3Address manifest, CancellationToken cancellationToken)
    {
        var found = new List<S3Address>();
        foreach (var (address, mandatory) in await ReadManifestAsync(manifest, cancellationToken))
        {
            try
            {
                await AskAsync(address, () => _client.GetObjectMetadataAsync(address.Bucket, address.Key, cancellationToken));
                found.Add(address);
            }
            catch (RedshiftException e) when (e.Message.Contains("Status 404", StringComparison.Ordinal))
            {
                if (mandatory)
                {
                    throw Problem($"S3ServiceException:The mandatory file {address} of the manifest does not exist,Status 404,Error NoSuchKey", manifest);
                }
            }
        }

        return found;
    }

    private async Task<List<(S3Address, bool)>> ReadManifestAsync(S3Address manifest, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await OpenAsync(manifest, cancellationToken);
            using var json = await JsonDocument.ParseAsync(body, default, cancellationToken);
            return
            [
                .. json.RootElement.GetProperty("entries").EnumerateArray().Select(entry => (
                    S3Address.Parse(entry.GetProperty("url").GetString()!),
                    entry.TryGetProperty("mandatory", out var mandatory) && mandatory.GetBoolean())),
            ];
        }
        catch (RedshiftException e)
        {
            throw Problem($"Problem reading manifest file - {e.Message}", manifest);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Problem($"Problem reading manifest file - {manifest} is no manifest", manifest);
        }
    }

    private static bool IsHidden(string key) => key[(key.LastIndexOf('/') + 1)..] is "" or ['.' or '_' or '#', ..] or [.., '~'];

    private static RedshiftRole Assume(RedshiftSettings settings, CopyAuthorization authorization, string user)
    {
        var chain = authorization is CopyAuthorization.Roles roles ? roles.Chain
            : settings.DefaultRole is { } single ? [single]
            : throw new RedshiftException("The default IAM role isn't set on the cluster. Set a default IAM role and try again.");
        RedshiftRole? last = null;
        foreach (var arn in chain)
        {
            // A blank between two roles is one of the name that nobody has.
            var role = settings.Roles.GetValueOrDefault(arn);
            if (role is null || !(last?.MayAssume.Contains(arn) ?? role.IsAttached))
            {
                throw new RedshiftException(
                    $"User arn:aws:redshift:{settings.Region}:123456789012:dbuser:sluice/{user} is not authorized to assume IAM Role {string.Join(',', chain)}",
                    detail: "code:      8001");
            }

            last = role;
        }

        return last!;
    }

    private async Task<T> AskAsync<T>(S3Address address, Func<Task<T>> ask, string context = "S3 key being read")
    {
        if (_settings.BucketRegions.GetValueOrDefault(address.Bucket, _settings.Region) is var region && region != _region)
        {
            throw Problem(
                "S3ServiceException:The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this "
                + $"endpoint.,Status 301,Error PermanentRedirect,Rid 0,ExtRid 0,CanRetry 1",
                address,
                context);
        }

        if (_signsWrongly)
        {
            throw Problem(
                "S3ServiceException:The request signature we calculated does not match the signature you provided. Check your key and signing method.,Status 403,"
                + "Error SignatureDoesNotMatch,Rid 0,ExtRid 0,CanRetry 1",
                address,
                context);
        }

        if (_role is { Buckets: { } buckets } && !buckets.Contains(address.Bucket))
        {
            throw Problem("S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 0,ExtRid 0,CanRetry 1", address, context);
        }

        try
        {
            return await ask();
        }
        catch (AmazonS3Exception e)
        {
            throw Problem($"S3ServiceException:{e.Message},Status {(int)e.StatusCode},Error {e.ErrorCode},Rid {e.RequestId},ExtRid {e.AmazonId2},CanRetry 1", address, context);
        }
        catch (Exception e) when (e is HttpRequestException or AmazonClientException)
        {
            throw Problem($"S3CurlException: {e.Message}, CurlError 7", address, context);
        }
    }

    private RedshiftException Problem(string message, S3Address address, string context = "S3 key being read") =>
        RedshiftException.Internal(message, 8001, $"{context}={address.Bucket} prefix={address.Key}", _query);
}
