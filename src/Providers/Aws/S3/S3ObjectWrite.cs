using Amazon.S3;
using Amazon.S3.Model;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>An object on its way: one PUT when it is small, else a multipart upload whose parts go in parallel.</summary>
internal sealed class S3ObjectWrite : IObjectWrite
{
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(30);

    private readonly S3ObjectStore _store;
    private readonly AmazonS3Client _client;
    private readonly Uri _uri;
    private readonly string _key;
    private readonly ObjectWriteOptions _options;
    private readonly string? _before;
    private readonly string _writeId = Guid.NewGuid().ToString("n");
    private readonly S3PartBuffers _buffers;
    private readonly List<(Task Upload, int Bytes)> _onTheirWay = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task<PartETag>> _parts = [];
    private string? _uploadId;
    private bool _committed;
    private bool _shares;
    private bool _disposed;

    /// <param name="store">Asked what is there.</param>
    /// <param name="client">Asked to write.</param>
    /// <param name="uri">The object.</param>
    /// <param name="options">How to write it.</param>
    /// <param name="buffers">For the parts.</param>
    /// <param name="before">Version of what was there when the writing began; null for nothing. What is there at the end must be the same.</param>
    internal S3ObjectWrite(S3ObjectStore store, AmazonS3Client client, Uri uri, ObjectWriteOptions options, S3PartBuffers buffers, string? before)
    {
        (_store, _client, _uri, _options, _buffers, _before) = (store, client, uri, options, buffers, before);
        _key = ObjectUri.Key(uri);
        PartStream = new(UploadAsync, buffers);
    }

    public Stream Body => PartStream;

    public ObjectWriter? TakesOverFrom { get; init; }

    private PartStream PartStream { get; }

