using System.Collections.Concurrent;

namespace Sluice.Services.S3Faults;

/// <summary>Rules of S3 that the server behind does not know: conditional writes, and uploads that end once.</summary>
/// <param name="folder">Where the server keeps its buckets.</param>
internal sealed class S3Rules(string folder)
{
    private readonly ConcurrentDictionary<string, string> _uploads = [];

    /// <summary>Keys whose uploads were begun and neither completed nor aborted: what ListMultipartUploads would list.</summary>
    public IReadOnlyList<string> Uploads => [.. _uploads.Values];

    /// <summary>What S3 would answer by itself; null when the server is to be asked.</summary>
    public (int Status, string Code)? Answer(S3Request request)
    {
        if (request.UploadId is { } upload && !_uploads.ContainsKey(upload))
        {
            return (404, "NoSuchUpload");
        }

        if (request.Operation is S3Operation.Put or S3Operation.CompleteUpload && IsRefused(request))
        {
            return (412, "PreconditionFailed");
        }

        if (request.Operation != S3Operation.AbortUpload)
        {
            return null;
        }

        _uploads.TryRemove(request.UploadId!, out var _);
        Directory.Delete(Path.Combine(folder, request.Bucket, "._S3rver_uploads", request.UploadId!), recursive: true);
        return (204, "");
    }

    /// <summary>Takes note of what the server has done.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="answer">A good answer, whole.</param>
    public void Note(S3Request request, string answer)
    {
        if (request.Operation == S3Operation.BeginUpload)
        {
            _uploads[answer.Split("<UploadId>")[1].Split('<')[0]] = request.Key;
        }
        else if (request.Operation == S3Operation.CompleteUpload)
        {
            _uploads.TryRemove(request.UploadId!, out var _);
        }
    }

    private bool IsRefused(S3Request request)
    {
        var digest = Path.Combine(folder, request.Bucket, request.Key + "._S3rver_object.md5");
        var there = File.Exists(digest) ? File.ReadAllText(digest) : null;
        return (request.Header("if-none-match") is not null && there is not null)
            || (request.Header("if-match") is { } expected && expected.Trim('"') != there);
    }
}
