using Sluice.Authoring.Hooks;
using Sluice.Authoring.Operators;

namespace Sluice.Providers.Aws.Operators;

/// <summary>An object named by bucket and key, or by one URI.</summary>
internal static class ObjectAddress
{
    /// <exception cref="TaskFailedException">Both ways or neither was used, or it is no address.</exception>
    internal static Uri Resolve(string? bucket, string? key, string? uri)
    {
        var byUri = !string.IsNullOrEmpty(uri);
        var byKey = !string.IsNullOrEmpty(key);
        if (byUri == (byKey || !string.IsNullOrEmpty(bucket)))
        {
            throw new TaskFailedException("Name the object either by Uri, or by S3Bucket and S3Key.");
        }

        if (byUri)
        {
            return ObjectUri.Parse(uri!);
        }

        if (byKey && key!.Contains("://", StringComparison.Ordinal) && string.IsNullOrEmpty(bucket))
        {
            return ObjectUri.Parse(key);
        }

        return byKey && !string.IsNullOrEmpty(bucket)
            ? ObjectUri.Create("s3", bucket, key!)
            : throw new TaskFailedException("An object in S3 needs both S3Bucket and S3Key.");
    }

    /// <exception cref="TaskFailedException">The delimiter is not one character.</exception>
    internal static CsvFormat Format(string delimiter, bool header, bool? gzip, string nullMarker, Uri uri) => new()
    {
        Delimiter = delimiter switch
        {
            "\\t" => '\t',
            [var one] => one,
            _ => throw new TaskFailedException($"The delimiter '{delimiter}' must be one character."),
        },
        Header = header,
        Gzip = gzip ?? ObjectUri.Key(uri).EndsWith(".gz", StringComparison.OrdinalIgnoreCase),
        NullMarker = nullMarker,
    };
}
