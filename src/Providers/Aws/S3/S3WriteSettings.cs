using Amazon.S3;
using Amazon.S3.Model;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>Storage class, encryption and tags, as S3's requests take them.</summary>
internal static class S3WriteSettings
{
    /// <summary>Metadata of the object that tells who wrote it: an ETag would not, of two who write the same.</summary>
    internal const string WriteId = "x-amz-meta-sluice-write";

    /// <summary>Metadata of the object that tells whose it is, beyond the one write.</summary>
    internal const string Writer = "x-amz-meta-sluice-writer";

    // S3, "Categorizing your storage using tags".
    private const int MostTags = 10;

    private static readonly string[] Encryptions = ["AES256", "aws:kms", "aws:kms:dsse"];

    private static readonly string[] Classes =
        ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE"];

    /// <exception cref="TaskFailedException">An option is one that S3 does not know.</exception>
    internal static void Check(Uri uri, ObjectWriteOptions options)
    {
        if (options.StorageClass is { } storage && !Classes.Contains(storage))
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)}: there is no storage class '{storage}'; use one of {string.Join(", ", Classes)}.");
        }

        if (options.Encryption is { } encryption && !Encryptions.Contains(encryption))
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)}: there is no encryption '{encryption}'; use one of {string.Join(", ", Encryptions)}.");
        }

        if (options.KmsKeyId is not null && options.Encryption is null or "AES256")
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)}: a KMS key needs the encryption aws:kms.");
        }

        if (options.Tags.Count > MostTags)
        {
            throw new TaskFailedException($"{ObjectUri.Text(uri)}: {options.Tags.Count} tags are more than S3's {MostTags}.");
        }
    }

    internal static PutObjectRequest Put(Uri uri, ObjectWriteOptions options, string writeId)
    {
        var request = new PutObjectRequest { BucketName = uri.Host, Key = ObjectUri.Key(uri), TagSet = Tags(options) };
        Tell(request.Metadata, options, writeId);
        if (options.StorageClass is { } storage)
        {
            request.StorageClass = new(storage);
        }

        if (options.Encryption is { } encryption)
        {
            request.ServerSideEncryptionMethod = new(encryption);
            request.ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKeyId;
        }

        return request;
    }

    internal static InitiateMultipartUploadRequest Multipart(Uri uri, ObjectWriteOptions options, string writeId)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = uri.Host, Key = ObjectUri.Key(uri), TagSet = Tags(options) };
        Tell(request.Metadata, options, writeId);
        if (options.StorageClass is { } storage)
        {
            request.StorageClass = new(storage);
        }

        if (options.Encryption is { } encryption)
        {
            request.ServerSideEncryptionMethod = new(encryption);
            request.ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKeyId;
        }

        return request;
    }

    private static void Tell(MetadataCollection metadata, ObjectWriteOptions options, string writeId)
    {
        metadata[WriteId] = writeId;
        if (options.Writer is { } writer)
        {
            metadata[Writer] = writer.ToString();
        }
    }

    private static List<Tag>? Tags(ObjectWriteOptions options) =>
        options.Tags.Count == 0 ? null : [.. options.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];
}
