using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.S3;

/// <summary>The SDK's exceptions as sentences.</summary>
internal static class S3Errors
{
    internal static bool IsMissing(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode is not ("NoSuchBucket" or "NoSuchUpload");

    /// <summary>The store does not know conditional requests.</summary>
    internal static bool IsUnsupported(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.NotImplemented || e.ErrorCode == "NotImplemented";

    /// <summary>Someone else wrote the object first.</summary>
    internal static bool IsConflict(AmazonS3Exception e) =>
        e.StatusCode == HttpStatusCode.PreconditionFailed || (e.StatusCode == HttpStatusCode.Conflict && e.ErrorCode == "ConditionalRequestConflict");

    internal static bool IsOfSdk(Exception e) => e is AmazonServiceException or AmazonClientException;

    internal static Exception Describe(Exception e, Uri uri, AwsSettings settings) => e switch
    {
        AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new TaskFailedException(
            $"The bucket '{uri.Host}' does not exist at {settings.Endpoint ?? "AWS"}; create it or correct its name.", e),
        AmazonS3Exception { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" } refused => new TaskErrorException(
            $"{settings.Endpoint ?? "AWS"} refused the credentials of {Who(settings)}: {refused.ErrorCode}.", e),
        AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } => new TaskErrorException(
            $"{Who(settings)} may not access {ObjectUri.Text(uri)}: access denied.", e),
        AmazonS3Exception answered => new TaskErrorException($"S3 failed on {ObjectUri.Text(uri)}: {answered.ErrorCode} {answered.Message}", e),
        _ => new TaskErrorException($"S3 could not be asked about {ObjectUri.Text(uri)} with {Who(settings)}: {Reason(e)}", e),
    };

    internal static TaskErrorException Unreachable(Exception e, Uri uri, AwsSettings settings) =>
        new($"{settings.Endpoint ?? "S3"} cannot be reached for {ObjectUri.Text(uri)}: {e.Message}", e);

    internal static string Who(AwsSettings settings) => settings.Id is null ? "the default AWS credentials" : $"connection '{settings.Id}'";

    private static string Reason(Exception e) => e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message;
}