    public async ValueTask<StoredObject> CommitAsync(CancellationToken cancellationToken)
    {
        var size = PartStream.Length;
        if (_uploadId is null)
        {
            await PutConditionallyAsync(PutAsync, cancellationToken);
        }
        else
        {
            if (PartStream.Rest.Length > 0)
            {
                await UploadAsync(PartStream.TakeRest(), cancellationToken);
            }

            var parts = await Task.WhenAll(_parts);
            await PutConditionallyAsync(
                (isConditional, token) => _client.CompleteMultipartUploadAsync(
                    new()
                    {
                        BucketName = _uri.Host,
                        Key = _key,
                        UploadId = _uploadId,
                        PartETags = [.. parts],
                        IfNoneMatch = isConditional && _before is null ? "*" : null,
                        IfMatch = isConditional ? _before : null,
                    },
                    token),
                cancellationToken);
        }

        _committed = true;

        // Asking S3 for its own time could fail, and then an object that is there would count as failed.
        return new(_uri, size, TimeProvider.System.GetUtcNow());
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();

        // A part that arrives after the abort would stay, and cost, for ever.
        await ((Task)Task.WhenAll(_parts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (_uploadId is not null && !_committed)
            {
                using var timeout = new CancellationTokenSource(AbortTimeout);
                await _client.AbortMultipartUploadAsync(_uri.Host, _key, _uploadId, timeout.Token);
            }
        }
        catch (Exception e) when (S3Errors.IsOfSdk(e) || e is HttpRequestException or HttpIOException or OperationCanceledException)
        {
            // What made the write fail is what the user must see; a rule of the bucket cleans up what S3 could not be told.
        }
        finally
        {
            await PartStream.DisposeAsync();
            _stop.Dispose();
            if (_shares)
            {
                _buffers.Leave();
            }
        }
    }

    // Takes over the part. Waits while as many as may are on their way: a writer that is ahead of them fills no memory.
    private async ValueTask UploadAsync(S3Part part, CancellationToken cancellationToken)
    {
        try
        {
            if (_parts.Find(p => p.IsFaulted) is { } failed)
            {
                await failed;
            }

            if (_parts.Count == S3PartPlan.MostParts)
            {
                throw new TaskFailedException(
                    $"{ObjectUri.Text(_uri)} has more than the {S3PartPlan.MostParts} parts that S3 takes, of the sizes that memory has room for; write several smaller objects, such as by max_rows_per_file.");
            }

            if (!_shares)
            {
                _shares = true;
                _buffers.Join();
            }

            _uploadId ??= await _store.TryAsync(
                _uri, async () => (await _client.InitiateMultipartUploadAsync(S3WriteSettings.Multipart(_uri, _options, _writeId), cancellationToken)).UploadId);
            await WaitForRoomAsync(part, cancellationToken);
        }
        catch
        {
            part.Dispose();
            throw;
        }

        var bytes = part.Length; // an upload that ends at once has let go of it
        _parts.Add(UploadPartAsync(part, _parts.Count + 1));
        _onTheirWay.Add((_parts[^1], bytes));

        // The next one fills already.
        PartStream.NextSize = S3PartPlan.SizeOf(_parts.Count + 2, _buffers.Writers);
    }

    private async ValueTask WaitForRoomAsync(S3Part part, CancellationToken cancellationToken)
    {
        while (true)
        {
            _onTheirWay.RemoveAll(one => one.Upload.IsCompleted);
            if (S3PartPlan.MayGo(_onTheirWay.Count, _onTheirWay.Sum(one => (long)one.Bytes) + part.Length + PartStream.Rest.Size, _buffers.Writers))
            {
                return;
            }

            await Task.WhenAny(_onTheirWay.Select(one => one.Upload)).WaitAsync(cancellationToken);
        }
    }

    private async Task<PartETag> UploadPartAsync(S3Part part, int number)
    {
        try
        {
            using var bytes = part.AsStream();
            var request = new UploadPartRequest
            {
                BucketName = _uri.Host,
                Key = _key,
                UploadId = _uploadId,
                PartNumber = number,
                PartSize = part.Length,
                InputStream = bytes,
                UseChunkEncoding = false,
                MD5Digest = part.Md5(),
            };
            return await _store.TryAsync(_uri, async () => new PartETag(number, (await _client.UploadPartAsync(request, _stop.Token)).ETag));
        }
        finally
        {
            part.Dispose();
        }
    }

    private async Task PutAsync(bool isConditional, CancellationToken cancellationToken)
    {
        using var bytes = PartStream.Rest.AsStream();
        var request = S3WriteSettings.Put(_uri, _options, _writeId);
        request.InputStream = bytes;
        request.AutoCloseStream = false;
        request.UseChunkEncoding = false;
        request.MD5Digest = PartStream.Rest.Md5();
        request.IfNoneMatch = isConditional && _before is null ? "*" : null;
        request.IfMatch = isConditional ? _before : null;
        await _client.PutObjectAsync(request, cancellationToken);
    }

    private async ValueTask PutConditionallyAsync(Func<bool, CancellationToken, Task> put, CancellationToken cancellationToken) =>
        await _store.TryAsync(
            _uri,
            async () =>
            {
                await CheckAsync(cancellationToken);
                try
                {
                    await PutAsync(put, cancellationToken);
                }
                catch (Exception e) when (S3Errors.IsOfSdk(e) || e is HttpRequestException or HttpIOException)
                {
                    if (await IsOursAsync(cancellationToken))
                    {
                        return true;
                    }

                    if (e is AmazonS3Exception refused && (S3Errors.IsConflict(refused) || (_before is not null && S3Errors.IsMissing(refused))))
                    {
                        throw _options.Replace ? new ObjectChangedException(_uri) : new ObjectExistsException(_uri);
                    }

                    throw;
                }

                return true;
            });

    private static async ValueTask PutAsync(Func<bool, CancellationToken, Task> put, CancellationToken cancellationToken)
    {
        try
        {
            await put(true, cancellationToken);
        }
        catch (AmazonS3Exception e) when (S3Errors.IsUnsupported(e))
        {
            await put(false, cancellationToken);
        }
    }

    // Where the store's answer was lost, the SDK's next try meets what the one before it wrote, or an upload that is complete and so gone.
    private async ValueTask<bool> IsOursAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _client.GetObjectMetadataAsync(_uri.Host, _key, cancellationToken)).Metadata[S3WriteSettings.WriteId] == _writeId;
        }
        catch (Exception e) when (S3Errors.IsOfSdk(e) || e is HttpRequestException or HttpIOException)
        {
            return false; // nothing is there, or nobody can tell: what made the write fail is what the user must see
        }
    }

    // For look-alikes that pass over the condition.
    private async ValueTask CheckAsync(CancellationToken cancellationToken)
    {
        if ((await _store.HeadAsync(_uri, cancellationToken))?.Version != _before)
        {
            throw _options.Replace ? new ObjectChangedException(_uri) : new ObjectExistsException(_uri);
        }
    }
}
